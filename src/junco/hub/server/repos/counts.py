"""Downloads and likes: counted once for each caller and day, and weighed so that the newer count more."""

from __future__ import annotations

import hashlib
import hmac
import math

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from junco.hub.server.access import Actor
from junco.hub.server.clock import DAY, now, today
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.use import Day, Downloader, Like

HALF_LIFE_S = 7 * DAY
"""After which a like or a download weighs half."""
BEGIN = 1_767_225_600
"""2026-01-01: weights double with each half-life from here on, so that sums are in order without being made again."""
LIKE_WEIGHT = 4.0


def weight(at: int) -> float:
    """Of something that was asked for at a time: what is to be compared grows, so nothing ever has to shrink."""
    return math.exp2((at - BEGIN) / HALF_LIFE_S)


def trending(heat: float) -> float:
    """What a sum of weights is worth now: 1 is one download in this moment."""
    return round(heat / weight(now()), 6)


def count_download(hub: Hub, actor: Actor, repository_id: int) -> None:
    """Count a download, unless this caller has one of this repository today.

    A day's first download weighs 1, the next half a doubling less: a crowd from one place moves a trend little.
    """
    client = _client(hub, actor)
    with hub.database.reading() as session:
        if session.get(Downloader, (today(), repository_id, client)) is not None:
            return
    with hub.database.writing() as session:
        if not insert_new(session, Downloader, {"day": today(), "repository_id": repository_id, "client": client}):
            return
        day = _day(session, repository_id)
        day.downloads += 1
        gain = math.log2(1 + day.downloads) - math.log2(day.downloads)
        _add(session, repository_id, downloads=1, heat=gain * weight(now()))


def set_like(session: Session, user_id: int, repository_id: int, *, liked: bool) -> bool:
    """Whether this changed something."""
    day = _day(session, repository_id)
    if liked:
        if not insert_new(session, Like, {"user_id": user_id, "repository_id": repository_id, "at": now()}):
            return False
        day.likes += 1
        _add(session, repository_id, likes=1, heat=LIKE_WEIGHT * weight(now()))
        return True
    like = session.get(Like, (user_id, repository_id))
    if like is None:
        return False
    session.execute(delete(Like).where(Like.user_id == user_id, Like.repository_id == repository_id))
    day.likes -= 1
    _add(session, repository_id, likes=-1, heat=-LIKE_WEIGHT * weight(like.at))
    return True


def forget_the_future(session: Session) -> None:
    """Days that have not been yet are of a clock that was wrong: what they weigh would lead all trends for ever."""
    wrong = set(session.scalars(select(Day.repository_id).where(Day.day > today())))
    session.execute(delete(Day).where(Day.day > today()))
    for repository_id in wrong:
        days = session.scalars(select(Day).where(Day.repository_id == repository_id)).all()
        heat = sum((math.log2(1 + day.downloads) + LIKE_WEIGHT * day.likes) * weight(day.day * DAY) for day in days)
        session.execute(update(Repository).where(Repository.id == repository_id).values(heat=heat))


def _add(session: Session, repository_id: int, *, downloads: int = 0, likes: int = 0, heat: float = 0.0) -> None:
    session.execute(
        update(Repository)
        .where(Repository.id == repository_id)
        .values(downloads=Repository.downloads + downloads, likes=Repository.likes + likes, heat=Repository.heat + heat)
    )


def _day(session: Session, repository_id: int) -> Day:
    insert_new(session, Day, {"repository_id": repository_id, "day": today(), "downloads": 0, "likes": 0})
    return session.get_one(Day, (repository_id, today()), with_for_update=True)


def _client(hub: Hub, actor: Actor) -> str:
    """Who it is, for a day: a user, or an address (a network of 64 bits, where there are as many as anybody wants)."""
    who = f"user {actor.user_id}" if actor.user_id is not None else _network(actor.address)
    return hmac.new(hub.secret, f"{today()} {who}".encode(), hashlib.sha256).hexdigest()[:32]


def _network(address: str) -> str:
    import ipaddress

    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{parsed.ipv4_mapped or parsed}/64" if not parsed.ipv4_mapped else
                                        f"{parsed.ipv4_mapped}/32", strict=False))  # fmt: skip
    return str(parsed)
