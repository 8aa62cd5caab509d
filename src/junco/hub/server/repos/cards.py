"""What is shown and searched of a repository, brought up to the head of its main branch."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.graph.yaml_text import MAX_BYTES
from junco.hub.content.card import READ, read_card
from junco.hub.server.hub import Hub
from junco.hub.server.repos.search_index import index
from junco.hub.server.tables.files import Blob, Commit, Entry, Repository

SIGNATURE = "model.sig"
_MOST = 200


def refresh_card(session: Session, hub: Hub, repository: Repository, commit: Commit) -> None:
    """Read the card again, and what is unsafe."""
    card = read_card(_texts(session, hub, commit))
    repository.kind, repository.family, repository.task = card.kind, card.family, card.task
    repository.licence, repository.title, repository.summary = card.licence, card.title, card.summary
    repository.tags = card.tags
    named = select(Entry.path, Blob.unsafe, Blob.warnings).join(Blob, Blob.sha256 == Entry.sha256)
    rows = session.execute(named.where(Entry.tree_id == commit.tree_id).order_by(Entry.path)).all()
    repository.unsafe = [path for path, unsafe, _ in rows if unsafe][:_MOST]
    repository.warnings = [f"{path} {why}" for path, _, warnings in rows for why in warnings][:_MOST]
    repository.signed = any(path == SIGNATURE for path, _, _ in rows)
    session.flush()
    index(session, repository)


def _texts(session: Session, hub: Hub, commit: Commit) -> dict[str, bytes]:
    asked = select(Entry.path, Blob.place, Blob.size).join(Blob, Blob.sha256 == Entry.sha256)
    rows = session.execute(asked.where(Entry.tree_id == commit.tree_id, Entry.path.in_(READ))).all()
    found: dict[str, bytes] = {}
    for path, place, size in rows:
        with suppress(FileNotFoundError):  # its bytes are lost on the disk: the rest is told nevertheless
            found[path] = b"".join(hub.places.read(place, 0, min(size, 2 * MAX_BYTES)))
    return found
