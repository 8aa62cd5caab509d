"""A file that has come in whole becomes a blob: looked at, placed, and noted as sent by a namespace."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.content.findings import Findings, look_at
from junco.hub.server.blobs.places import new_place
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.tables.files import Blob, Sent


def keep(hub: Hub, file: Path, sha256: str, size: int, namespace_id: int) -> Blob:
    """Make a blob of a file whose digest was checked. The file is gone afterwards, whatever comes of it.

    Raises:
        Fault: it holds one of this hub's own tokens, which is revoked.
    """
    try:
        if (known := _known(hub, sha256, size, namespace_id)) is not None:
            return known
        found = look_at(file, size)
        _refuse_tokens(hub, found)
        place = new_place(sha256)
        hub.places.put(file, place)
        return _noted(hub, _row(sha256, size, place, found), namespace_id)
    finally:
        file.unlink(missing_ok=True)


def _known(hub: Hub, sha256: str, size: int, namespace_id: int) -> Blob | None:
    """The blob, where it is there and its bytes are too."""
    with hub.database.writing() as session:
        blob = session.scalar(select(Blob).where(Blob.sha256 == sha256).with_for_update(key_share=True))
        if blob is None or hub.places.size(blob.place) != size:
            return None
        _note(session, namespace_id, sha256)
        return blob


def _noted(hub: Hub, blob: Blob, namespace_id: int) -> Blob:
    """The row; where another upload was faster, its row."""
    values = {column.key: getattr(blob, column.key) for column in Blob.__table__.columns}
    with hub.database.writing() as session:
        if not insert_new(session, Blob, values):
            there = session.get_one(Blob, blob.sha256)
            if hub.places.size(there.place) == blob.size:
                hub.places.delete(blob.place)
                blob = there
            else:  # its bytes were lost, or not here yet, and another hub said how many: now they are
                for key in ("size", "place", "git_id", "format", "unsafe", "problem", "warnings"):
                    setattr(there, key, getattr(blob, key))
                blob = there
        _note(session, namespace_id, blob.sha256)
        return blob


def _note(session: Session, namespace_id: int, sha256: str) -> None:
    values = {"namespace_id": namespace_id, "sha256": sha256, "at": now()}
    if not insert_new(session, Sent, values):
        session.get_one(Sent, (namespace_id, sha256)).at = now()


def _row(sha256: str, size: int, place: str, found: Findings) -> Blob:
    return Blob(
        sha256=sha256,
        size=size,
        place=place,
        created=now(),
        git_id=found.git_id,
        format=found.format,
        unsafe=found.unsafe,
        problem=found.problem,
        warnings=list(found.warnings),
    )


def _refuse_tokens(hub: Hub, found: Findings) -> None:
    """Nobody publishes a token of this hub: it is revoked, as it has been sent around."""
    from junco.hub.server.accounts.tokens import revoke_leaked

    if found.tokens:
        with hub.database.writing() as session:
            revoked = revoke_leaked(session, found.tokens)
        raise Fault(
            400,
            "secret",
            "the file holds a token of a junco hub: take it out"
            + ("; it was one of this hub's and is revoked now" if revoked else ""),
            {"revoked": revoked},
        )
