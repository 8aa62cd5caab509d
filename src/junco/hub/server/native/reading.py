"""Routes that read a repository's states and files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from junco.hub.content.commit_record import FIELDS, commit_id
from junco.hub.server.access import Action
from junco.hub.server.accounts.names import RELEASE
from junco.hub.server.blobs.uploads import digest
from junco.hub.server.clock import stamp
from junco.hub.server.faults import Fault
from junco.hub.server.mirror.sending import send_mirrored
from junco.hub.server.native.repositories import ONE
from junco.hub.server.repos.counts import count_download
from junco.hub.server.repos.revisions import (
    File,
    as_revision,
    commit_of,
    described,
    files_of,
    history,
    names_of,
    parent_of,
    refs_of,
    sort_releases,
    tree_of,
)
from junco.hub.server.sending import send_blob
from junco.hub.server.tables.files import BRANCH, TAG, Blob, Commit, Entry, Tree
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ))]
_ReadFile = Annotated[Visit, Depends(needs(Action.READ, "resolve"))]


@routes.get(f"{ONE}/tree/{{revision}}")
def tree(revision: str, visit: _Read, request: Request) -> Response:
    """All files of a revision."""
    with visit.hub.database.reading() as session:
        commit = commit_of(session, visit.repo.id, as_revision(revision))
        etag = f'"{commit.oid}"'
        forever = "private, max-age=31536000, immutable" if revision == commit.oid else "private, no-cache"
        headers = {"ETag": etag, "Cache-Control": forever, "Vary": "Authorization"}
        if "x-junco-download" in request.headers:
            count_download(visit.hub, visit.actor, visit.repo.id)
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        files = files_of(session, commit.tree_id)
        releases = sort_releases(names_of(session, commit))
        asked = as_revision(revision)
        return JSONResponse(
            {
                "repository": visit.full_name,
                "commit": commit.oid,
                "revision": revision,
                "release": asked if asked in releases else (releases[0] if releases else None),
                "parent": parent_of(session, commit),
                "message": commit.message,
                "author": commit.author,
                "created": stamp(commit.created),
                "digest": tree_of(session, commit).digest,
                "files": [file.described() for file in files],
                "bytes": sum(file.size for file in files),
                "record": _record(session, commit),
            },
            headers=headers,
        )


def _record(session: Session, commit: Commit) -> dict[str, Any] | None:
    """What the id of a commit is a hash of, by which clients see that it is of this tree; none of a mirrored one."""
    made = (commit.repository_id, parent_of(session, commit), tree_of(session, commit).digest)
    record = dict(zip(FIELDS, (*made, commit.author, commit.message, commit.created), strict=True))
    return record if commit_id(record) == commit.oid else None


@routes.get(f"{ONE}/blobs/{{sha256}}")
def blob(sha256: str, visit: _ReadFile, request: Request) -> Response:
    """The bytes of a file that the repository has in some commit."""
    return _send(visit, request, digest(sha256))


@routes.head(f"{ONE}/blobs/{{sha256}}")
def blob_head(sha256: str, visit: _ReadFile, request: Request) -> Response:
    """What is known of them."""
    return _send(visit, request, digest(sha256))


def _send(visit: Visit, request: Request, sha256: str) -> Response:
    named = exists().where(Entry.sha256 == Blob.sha256, Entry.tree_id == Tree.id, Tree.repository_id == visit.repo.id)
    with visit.hub.database.reading() as session:
        found = session.scalar(select(Blob).where(Blob.sha256 == sha256, named))
    if found is None:
        raise Fault(404, "no-blob", "no commit of this repository has such a file")
    if visit.repo.upstream is not None:
        return send_mirrored(request, visit, sha256, sha256, sha256)
    return send_blob(request, visit.hub, found.place, found.size, sha256, sha256)


@routes.get(f"{ONE}/commits/{{revision}}")
def commits(
    revision: str, visit: _Read, limit: Annotated[int, Query(ge=1, le=500)] = 50, after: str | None = None
) -> dict[str, Any]:
    """A revision's history, the newest first."""
    with visit.hub.database.reading() as session:
        start = commit_of(session, visit.repo.id, after or as_revision(revision))
        rows = history(session, start, limit + 1 + (after is not None))
        rows = rows[1:] if after is not None else rows
        items = [described(session, commit, its_tree) for commit, its_tree in rows[:limit]]
        return {"items": items, "next": items[-1]["commit"] if len(rows) > limit else None}


@routes.get(f"{ONE}/diff/{{revisions}}")
def diff(revisions: str, visit: _Read) -> dict[str, Any]:
    """What has changed from one revision to another: ``one...other``."""
    one, _, other = revisions.partition("...")
    with visit.hub.database.reading() as session:
        commits = [commit_of(session, visit.repo.id, as_revision(each)) for each in (one, other)]
        old, new = ({file.path: file for file in files_of(session, commit.tree_id)} for commit in commits)
    return {"from": commits[0].oid, "to": commits[1].oid, **_difference(old, new)}


def _difference(old: dict[str, File], new: dict[str, File]) -> dict[str, Any]:
    return {
        "added": [file.described() for path, file in new.items() if path not in old],
        "removed": [file.described() for path, file in old.items() if path not in new],
        "changed": [
            {"path": path, "from": old[path].described(), "to": file.described()}
            for path, file in new.items()
            if path in old and old[path].sha256 != file.sha256
        ],
    }


@routes.get(f"{ONE}/refs")
def refs(visit: _Read) -> dict[str, Any]:
    """Branches, releases and other tags."""
    with visit.hub.database.reading() as session:
        rows = refs_of(session, visit.repo.id)
    tags = {
        ref.name: {"commit": oid, "created": stamp(ref.created), "author": ref.author}
        for ref, oid in rows
        if ref.kind == TAG
    }
    releases = {name: tags[name] for name in sort_releases(list(tags))}
    return {
        "branches": {ref.name: oid for ref, oid in rows if ref.kind == BRANCH},
        "releases": releases,
        "tags": {name: tag for name, tag in tags.items() if not RELEASE.fullmatch(name)},
    }
