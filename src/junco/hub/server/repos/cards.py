"""What is shown and searched of a repository, brought up to the head of its main branch."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.errors import IntegrityError
from junco.graph.yaml_text import MAX_BYTES
from junco.hub.artefact.tree import File
from junco.hub.content.card import READ, SIGNATURE, read_card
from junco.hub.server.hub import Hub
from junco.hub.server.repos.revisions import PLACE
from junco.hub.server.repos.search_index import index
from junco.hub.server.tables.files import Blob, Commit, Entry, Repository
from junco.hub.signing.envelope import read_envelope
from junco.hub.signing.statement import read_statement

_MOST_SIGNATURE_BYTES = 8_000_000
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
    repository.signed = is_signed(session, hub, commit)
    session.flush()
    index(session, repository)


def is_signed(session: Session, hub: Hub, commit: Commit) -> bool:
    """Whether a commit holds a signature that is over its very files; by whom, only who trusts somebody can say."""
    asked = select(Entry.path, Entry.size, Entry.sha256, PLACE).join(Blob, Blob.sha256 == Entry.sha256)
    rows = session.execute(asked.where(Entry.tree_id == commit.tree_id)).all()
    found = next(((place, size) for path, size, _, place in rows if path == SIGNATURE), None)
    if found is None or found[1] > _MOST_SIGNATURE_BYTES:
        return False
    try:
        told = read_statement(read_envelope(b"".join(hub.places.read(found[0], 0, found[1]))).payload)
        told.check(File(path, size, sha256) for path, size, sha256, _ in rows)
    except (IntegrityError, FileNotFoundError):  # its bytes are lost, or not fetched yet
        return False
    return True


def _texts(session: Session, hub: Hub, commit: Commit) -> dict[str, bytes]:
    asked = select(Entry.path, PLACE, Blob.size).join(Blob, Blob.sha256 == Entry.sha256)
    rows = session.execute(asked.where(Entry.tree_id == commit.tree_id, Entry.path.in_(READ))).all()
    found: dict[str, bytes] = {}
    for path, place, size in rows:
        with suppress(FileNotFoundError):  # its bytes are lost on the disk: the rest is told nevertheless
            found[path] = b"".join(hub.places.read(place, 0, min(size, 2 * MAX_BYTES)))
    return found
