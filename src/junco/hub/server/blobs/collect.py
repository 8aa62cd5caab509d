"""Garbage: bytes that no commit names go, and no commit can lose the ones that it is about to name."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from junco.hub.server.blobs.places import clear_older
from junco.hub.server.clock import DAY, now, today
from junco.hub.server.hub import Hub
from junco.hub.server.repos.counts import forget_the_future
from junco.hub.server.tables.files import Blob, Entry, Sent
from junco.hub.server.tables.people import Session
from junco.hub.server.tables.use import Downloader, XetRange, XetScope, XetXorb

GRACE_S = DAY
"""Between an upload and the commit that it is for."""
UNNAMED_S = DAY
"""What was placed so long ago, and has no row, is of a server that was killed: rows follow at once."""
PART_S = 7 * DAY
"""An upload that broke off may go on for so long."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What has gone: files and their bytes."""

    blobs: int = 0
    bytes: int = 0


def collect(hub: Hub, grace_s: int = GRACE_S, unnamed_s: int = UNNAMED_S) -> Collected:
    """Let go of what nobody needs.

    The row of a blob goes first, in a transaction that the database refuses where a commit names it, and then its
    bytes: whoever sends the same bytes meanwhile has a row and a place of their own.

    Args:
        hub: that is tidied.
        grace_s: between an upload and its commit.
        unnamed_s: between bytes that are placed and their row, which follows at once.
    """
    blobs = size = 0
    for sha256 in _candidates(hub, grace_s):
        if (gone := _forget(hub, sha256, grace_s)) is not None:
            hub.places.delete(gone.place)
            blobs, size = blobs + 1, size + gone.size
    _forget_xorbs(hub, grace_s)
    blobs += _forget_places_without_rows(hub, unnamed_s)
    clear_older(hub.incoming, PART_S)
    with hub.database.writing() as session:
        session.execute(delete(Downloader).where(Downloader.day < today() - 1))
        session.execute(delete(Session).where(Session.expires < now()))
        forget_the_future(session)
    return Collected(blobs, size)


def _candidates(hub: Hub, grace_s: int) -> list[str]:
    young = now() - grace_s
    with hub.database.reading() as session:
        named = exists().where(Entry.sha256 == Blob.sha256)
        sent = exists().where(Sent.sha256 == Blob.sha256, Sent.at > young)
        return list(session.scalars(select(Blob.sha256).where(Blob.created <= young, ~named, ~sent)))


def _forget(hub: Hub, sha256: str, grace_s: int) -> Blob | None:
    """The row that is gone now; ``None`` where a commit has come to name it, or somebody has sent it again."""
    is_named = exists().where(Entry.sha256 == sha256)
    is_sent = exists().where(Sent.sha256 == sha256, Sent.at > now() - grace_s)
    try:
        with hub.database.writing() as session:
            blob = session.scalar(select(Blob).where(Blob.sha256 == sha256).with_for_update())
            if blob is None or session.scalar(select(is_named | is_sent)):
                return None
            scopes = select(XetRange.scope_id).where(XetRange.sha256 == sha256)
            # its clients remember what they sent to this scope: a new one has a new name, and they send all again
            session.execute(delete(XetScope).where(XetScope.id.in_(scopes)))
            session.execute(delete(Blob).where(Blob.sha256 == sha256))
            return blob
    except IntegrityError:
        return None


def _forget_xorbs(hub: Hub, grace_s: int) -> None:
    with hub.database.writing() as session:
        session.execute(delete(XetXorb).where(XetXorb.created <= now() - grace_s))


def _forget_places_without_rows(hub: Hub, unnamed_s: int) -> int:
    """Bytes whose row was never written, or went without them: of a server that was killed."""
    gone = 0
    for place in hub.places.older(time.time() - unnamed_s):
        with hub.database.reading() as session:
            known = session.scalar(select(exists().where(Blob.place == place))) or session.scalar(
                select(exists().where(XetXorb.place == place))
            )
        if not known:
            hub.places.delete(place)
            gone += 1
    return gone
