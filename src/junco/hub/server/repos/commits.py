"""A commit: all that it changes is checked first, then kept in one transaction, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from junco.hub.content import paths
from junco.hub.content.commit_record import commit_id
from junco.hub.server import audit
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault, too_large
from junco.hub.server.hub import Hub
from junco.hub.server.repos.cards import refresh_card
from junco.hub.server.repos.refs import add_release, move_branch
from junco.hub.server.repos.revisions import MAIN, head_of, tree_of
from junco.hub.server.tables.files import Blob, Commit, Entry, Repository, Sent, Tree
from junco.hub.server.visits import Visit

ANY = "any"
"""The parent of a commit that takes whatever the branch is at."""
REGULAR = 10_000_000
_MOST_PROBLEMS = 100
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Add:
    """A file that a commit puts, or replaces.

    Attributes:
        sha256: of its bytes, which its namespace has sent.
        size: of them; ``None`` where the sender did not say.
        large: as Hugging Face's clients say it; ``None`` is for the server to say.
    """

    sha256: str
    size: int | None = None
    large: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be committed.

    Attributes:
        branch: that it goes to.
        parent: the commit that it is based on; ``None`` is no commit, `ANY` whichever there is.
        message: for people.
        add: files by their paths.
        remove: paths, and folders with a ``/`` at the end.
        replace: the tree is what is added, and nothing else.
        release: a tag that is made with it.
    """

    branch: str
    parent: str | None
    message: str
    add: Mapping[str, Add] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    replace: bool = False
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """What came of it."""

    commit: Commit
    parent: str | None
    tree: Tree
    warnings: list[str]
    unsafe: list[str]
    unchanged: bool


@dataclass(frozen=True, slots=True)
class _Row:
    sha256: str
    size: int
    large: bool


def make_commit(hub: Hub, visit: Visit, change: Change) -> Committed:
    """Keep a change.

    Raises:
        Fault: the branch has moved on, files are missing or may not be, or the release is another commit's.
    """
    with hub.database.writing() as session:
        repository = session.scalars(
            select(Repository).where(Repository.id == visit.repo.id, Repository.deleted.is_(None)).with_for_update()
        ).one()
        head = head_of(session, repository.id, change.branch)
        author = visit.actor.name or ""
        if (done := _done_before(session, head, change, author)) is not None:
            return _result(session, repository, done, unchanged=True)
        _check_parent(head, change)
        before = _rows(session, head)
        after = _after(before, change, _blobs(session, visit, change))
        _check_tree(session, hub, after)
        if head is not None and after == before:
            commit, unchanged = head, True
        else:
            commit, unchanged = _add(session, repository, head, after, change, author), False
            move_branch(session, repository, change.branch, commit, author)
        if change.release is not None:
            add_release(session, visit, repository, change.release, commit)
        if change.branch == MAIN and not unchanged:
            refresh_card(session, hub, repository, commit)
        audit.note(session, visit.actor, "commit", visit.full_name, f"{change.branch} {commit.oid}")
        return _result(session, repository, commit, unchanged=unchanged)


def _done_before(session: Session, head: Commit | None, change: Change, author: str) -> Commit | None:
    """The head, where it is what this very change has made: the answer to it was lost, and it is asked again."""
    if head is None or change.parent in {ANY, head.oid} or (head.author, head.message) != (author, change.message):
        return None
    parent = session.get(Commit, head.parent_id) if head.parent_id is not None else None
    if change.parent != (parent.oid if parent else None) or change.release is not None:
        return None
    asked = {path: add.sha256 for path, add in change.add.items()}
    after = {path: row.sha256 for path, row in _rows(session, head).items()}
    kept = {} if change.replace else {path: row.sha256 for path, row in _rows(session, parent).items()}
    return head if _without(kept, change.remove) | asked == after else None


def _check_parent(head: Commit | None, change: Change) -> None:
    at = head.oid if head is not None else None
    if change.parent not in {ANY, at}:
        why = f"the branch {change.branch!r} is at {at or 'no commit'} now: pull, and commit on top of it"
        raise Fault(412, "stale-parent", why, {"head": at})


def _rows(session: Session, commit: Commit | None) -> dict[str, _Row]:
    if commit is None:
        return {}
    asked = select(Entry.path, Entry.sha256, Entry.size, Entry.large).where(Entry.tree_id == commit.tree_id)
    return {path: _Row(sha256, size, large) for path, sha256, size, large in session.execute(asked)}


def _blobs(session: Session, visit: Visit, change: Change) -> dict[str, Blob]:
    """The bytes of what is added: those that this namespace has sent."""
    wanted = sorted({add.sha256 for add in change.add.values()})
    found: dict[str, Blob] = {}
    for some in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
        asked = select(Blob).join(Sent, Sent.sha256 == Blob.sha256).where(Sent.namespace_id == visit.space.id)
        rows = session.scalars(asked.where(Blob.sha256.in_(some)).with_for_update(read=True, of=Blob))
        found |= {blob.sha256: blob for blob in rows}
    if missing := [sha256 for sha256 in wanted if sha256 not in found]:
        why = f"{len(missing):,} of the files were never sent by this namespace: send them first"
        raise Fault(400, "unknown-blob", why, {"missing": missing[:_MOST_PROBLEMS]})
    return found


