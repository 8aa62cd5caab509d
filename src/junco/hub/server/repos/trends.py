"""What rises: days of one repository, and families over days, weeks and months."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from junco.hub.server.clock import DAY, date, now, stamp, today
from junco.hub.server.repos.counts import LIKE_WEIGHT
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace
from junco.hub.server.tables.use import Day

PERIODS = {"day": (1, 14), "week": (7, 12), "month": (30, 12)}
"""Days of a period, and how many of them are looked back on."""
_SLOWER = 4
"""How many times as long the usual is looked for as the present, which rises above it or does not."""
_MOST_NEW = 5
_QUICK_S, _SHARE = 0.05, 50
"""What is counted within this time is counted each time; else it holds for so many times as long as it took."""
_kept: WeakKeyDictionary[Any, dict[tuple[int, int], tuple[float, list[dict[str, Any]]]]] = WeakKeyDictionary()
_counting = threading.Lock()


def days_of(session: Session, repository_id: int, days: int) -> list[dict[str, Any]]:
    """The last days, the oldest first, each of them."""
    first = today() - days + 1
    asked = select(Day).where(Day.repository_id == repository_id, Day.day.between(first, today()))
    found = {row.day: row for row in session.scalars(asked)}
    return [
        {
            "day": date(day),
            "downloads": found[day].downloads if day in found else 0,
            "likes": found[day].likes if day in found else 0,
        }
        for day in range(first, today() + 1)
    ]


def rising_families(session: Session, days: int, limit: int = 50, *, period_days: int = 7) -> list[dict[str, Any]]:
    """Families by what public repositories of theirs were asked for, those that rise most first.

    What takes a while to count is remembered for a while: it counts public repositories alone, the same for all.

    Args:
        session: that reads.
        days: how far is looked back.
        limit: how many at most.
        period_days: what "now" is; the usual is sought over several times as long.
    """
    kept = _kept.setdefault(session.get_bind(), {})
    there = kept.get((days, period_days))
    if there is not None and (time.monotonic() < there[0] or _counting.locked()):
        return there[1][:limit]
    with _counting:
        began = time.monotonic()
        rows = _rising(session, days, period_days)
        took = time.monotonic() - began
        kept.pop((days, period_days), None)
        if took > _QUICK_S:
            kept[days, period_days] = (time.monotonic() + _SHARE * took, rows)
    return rows[:limit]


def _rising(session: Session, days: int, period_days: int) -> list[dict[str, Any]]:
    asked = select(Repository.family, func.count()).where(*_SEEN).group_by(Repository.family)
    members = {str(family): count for family, count in session.execute(asked)}
    counted, new = _counted(session, days), _new(session, period_days)
    rows = [_family(name, counted.get(name, {}), days, period_days) for name in members]
    for row in rows:
        row |= {"members": members[row["family"]], **_NOBODY_NEW, **new.get(row["family"], {})}
    return sorted(rows, key=lambda row: (-row["rise"], -row["score"], row["family"]))


_NOBODY_NEW: Mapping[str, Any] = {"new": 0, "new_members": []}


def _family(name: str, counted: Mapping[int, tuple[int, int]], days: int, period_days: int) -> dict[str, Any]:
    """A family's days, and how much more it is asked for now than it usually is."""
    each = [counted.get(day, (0, 0)) for day in range(today() - days + 1, today() + 1)]
    # a day's first download weighs most, as in `counts`: a crowd on one day moves a trend little
    weights = [math.log2(1 + max(0, downloads)) + LIKE_WEIGHT * likes for downloads, likes in each]
    present, usual = _average(weights, period_days), _average(weights, _SLOWER * period_days)
    return {
        "family": name,
        "score": round(present, 6),
        "rise": round(present - usual, 6),
        "downloads": sum(downloads for downloads, _ in each),
        "likes": sum(likes for _, likes in each),
        "days": [downloads for downloads, _ in each],
    }


def _average(weights: Sequence[float], half_life: float) -> float:
    """Of the days, of which one that is ``half_life`` older counts half."""
    share = 1 - math.exp2(-1 / half_life)
    return share * sum(each * math.exp2(-age / half_life) for age, each in enumerate(reversed(weights)))


def in_periods(days: Sequence[int], period_days: int) -> list[int]:
    """Sums of days, a period each, the newest of which is whole."""
    first = len(days) % period_days
    return [sum(days[at : at + period_days]) for at in range(first, len(days), period_days)]


_SEEN = (Repository.private.is_(False), Repository.deleted.is_(None), Repository.family.is_not(None))


def _counted(session: Session, days: int) -> dict[str, dict[int, tuple[int, int]]]:
    """Downloads and likes by family and day."""
    asked = (
        select(Repository.family, Day.day, func.sum(Day.downloads), func.sum(Day.likes))
        .join(Day, Day.repository_id == Repository.id)
        .where(*_SEEN, Day.day.between(today() - days + 1, today()))
        .group_by(Repository.family, Day.day)
    )
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for family, day, downloads, likes in session.execute(asked):
        found.setdefault(str(family), {})[day] = (int(downloads), int(likes))
    return found


def _new(session: Session, days: int) -> dict[str, dict[str, Any]]:
    """Members that are new, by family: how many, and the newest by their names."""
    since = (*_SEEN, Repository.created >= now() - days * DAY)
    counts = session.execute(select(Repository.family, func.count()).where(*since).group_by(Repository.family))
    found: dict[str, dict[str, Any]] = {str(name): {"new": count, "new_members": []} for name, count in counts}
    place = func.row_number().over(partition_by=Repository.family, order_by=Repository.id.desc()).label("place")
    asked = select(Repository.family, Repository.name, Namespace.name.label("owner"), Repository.created, place)
    ranked = asked.join(Namespace, Namespace.id == Repository.namespace_id).where(*since).subquery()
    rows = session.execute(select(ranked).where(ranked.c.place <= _MOST_NEW).order_by(ranked.c.place))
    for family, name, owner, created, _ in rows:
        found[str(family)]["new_members"].append({"name": f"{owner}/{name}", "created": stamp(created)})
    return found
