"""Routes of a push: what is missing, the bytes, the commit, the release."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select

from junco.hub.server.access import Action
from junco.hub.server.accounts.names import checked_ref
from junco.hub.server.blobs.keep import keep
from junco.hub.server.blobs.uploads import digest, go_on, offset_of
from junco.hub.server.faults import Fault, bad_request, too_large
from junco.hub.server.native.bodies import Added, Missing, NewBranch, NewCommit, NewRelease
from junco.hub.server.native.repositories import ONE
from junco.hub.server.repos.commits import Add, Change, make_commit
from junco.hub.server.repos.refs import add_branch, add_release, drop_ref
from junco.hub.server.repos.revisions import commit_of
from junco.hub.server.tables.files import BRANCH, Blob, Sent
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
_Write = Annotated[Visit, Depends(needs(Action.WRITE))]
_WriteFile = Annotated[Visit, Depends(needs(Action.WRITE, "resolve"))]
INLINE, INLINE_TOGETHER = 1 << 20, 8 << 20


@routes.post(f"{ONE}/missing")
def missing(body: Missing, visit: _Write) -> dict[str, Any]:
    """Which files this namespace has not sent, and how far those are that it began to."""
    hub, space = visit.hub, visit.space.id
    if (largest := max((file.size for file in body.files), default=0)) > hub.limits.file_bytes:
        raise too_large(f"a file has {largest:,} bytes", hub.limits.file_bytes)
    wanted = sorted({file.sha256 for file in body.files})
    there: set[str] = set()
    with hub.database.reading() as session:
        for some in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
            asked = select(Blob.sha256, Blob.place, Blob.size).join(Sent, Sent.sha256 == Blob.sha256)
            rows = session.execute(asked.where(Sent.namespace_id == space, Blob.sha256.in_(some))).all()
            there |= {sha256 for sha256, place, size in rows if hub.places.size(place) == size}
    return {
        "missing": [
            {"sha256": each, "offset": offset_of(hub, space, each)}
            for each in dict.fromkeys(file.sha256 for file in body.files)
            if each not in there
        ]
    }


@routes.put(f"{ONE}/blobs/{{sha256}}", status_code=201)
async def send(sha256: str, visit: _WriteFile, request: Request) -> Response:
    """The bytes of a file, or the next of them."""
    begin, length = _number(request, "upload-offset") or 0, _number(request, "content-length")
    total = _number(request, "upload-size")
    if total is None and length is not None:
        total = begin + length
    result = await go_on(request, visit.hub, visit.space.id, digest(sha256), begin, total)
    if isinstance(result, int):
        return JSONResponse({"offset": result}, 202)
    shown = {"sha256": result.sha256, "size": result.size, "format": result.format, "unsafe": result.unsafe}
    return JSONResponse({**shown, "warnings": result.warnings}, 201)


def _number(request: Request, name: str) -> int | None:
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise bad_request(f"{name} is no number")
    return int(text)


@routes.post(f"{ONE}/commits/{{branch}}", status_code=201)
def commit(branch: str, body: NewCommit, visit: _Write) -> Response:
    """A commit of what was sent."""
    change = Change(
        branch=checked_ref(branch),
        parent=body.parent,
        message=body.message,
        add=_added(visit, body.add),
        remove=tuple(body.remove),
        replace=body.replace,
        release=body.release,
    )
    done = make_commit(visit.hub, visit, change)
    shown = {
        "commit": done.commit.oid,
        "parent": done.parent,
        "digest": done.tree.digest,
        "release": body.release,
        "files": done.tree.files,
        "bytes": done.tree.bytes,
        "warnings": done.warnings,
        "unsafe": done.unsafe,
        "unchanged": done.unchanged,
    }
    return JSONResponse(shown, 200 if done.unchanged else 201)


def _added(visit: Visit, files: list[Added]) -> dict[str, Add]:
    room, added = INLINE_TOGETHER, {}
    for file in files:
        if file.path in added:
            raise Fault(400, "refused-tree", f"{file.path[:200]!r} is added twice", {"problems": []})
        if (file.sha256 is None) == (file.content is None):
            raise bad_request("a file comes by its sha256, or with its content")
        if file.content is not None:
            data = _decoded(file.content)
            room -= len(data)
            if len(data) > INLINE or room < 0:
                raise too_large("content within a commit", INLINE if len(data) > INLINE else INLINE_TOGETHER)
            added[file.path] = keep_bytes(visit, data)
        else:
            added[file.path] = Add(file.sha256 or "", file.size)
    return added


def keep_bytes(visit: Visit, data: bytes, *, large: bool | None = None) -> Add:
    """Keep a small file that came within a commit."""
    path = visit.hub.incoming / f"{secrets.token_hex(16)}.incoming"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    keep(visit.hub, path, sha256, len(data), visit.space.id)
    return Add(sha256, len(data), large)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request("content is base64") from None


@routes.post(f"{ONE}/releases", status_code=201)
def release(body: NewRelease, visit: _Write) -> Response:
    """A release of a revision, for ever."""
    with visit.hub.database.writing() as session:
        commit = commit_of(session, visit.repo.id, body.revision)
        is_new = add_release(session, visit, visit.repo, body.release, commit)
        return JSONResponse({"release": body.release, "commit": commit.oid}, 201 if is_new else 200)


@routes.post(f"{ONE}/branches", status_code=201)
def make_branch(body: NewBranch, visit: _Write) -> dict[str, Any]:
    """A branch from a revision."""
    with visit.hub.database.writing() as session:
        commit = commit_of(session, visit.repo.id, body.revision)
        add_branch(session, visit, body.branch, commit)
        return {"branch": body.branch, "commit": commit.oid}


@routes.delete(f"{ONE}/branches/{{branch}}", status_code=204)
def drop_branch(branch: str, visit: _Write) -> Response:
    """A branch goes; its commits stay."""
    with visit.hub.database.writing() as session:
        drop_ref(session, visit, branch, BRANCH)
    return Response(status_code=204)
