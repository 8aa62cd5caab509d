"""What a mirror holds, and what it is told to fetch before anybody asks."""

from __future__ import annotations

import fnmatch
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from junco.hub.server.clock import stamp
from junco.hub.server.faults import Fault, no_repository, too_large
from junco.hub.server.hub import Hub
from junco.hub.server.mirror.mirror import Mirror
from junco.hub.server.repos.revisions import as_revision, commit_of, files_of
from junco.hub.server.tables.files import ELSEWHERE, Blob, Commit, Entry, Repository, Tree
from junco.hub.server.tables.mirror import Fetched
from junco.hub.server.tables.people import Namespace
from junco.hub.server.visits import find_repository

_BEGUN = 8
"""Files whose fetching one question begins: whoever asks again has the next begun."""
_SHOWN = 1_000


def mirrored(session: Session) -> list[dict[str, Any]]:
    """Repositories of another hub, with how much of them is here; those that were asked for last stand first."""
    asked = (
        select(Namespace.name, Repository)
        .join(Repository, Repository.namespace_id == Namespace.id)
        .where(Repository.upstream.is_not(None), Repository.deleted.is_(None))
        .order_by(Repository.id.desc())
        .limit(_SHOWN)
    )
    rows = [_described(session, space, repository) for space, repository in session.execute(asked)]
    return sorted(rows, key=lambda row: row["used"] or row["updated"], reverse=True)


def _described(session: Session, space: str, repository: Repository) -> dict[str, Any]:
    files = select(Entry.sha256).join(Tree, Tree.id == Entry.tree_id).where(Tree.repository_id == repository.id)
    size = func.coalesce(func.sum(Blob.size), 0)
    commits = session.scalar(select(func.count()).select_from(Commit).where(Commit.repository_id == repository.id))
    used = session.scalar(select(func.max(Fetched.used)).where(Fetched.sha256.in_(files)))
    return {
        "name": f"{space}/{repository.name}",
        "upstream": repository.upstream,
        "commits": commits or 0,
        "bytes": int(session.scalar(select(size).where(Blob.sha256.in_(files))) or 0),
        "here": int(session.scalar(select(size).where(Blob.sha256.in_(files), Blob.place != ELSEWHERE)) or 0),
        "updated": stamp(repository.updated),
        "used": stamp(used),
    }


def fetch_ahead(hub: Hub, mirror: Mirror, asked: str, only: list[str]) -> dict[str, Any]:
    """Bring ``namespace/name@revision``, and begin to fetch files of it: how far it is. It is asked until all is here.

    Args:
        hub: that keeps them.
        mirror: of the other hub.
        asked: the name; without a revision the latest.
        only: patterns of paths; none is all.

    Raises:
        Fault: it is not mirrored, or there is no such thing.
    """
    full, _, revision = asked.partition("@")
    space, _, name = full.partition("/")
    if not mirror.options.covers(space, name):
        raise Fault(403, "forbidden", f"{full[:200]} is not allowed to be mirrored: junco hub serve --mirror-allow …")
    mirror.bring(space, name, as_revision(revision))
    with hub.database.reading() as session:
        _, repository = find_repository(session, space, name)
        if repository is None:
            raise no_repository()
        commit = commit_of(session, repository.id, as_revision(revision))
        files = files_of(session, commit.tree_id)
    chosen = [file for file in files if not only or any(fnmatch.fnmatchcase(file.path, each) for each in only)]
    if (size := sum(file.size for file in chosen)) > mirror.options.most_bytes:
        raise too_large(f"{full} has {size:,} bytes, and the mirror keeps (--mirror-size)", mirror.options.most_bytes)
    missing = {file.sha256: file for file in chosen if hub.places.size(file.place) != file.size}
    failed: dict[str, str] = {}
    for sha256, file in list(missing.items())[:_BEGUN]:
        there = mirror.fetches.of(sha256)
        if there is not None and there.fault is not None:
            failed[file.path] = there.fault.message
        mirror.fetches.begin(repository.id, sha256)
    coming = sum(each.have for sha256 in missing if (each := mirror.fetches.of(sha256)) is not None)
    return {
        "name": f"{space}/{repository.name}",
        "commit": commit.oid,
        "files": len(chosen),
        "missing": len(missing),
        "bytes": size,
        "here": sum(file.size for file in chosen if file.sha256 not in missing) + coming,
        "failed": failed,
    }