def _after(before: Mapping[str, _Row], change: Change, blobs: Mapping[str, Blob]) -> dict[str, _Row]:
    problems = [
        (path, f"has {blobs[add.sha256].size:,} bytes, not {add.size:,}")
        for path, add in change.add.items()
        if add.size is not None and add.size != blobs[add.sha256].size
    ]
    problems += [
        (path, f"is no file of safetensors: {blob.problem or f'its bytes are {blob.format}'}")
        for path, add in change.add.items()
        if path.lower().endswith(".safetensors")
        and ((blob := blobs[add.sha256]).problem or blob.format != "safetensors")
    ]
    _refuse(problems)
    rows = {path: _row(blobs[add.sha256], add.large) for path, add in change.add.items()}
    return ({} if change.replace else _without(before, change.remove)) | rows


def _row(blob: Blob, large: bool | None) -> _Row:
    says_large = blob.format != "text" or blob.size > REGULAR if large is None else large
    return _Row(blob.sha256, blob.size, says_large or blob.git_id is None)


def _without(rows: Mapping[str, _Value], remove: Iterable[str]) -> dict[str, _Value]:
    files = {path for path in remove if not path.endswith("/")}
    folders = tuple(path for path in remove if path.endswith("/"))
    return {path: row for path, row in rows.items() if path not in files and not path.startswith(folders)}


def _check_tree(session: Session, hub: Hub, rows: Mapping[str, _Row]) -> None:
    if len(rows) > hub.limits.commit_files:
        raise too_large(f"a commit of {len(rows):,} files", hub.limits.commit_files)
    if (size := sum(row.size for row in rows.values())) > hub.limits.commit_bytes:
        raise too_large(f"a commit of {size:,} bytes", hub.limits.commit_bytes)
    _refuse(paths.problems_of(rows))


def _refuse(problems: list[tuple[str, str]]) -> None:
    if problems:
        path, why = problems[0]
        more = f", and {len(problems) - 1:,} more" if len(problems) > 1 else ""
        shown = [{"path": path, "problem": problem} for path, problem in problems[:_MOST_PROBLEMS]]
        raise Fault(400, "refused-tree", f"{path[:200]!r}: {why}{more}", {"problems": shown})


def tree_digest(rows: Mapping[str, tuple[str, int]]) -> str:
    """Of a tree: sha256 of a line for each file, sorted by the bytes of the paths.

    Args:
        rows: sha256 and size by path.
    """
    lines = sorted((path.encode(), f"{sha256} {size} ".encode()) for path, (sha256, size) in rows.items())
    return hashlib.sha256(b"".join(head + path + b"\n" for path, head in lines)).hexdigest()


def _add(
    session: Session, repository: Repository, head: Commit | None, rows: Mapping[str, _Row], change: Change, author: str
) -> Commit:
    tree = _tree(session, repository.id, rows)
    at = max(now(), head.created if head is not None else 0)  # a clock that went back makes no younger parents
    record = {
        "repository": repository.id,
        "parent": head.oid if head is not None else None,
        "tree": tree.digest,
        "author": author,
        "message": change.message,
        "created": at,
    }
    commit = Commit(
        repository_id=repository.id,
        oid=commit_id(record),
        parent_id=head.id if head is not None else None,
        tree_id=tree.id,
        author=author,
        message=change.message,
        created=at,
    )
    session.add(commit)
    session.flush()
    repository.updated = now()
    return commit


def _tree(session: Session, repository_id: int, rows: Mapping[str, _Row]) -> Tree:
    """The tree with these files; one that the repository has had before is found again."""
    digest = tree_digest({path: (row.sha256, row.size) for path, row in rows.items()})
    there = session.scalar(select(Tree).where(Tree.repository_id == repository_id, Tree.digest == digest))
    if there is not None:
        return there
    size = sum(row.size for row in rows.values())
    tree = Tree(repository_id=repository_id, digest=digest, files=len(rows), bytes=size)
    session.add(tree)
    session.flush()
    if rows:
        session.execute(
            insert(Entry),
            [
                {"tree_id": tree.id, "path": path, "sha256": row.sha256, "size": row.size, "large": row.large}
                for path, row in rows.items()
            ],
        )
    return tree


def _result(session: Session, repository: Repository, commit: Commit, *, unchanged: bool) -> Committed:
    parent = session.get(Commit, commit.parent_id) if commit.parent_id is not None else None
    return Committed(
        commit,
        parent.oid if parent else None,
        tree_of(session, commit),
        list(repository.warnings),
        list(repository.unsafe),
        unchanged,
    )
