"""Routes that write: a repository, its settings, tags and branches, and a commit."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from junco.hub.server import audit
from junco.hub.server.access import Action, Target, allow
from junco.hub.server.accounts.names import checked_ref
from junco.hub.server.blobs.receive import receive
from junco.hub.server.blobs.uploads import is_digest
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault, bad_request, no_repository, no_revision, too_large
from junco.hub.server.hf.bodies import Branch, NewRepo, OldRepo, Preupload, RepoSettings, Sampled, Tag
from junco.hub.server.hf.reading import ONE
from junco.hub.server.hf.shapes import etag
from junco.hub.server.hub import Hub
from junco.hub.server.native.pushing import keep_bytes
from junco.hub.server.repos.commits import ANY, Add, Change, make_commit
from junco.hub.server.repos.making import make_at
from junco.hub.server.repos.refs import add_branch, add_tag, drop_ref
from junco.hub.server.repos.repositories import end_repository
from junco.hub.server.repos.revisions import MAIN, commit_of, file_of, find_commit
from junco.hub.server.tables.files import BRANCH, TAG, Repository
from junco.hub.server.visits import Visit, find_repository, needs, refused

routes = APIRouter()
_Somebody = Annotated[Visit, Depends(needs(Action.BE_SOMEBODY))]
_Write = Annotated[Visit, Depends(needs(Action.WRITE))]
_Administer = Annotated[Visit, Depends(needs(Action.ADMINISTER))]
MOST_TOGETHER = 256 << 20
"""Bytes of a commit's request: files up to 10 MB come within it."""


@routes.post("/api/repos/create")
def make(body: NewRepo, visit: _Somebody, request: Request) -> Response:
    """A new repository; where it is there, 409 with its address, as clients expect."""
    _only_models(body.type)
    full_name = f"{body.organization or visit.actor.name}/{body.name}" if "/" not in body.name else body.name
    shown = {"url": str(request.base_url) + full_name, "name": full_name, "id": full_name}
    try:
        make_at(visit, request, full_name, private=body.is_private)
    except Fault as fault:
        if fault.code != "taken" or not _is_there(visit, full_name):
            raise
        return JSONResponse({"error": fault.message, **shown}, 409, headers={"X-Error-Message": "it is there already"})
    return JSONResponse(shown)


def _only_models(kind: str | None) -> None:
    if kind not in {None, "model"}:
        raise bad_request("this hub keeps repositories of the type model alone")


def _is_there(visit: Visit, full_name: str) -> bool:
    with visit.hub.database.reading() as session:
        return find_repository(session, *full_name.split("/", 1))[1] is not None


@routes.delete("/api/repos/delete")
def end(body: OldRepo, visit: _Somebody) -> dict[str, Any]:
    """A repository is no more."""
    _only_models(body.type)
    space = body.organization or visit.actor.name or ""
    with visit.hub.database.writing() as session:
        namespace, repository = find_repository(session, space, body.name)
        target = Target(repository.namespace_id, repository.id, repository.private) if repository else None
        if namespace is None or repository is None or not allow(visit.actor, Action.READ, target):
            raise no_repository()
        if not allow(visit.actor, Action.ADMINISTER, target):
            raise refused(visit.actor, Action.ADMINISTER)
        end_repository(session, visit.actor, namespace, repository.id)
    return {}


@routes.post("/api/repos/move")
def move(visit: _Somebody) -> None:
    """Names do not move: they stand in locks."""
    raise bad_request("a repository keeps its name here, because locks name it: make a new one")


@routes.put(f"{ONE}/settings")
def change(body: RepoSettings, visit: _Administer) -> dict[str, Any]:
    """Private or public."""
    private = (
        body.private if body.private is not None else {"private": True, "public": False}.get(body.visibility or "")
    )
    with visit.hub.database.writing() as session:
        repository = session.get_one(Repository, visit.repo.id)
        if private is not None and repository.private != private:
            repository.private = private
            word = "private" if private else "public"
            audit.note(session, visit.actor, "repository.set", visit.full_name, word)
        return {"private": repository.private}


