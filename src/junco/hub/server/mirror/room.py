"""How much of another hub is kept: what was asked for longest ago goes, and is fetched again where it is needed."""

from __future__ import annotations

from sqlalchemy import exists, func, select, update

from junco.hub.server.clock import now
from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub
from junco.hub.server.mirror.options import Mirroring
from junco.hub.server.tables.files import ELSEWHERE, Blob, Entry, Repository, Sent, Tree
from junco.hub.server.tables.mirror import Fetched
from junco.hub.server.tables.people import MIRROR, Namespace

TOUCH_S = 600
"""When a file was asked for is noted so often at most."""

_of_others = exists().where(
    Entry.sha256 == Blob.sha256, Entry.tree_id == Tree.id, Tree.repository_id == Repository.id,
    Repository.upstream.is_(None),
)  # fmt: skip
_sent_here = exists().where(Sent.sha256 == Blob.sha256, Sent.namespace_id == Namespace.id, Namespace.kind != MIRROR)
_MINE = (Fetched.sha256 == Blob.sha256, Blob.place != ELSEWHERE, ~_of_others, ~_sent_here)
"""Bytes that are here, and that nobody but the mirror has brought or names."""


def kept_bytes(hub: Hub) -> int:
    """Of large files that the mirror holds."""
    with hub.database.reading() as session:
        return int(session.scalar(select(func.coalesce(func.sum(Blob.size), 0)).where(*_MINE)) or 0)


def make_room(hub: Hub, options: Mirroring, size: int, coming: int = 0) -> int:
    """Let go of files until another fits: how many went.

    Args:
        hub: that keeps them.
        options: how much may be kept.
        size: of what is to come, in bytes.
        coming: bytes that are on their way.

    Raises:
        Fault: it never fits, or what is on its way leaves no room.
    """
    if size > min(options.most_bytes, hub.limits.file_bytes):
        most = min(options.most_bytes, hub.limits.file_bytes)
        raise Fault(413, "too-large", f"the file has {size:,} bytes: the mirror keeps at most {most:,}")
    gone = 0
    while (over := kept_bytes(hub) + coming + size - options.most_bytes) > 0:
        if not _let_go(hub, over):
            why = "the mirror is full with what is on its way: ask again later"
            raise Fault(503, "full-mirror", why, headers={"Retry-After": "60"})
        gone += 1
    return gone


def _let_go(hub: Hub, over: int) -> bool:
    """Let go of what was asked for longest ago; the row first, so that nobody is given what goes."""
    with hub.database.writing() as session:
        asked = select(Blob).join(Fetched, Fetched.sha256 == Blob.sha256).where(*_MINE)
        oldest = session.scalar(asked.order_by(Fetched.used, Blob.size.desc()).limit(1).with_for_update(of=Blob))
        if oldest is None:
            return False
        place, oldest.place = oldest.place, ELSEWHERE
    hub.places.delete(place)
    return over > 0


def touch(hub: Hub, sha256: str) -> None:
    """Note that a file was asked for."""
    with hub.database.reading() as session:
        row = session.get(Fetched, sha256)
    if row is not None and row.used < now() - TOUCH_S:
        with hub.database.writing() as session:
            session.execute(update(Fetched).where(Fetched.sha256 == sha256).values(used=now()))
