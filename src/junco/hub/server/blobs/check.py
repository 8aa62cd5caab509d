"""Whether the bytes on the disk are still those that came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from junco.hub.server.hub import Hub
from junco.hub.server.tables.files import ELSEWHERE, Blob, Entry, Repository, Tree
from junco.hub.server.tables.people import Namespace


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are lost, or are not what they were.

    Attributes:
        sha256: of what they should be.
        files: ``namespace/name: path`` of those who have them.
    """

    sha256: str
    files: tuple[str, ...]


def check(hub: Hub) -> Iterator[Damaged]:
    """Read all bytes again. Those that are damaged are let go of: whoever has the file can push it again."""
    with hub.database.reading() as session:
        here = select(Blob).where(Blob.place != ELSEWHERE).order_by(Blob.sha256)
        blobs = [(row.sha256, row.size, row.place) for row in session.scalars(here)]
    for sha256, size, place in blobs:
        if not _is_whole(hub, sha256, size, place):
            hub.places.delete(place)
            yield Damaged(sha256, _files(hub, sha256))


def _is_whole(hub: Hub, sha256: str, size: int, place: str) -> bool:
    digest = hashlib.sha256()
    try:
        for piece in hub.places.read(place, 0, size):
            digest.update(piece)
    except FileNotFoundError:
        return False
    return hub.places.size(place) == size and digest.hexdigest() == sha256


def _files(hub: Hub, sha256: str) -> tuple[str, ...]:
    asked = (
        select(Namespace.name, Repository.name, Entry.path)
        .join(Repository, Repository.namespace_id == Namespace.id)
        .join(Tree, Tree.repository_id == Repository.id)
        .join(Entry, Entry.tree_id == Tree.id)
        .where(Entry.sha256 == sha256)
        .distinct()
        .limit(20)
    )
    with hub.database.reading() as session:
        return tuple(f"{space}/{name}: {path}" for space, name, path in session.execute(asked))
