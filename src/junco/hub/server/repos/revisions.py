"""From what a caller calls a state of a repository to its commit, and to its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session

from junco.hub.server.accounts.names import COMMIT, RELEASE, release_order
from junco.hub.server.clock import stamp
from junco.hub.server.faults import no_revision
from junco.hub.server.tables.files import BRANCH, ELSEWHERE, TAG, Blob, Commit, Entry, Ref, Repository, Sent, Tree

MAIN = "main"


def find_commit(session: Session, repository_id: int, revision: str) -> Commit | None:
    """The commit of a branch, a tag, ``latest``, ``HEAD`` or of 40 digits; ``None`` where there is none."""
    if COMMIT.fullmatch(revision):
        return session.scalar(select(Commit).where(Commit.repository_id == repository_id, Commit.oid == revision))
    if revision == "latest":
        revision = latest_of(releases_of(session, repository_id)) or MAIN
    name = MAIN if revision == "HEAD" else revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
    ref = session.get(Ref, (repository_id, name))
    return session.get_one(Commit, ref.commit_id) if ref is not None else None


def commit_of(session: Session, repository_id: int, revision: str) -> Commit:
    """The same.

    Raises:
        Fault: there is none.
    """
    if (found := find_commit(session, repository_id, revision)) is None:
        raise no_revision(revision)
    return found


def head_of(session: Session, repository_id: int, branch: str = MAIN) -> Commit | None:
    """The commit that a branch is at; ``None`` before the first."""
    ref = session.get(Ref, (repository_id, branch))
    return session.get_one(Commit, ref.commit_id) if ref is not None and ref.kind == BRANCH else None


def heads_of(session: Session, repository_ids: Sequence[int]) -> dict[int, Commit]:
    """The commits that main branches are at, by their repositories."""
    asked = select(Ref.repository_id, Commit).join(Commit, Commit.id == Ref.commit_id)
    rows = session.execute(asked.where(Ref.repository_id.in_(repository_ids), Ref.name == MAIN, Ref.kind == BRANCH))
    return {row[0]: row[1] for row in rows}


def refs_of(session: Session, repository_id: int) -> list[tuple[Ref, str]]:
    """All branches and tags, each with its commit."""
    asked = select(Ref, Commit.oid).join(Commit, Commit.id == Ref.commit_id).where(Ref.repository_id == repository_id)
    return [(ref, oid) for ref, oid in session.execute(asked.order_by(Ref.name))]


def releases_of(session: Session, repository_id: int) -> list[str]:
    """Names of releases, the highest version first."""
    names = session.scalars(select(Ref.name).where(Ref.repository_id == repository_id, Ref.kind == TAG)).all()
    return sort_releases(names)


def sort_releases(names: Sequence[str]) -> list[str]:
    """Those of the names that are releases, the highest version first."""
    ordered = [(order, name) for name in names if (order := release_order(name)) is not None]
    return [name for _, name in sorted(ordered, reverse=True)]


def latest_of(releases: Sequence[str]) -> str | None:
    """The highest release that is none of tests; ``None`` where there is none."""
    return next((name for name in releases if "-" not in name.partition("+")[0]), None)


def as_revision(text: str) -> str:
    """A version may be written without its ``v``; nothing is the latest release."""
    return f"v{text}" if RELEASE.fullmatch(f"v{text}") else text or "latest"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit, with what is known of its bytes."""

    path: str
    size: int
    sha256: str
    large: bool
    format: str
    unsafe: bool
    git_id: str | None
    place: str

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        return {
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
            "format": self.format,
            "unsafe": self.unsafe,
        }


_UNPROVED = (
    exists()
    .where(Tree.id == Entry.tree_id, Repository.id == Tree.repository_id, Repository.upstream.is_not(None))
    .where(~exists().where(Sent.namespace_id == Repository.namespace_id, Sent.sha256 == Entry.sha256))
    .correlate(Entry)
)
PLACE = case((_UNPROVED, ELSEWHERE), else_=Blob.place)
"""Where an entry's bytes lie, for its repository: another hub may name any digest, also that of a private file
here, so a mirrored one reads what was brought from there alone."""
_FILES = (
    select(Entry.path, Entry.size, Entry.sha256, Entry.large, Blob.format, Blob.unsafe, Blob.git_id, PLACE)
    .join(Blob, Blob.sha256 == Entry.sha256)
    .order_by(Entry.path)
)


def files_of(session: Session, tree_id: int, under: str = "") -> list[File]:
    """The files of a tree, sorted by their paths; ``under`` a folder alone."""
    asked = _FILES.where(Entry.tree_id == tree_id)
    if under:
        asked = asked.where(Entry.path.startswith(f"{under}/", autoescape=True))
    files = [File(*row) for row in session.execute(asked)]
    return sorted(files, key=lambda file: file.path.encode())


def file_of(session: Session, tree_id: int, path: str) -> File | None:
    """One file of a tree."""
    row = session.execute(_FILES.where(Entry.tree_id == tree_id, Entry.path == path)).one_or_none()
    return File(*row) if row is not None else None


def tree_of(session: Session, commit: Commit) -> Tree:
    """The tree of a commit."""
    return session.get_one(Tree, commit.tree_id)


def history(session: Session, commit: Commit, limit: int) -> list[tuple[Commit, Tree]]:
    """A commit and those before it, the newest first."""
    found: list[tuple[Commit, Tree]] = []
    at: int | None = commit.id
    while at is not None and len(found) < limit:
        each, tree = session.execute(
            select(Commit, Tree).join(Tree, Tree.id == Commit.tree_id).where(Commit.id == at)
        ).one()
        found.append((each, tree))
        at = each.parent_id
    return found


def described(session: Session, commit: Commit, tree: Tree) -> dict[str, Any]:
    """A commit as answers have it."""
    return {
        "commit": commit.oid,
        "parent": parent_of(session, commit),
        "message": commit.message,
        "author": commit.author,
        "created": stamp(commit.created),
        "digest": tree.digest,
        "files": tree.files,
        "bytes": tree.bytes,
        "releases": sort_releases(names_of(session, commit)),
    }


def parent_of(session: Session, commit: Commit) -> str | None:
    """The commit before."""
    if commit.parent_id is None:
        return None
    return session.scalar(select(Commit.oid).where(Commit.id == commit.parent_id))


def names_of(session: Session, commit: Commit) -> Sequence[str]:
    """The tags of a commit."""
    return session.scalars(select(Ref.name).where(Ref.commit_id == commit.id, Ref.kind == TAG)).all()