@routes.post(f"{ONE}/preupload/{{revision}}")
def preupload(revision: str, body: Preupload, visit: _Write, request: Request) -> dict[str, Any]:
    """How each file is to be sent, and which of them are here."""
    _no_pull_requests(request)
    with visit.hub.database.reading() as session:
        commit = find_commit(session, visit.repo.id, revision)
        shown = []
        for file in body.files:
            is_large = _is_large(file)
            there = file_of(session, commit.tree_id, file.path) if commit else None
            oid = etag(there) if there is not None and there.large == is_large else None
            mode = "lfs" if is_large else "regular"
            shown.append({"path": file.path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return {"files": shown}


def _is_large(file: Sampled) -> bool:
    try:
        sample = base64.b64decode(file.sample, validate=True)
        text = sample.decode("utf-8")
    except UnicodeDecodeError as error:
        text = "" if error.start >= len(sample) - 3 and file.size > len(sample) else "\0"
    except (binascii.Error, ValueError):
        raise bad_request("sample is base64") from None
    return file.size > 10_000_000 or "\0" in text


def _no_pull_requests(request: Request) -> None:
    if request.query_params.get("create_pr", "").lower() in {"1", "true"}:
        raise bad_request("this hub has no pull requests: commit to a branch")


@routes.post(f"{ONE}/commit/{{revision}}")
async def commit(revision: str, visit: _Write, request: Request) -> dict[str, Any]:
    """A commit, a line for each thing that it does."""
    _no_pull_requests(request)
    body = await receive(request, visit.hub.incoming, MOST_TOGETHER, "the commit")
    try:
        return await run_in_threadpool(_commit, visit, revision, body.path, str(request.base_url))
    finally:
        body.discard()


def _commit(visit: Visit, revision: str, body: Path, base: str) -> dict[str, Any]:
    change = _read(visit, checked_ref(revision.removeprefix("refs/heads/")), body)
    done = make_commit(visit.hub, visit, change)
    return {
        "success": True,
        "commitOid": done.commit.oid,
        "commitUrl": f"{base}{visit.full_name}/commit/{done.commit.oid}",
        "hookOutput": "",
    }


def _read(visit: Visit, branch: str, body: Path) -> Change:
    with visit.hub.database.reading() as session:
        if branch != MAIN and find_commit(session, visit.repo.id, branch) is None:
            raise no_revision(branch)
    parent, message, add, remove = ANY, "", {}, []
    for key, value in _lines(body, visit.hub):
        if key == "header":
            parent = str(value.get("parentCommit") or ANY)
            message = "\n\n".join(str(value.get(part)) for part in ("summary", "description") if value.get(part))
        elif key in {"file", "lfsFile"}:
            path = _path(value)
            add[path] = _regular(visit, value) if key == "file" else _large(value)
        elif key in {"deletedFile", "deletedFolder"}:
            remove.append(_path(value).rstrip("/") + ("/" if key == "deletedFolder" else ""))
        else:
            raise bad_request(f"a commit has no {key[:40]!r} here")
    return Change(branch, parent, message[:10_000], add, tuple(remove))


def _lines(body: Path, hub: Hub) -> Iterator[tuple[str, dict[str, Any]]]:
    longest = hub.limits.regular_bytes * 4 // 3 + 10_000
    with body.open("rb") as file:
        for number in range(2 * hub.limits.commit_files):
            line = file.readline(longest + 1)
            if len(line) > longest:
                raise too_large("a file within a commit, in bytes", hub.limits.regular_bytes)
            if not line:
                return
            if line.strip():
                yield _line(line, number)
    raise too_large("lines of a commit", 2 * hub.limits.commit_files)


def _line(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        found = json.loads(line)
        key, value = found["key"], found["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        key = value = None
    if not isinstance(key, str) or not isinstance(value, dict):
        raise bad_request(f"line {number + 1} of the commit is no JSON of a key and a value")
    return key, value


def _path(value: dict[str, Any]) -> str:
    path = value.get("path")
    if not isinstance(path, str) or len(path) > 5000 or not _is_text(path):
        raise bad_request("a file of a commit has a path")
    return path


def _is_text(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _regular(visit: Visit, value: dict[str, Any]) -> Add:
    content = value.get("content")
    if not isinstance(content, str) or value.get("encoding", "base64") not in {"base64", "utf-8"}:
        raise bad_request("a file within a commit comes as base64")
    try:
        is_base64 = value.get("encoding", "base64") == "base64"
        data = base64.b64decode(content, validate=True) if is_base64 else content.encode()
    except (binascii.Error, ValueError):
        raise bad_request("a file within a commit comes as base64") from None
    return keep_bytes(visit, data, large=False)


def _large(value: dict[str, Any]) -> Add:
    oid, size = value.get("oid"), value.get("size")
    if not isinstance(oid, str) or not is_digest(oid) or value.get("algo", "sha256") != "sha256":
        raise bad_request("a large file is named by its sha256")
    return Add(oid, size if type(size) is int else None, large=True)


@routes.post(f"{ONE}/tag/{{revision}}")
def make_tag(revision: str, body: Tag, visit: _Write) -> dict[str, Any]:
    """A tag; one like v1.2.0 is a release, for ever."""
    with visit.hub.database.writing() as session:
        commit = commit_of(session, visit.repo.id, revision)
        if not add_tag(session, visit, visit.repo, body.tag, commit):
            raise Fault(409, "exists", f"the tag {body.tag[:96]!r} is there, at this commit")
        return {"tag": body.tag, "commit": commit.oid, "created": now()}


@routes.delete(f"{ONE}/tag/{{tag}}")
def drop_tag(tag: str, visit: _Write) -> dict[str, Any]:
    """A tag that is no release goes."""
    with visit.hub.database.writing() as session:
        drop_ref(session, visit, tag, TAG)
    return {}


@routes.post(f"{ONE}/branch/{{branch}}")
def make_branch(branch: str, body: Branch, visit: _Write) -> dict[str, Any]:
    """A branch."""
    with visit.hub.database.writing() as session:
        commit = commit_of(session, visit.repo.id, body.startingPoint or MAIN)
        add_branch(session, visit, branch, commit)
    return {}


@routes.delete(f"{ONE}/branch/{{branch}}")
def drop_branch(branch: str, visit: _Write) -> dict[str, Any]:
    """A branch goes."""
    with visit.hub.database.writing() as session:
        drop_ref(session, visit, branch, BRANCH)
    return {}
