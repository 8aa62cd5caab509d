"""A commit of another hub's, kept here under its own name: all of its files known, the small ones here, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.access import Actor
from junco.hub.server.accounts.names import checked_ref, likeness
from junco.hub.server.clock import now
from junco.hub.server.faults import no_revision
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.mirror.faults import refused
from junco.hub.server.mirror.listing import Listed
from junco.hub.server.repos.cards import refresh_card
from junco.hub.server.repos.commits import tree_digest
from junco.hub.server.repos.repositories import make_repository
from junco.hub.server.repos.revisions import MAIN
from junco.hub.server.tables.files import BRANCH, ELSEWHERE, TAG, Blob, Commit, Entry, Ref, Repository, Tree
from junco.hub.server.tables.mirror import Fetched
from junco.hub.server.tables.people import Namespace

UNFETCHED = "unfetched"
"""The format of a file of which nothing but its name, size and sha256 is known."""
_MAY_RUN = (
    *(".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".h5", ".keras", ".npy", ".npz", ".nemo", ".so"),
    *(".zip", ".7z", ".gz", ".tar", ".tgz", ".xz", ".bz2", ".zst", ".dll", ".exe", ".msgpack", ".mar", ".ot"),
)
AUTHOR = Actor(name="the mirror", address="this machine")


@dataclass(frozen=True, slots=True)
class Brought:
    """What is to be kept.

    Attributes:
        name: of the repository, as its hub spells it, without the namespace.
        commit: its 40 digits.
        files: all of them.
        small: the sha256 of those that git keeps itself, by path; their bytes are here.
        named: the branch or tag that was asked for, and whether it is a branch.
    """

    name: str
    commit: str
    files: Sequence[Listed]
    small: Mapping[str, str]
    named: tuple[str, bool] | None = None


def keep_commit(hub: Hub, namespace: Namespace, upstream: str, brought: Brought) -> None:
    """Keep it, in one transaction.

    Raises:
        Fault: the name looks like one that is there, or a file has another size than one of the same sha256.
    """
    with hub.database.writing() as session:
        repository = _repository(session, namespace, upstream, brought.name)
        asked = select(Commit).where(Commit.repository_id == repository.id, Commit.oid == brought.commit)
        commit = session.scalar(asked)
        if commit is None:
            commit = _commit(session, repository, upstream, brought)
            audit.note(session, AUTHOR, "mirror.commit", f"{namespace.name}/{repository.name}", brought.commit)
        name_commit(session, repository, brought.named, commit)
        if brought.named == (MAIN, True) or session.get(Ref, (repository.id, MAIN)) is None:
            refresh_card(session, hub, repository, commit)
            repository.updated = now()


def _repository(session: Session, namespace: Namespace, upstream: str, name: str) -> Repository:
    asked = select(Repository).where(Repository.namespace_id == namespace.id, Repository.key == likeness(name))
    there = session.scalar(asked)
    if there is None:
        there = make_repository(session, AUTHOR, namespace, name, private=False)
        there.upstream = upstream
    if there.name.lower() != name.lower():
        raise refused(f"{name!r} looks like {there.name!r}, which is mirrored")
    return there


def _commit(session: Session, repository: Repository, upstream: str, brought: Brought) -> Commit:
    rows = {file.path: (file.sha256 or brought.small[file.path], file.size) for file in brought.files}
    for file in brought.files:
        if file.sha256 is not None:
            _know(session, file)
    tree = _tree(session, repository, rows, {file.path for file in brought.files if file.sha256 is not None})
    commit = Commit(
        repository_id=repository.id,
        oid=brought.commit,
        parent_id=None,
        tree_id=tree.id,
        author=repository.upstream or upstream,
        message=f"mirrored from {upstream}",
        created=now(),
    )
    session.add(commit)
    session.flush()
    return commit


def _tree(session: Session, repository: Repository, rows: Mapping[str, tuple[str, int]], large: set[str]) -> Tree:
    digest = tree_digest(rows)
    there = session.scalar(select(Tree).where(Tree.repository_id == repository.id, Tree.digest == digest))
    if there is not None:
        return there
    size = sum(size for _, size in rows.values())
    tree = Tree(repository_id=repository.id, digest=digest, files=len(rows), bytes=size)
    session.add(tree)
    session.flush()
    if rows:
        values = [
            {"tree_id": tree.id, "path": path, "sha256": sha256, "size": size, "large": path in large}
            for path, (sha256, size) in rows.items()
        ]
        session.execute(insert(Entry), values)
    return tree


def _know(session: Session, file: Listed) -> None:
    """A large file is known by its digest before its bytes are here."""
    values: dict[str, Any] = {
        "sha256": file.sha256,
        "size": file.size,
        "place": ELSEWHERE,
        "created": now(),
        "git_id": None,
        "format": UNFETCHED,
        "unsafe": file.path.lower().endswith(_MAY_RUN),
        "problem": None,
        "warnings": [],
    }
    insert_new(session, Blob, values)
    there = session.get_one(Blob, file.sha256)
    if there.place == ELSEWHERE:  # nobody has seen its bytes yet: what another repository said of it bars nothing
        there.size = file.size
    elif there.size != file.size:
        raise refused(f"{file.path!r} has another size than its sha256 says")
    insert_new(session, Fetched, {"sha256": file.sha256, "used": now()})


def is_kept(session: Session, repository: Repository, commit: Commit, named: tuple[str, bool] | None) -> bool:
    """Whether a name is where the other hub has it, so that there is nothing to keep."""
    if named is None:
        return True
    ref = session.get(Ref, (repository.id, named[0]))
    return ref is not None and (ref.commit_id == commit.id or ref.kind != BRANCH)


def name_commit(session: Session, repository: Repository, named: tuple[str, bool] | None, commit: Commit) -> None:
    """Have a branch be where the other hub has it; a tag stays where it was seen first."""
    if named is None:
        return
    name, is_branch = named
    ref = session.get(Ref, (repository.id, name))
    if ref is None:
        if checked_ref(name) != name:
            raise no_revision(name)
        kind = BRANCH if is_branch else TAG
        values = {"repository_id": repository.id, "name": name, "kind": kind, "commit_id": commit.id}
        insert_new(session, Ref, {**values, "author": AUTHOR.name, "created": now()})
    elif ref.kind == BRANCH and is_branch:
        ref.commit_id, ref.created = commit.id, now()
