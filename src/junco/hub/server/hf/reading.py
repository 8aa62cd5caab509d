"""Routes that read: a repository, its files, its history, lists of repositories, the bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from junco.hub.server.access import Action
from junco.hub.server.faults import bad_request, no_file
from junco.hub.server.hf.shapes import commit_entry, etag, file_entry, folder_entry, model
from junco.hub.server.mirror.sending import send_mirrored
from junco.hub.server.repos import search
from junco.hub.server.repos.counts import count_download
from junco.hub.server.repos.revisions import (
    MAIN,
    File,
    commit_of,
    file_of,
    files_of,
    find_commit,
    heads_of,
    history,
    parent_of,
    refs_of,
)
from junco.hub.server.sending import send_blob
from junco.hub.server.tables.files import BRANCH, Commit
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
ONE = "/api/models/{namespace}/{name}"
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_Read = Annotated[Visit, Depends(needs(Action.READ))]
_ReadFile = Annotated[Visit, Depends(needs(Action.READ, "resolve"))]
_SORTS = {
    None: "trending",
    "trendingScore": "trending",
    "trending_score": "trending",
    "createdAt": "created",
    "created_at": "created",
    "lastModified": "updated",
    "last_modified": "updated",
    "downloads": "downloads",
    "likes": "likes",
}


@routes.get("/api/models")
def find(  # noqa: PLR0913 - a search has as many parameters as it has
    visit: _Open,
    request: Request,
    q: Annotated[str, Query(alias="search", max_length=200)] = "",
    author: Annotated[str | None, Query(max_length=96)] = None,
    tags: Annotated[list[str] | None, Query(alias="filter", max_length=20)] = None,
    task: Annotated[str | None, Query(alias="pipeline_tag", max_length=96)] = None,
    sort: str | None = None,
    limit: Annotated[int, Query(ge=1)] = 100,
    cursor: str | None = None,
) -> Response:
    """Repositories, page by page."""
    if sort not in _SORTS:
        raise bad_request(f"sort is one of {', '.join(name for name in _SORTS if name)}")
    chosen, others = _facets(tags or [])
    query = search.Query(
        words=q,
        namespace=author,
        facets=(*chosen, *([("task", task)] if task else [])),
        tags=others,
        sort=_SORTS[sort],
        limit=min(limit, 100),
        after=cursor,
    )
    with visit.hub.database.reading() as session:
        found = search.search(session, visit.actor, query, total=False)
        full = request.query_params.get("full", "").lower() in {"true", "1"}
        heads = heads_of(session, [repository.id for repository, _ in found.rows])
        items = [
            _listed(session, repository, space, heads.get(repository.id), full) for repository, space in found.rows
        ]
    headers = {}
    if found.next is not None:
        kept = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
        address = request.url.replace(query=urlencode([*kept, ("cursor", found.next)]))
        headers["Link"] = f'<{address}>; rel="next"'
    return JSONResponse(items, headers=headers)


def _facets(tags: list[str]) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    names = {"license:": "licence", "family:": "family", "junco:": "kind"}
    chosen = [(names[head], tag[len(head) :]) for tag in tags for head in names if tag.startswith(head)]
    return chosen, tuple(tag[:96] for tag in tags if not tag.startswith(tuple(names)))


def _listed(session: Any, repository: Any, space: str, commit: Commit | None, full: bool) -> dict[str, Any]:
    files = files_of(session, commit.tree_id) if full and commit else None
    return model(repository, space, commit, files)


@routes.get(ONE)
def show(visit: _Read) -> dict[str, Any]:
    """A repository at the head of its main branch."""
    with visit.hub.database.reading() as session:
        commit = find_commit(session, visit.repo.id, MAIN)
        files = files_of(session, commit.tree_id) if commit else []
        return model(visit.repo, visit.space.name, commit, files)


@routes.get(f"{ONE}/revision/{{revision}}")
def show_revision(revision: str, visit: _Read) -> dict[str, Any]:
    """A repository at a revision."""
    with visit.hub.database.reading() as session:
        commit = commit_of(session, visit.repo.id, revision)
        return model(visit.repo, visit.space.name, commit, files_of(session, commit.tree_id))


@routes.get(f"{ONE}/tree/{{revision}}")
@routes.get(f"{ONE}/tree/{{revision}}/{{path:path}}")
def tree(revision: str, visit: _Read, path: str = "", recursive: bool = False) -> Response:
    """Files and folders, of the whole or of a folder."""
    with visit.hub.database.reading() as session:
        commit = _commit(session, visit, revision)
        files = files_of(session, commit.tree_id, path.strip("/")) if commit else []
    headers = {"X-Repo-Commit": commit.oid} if commit else {}
    if path.strip("/") and not files:
        raise no_file(path, commit.oid if commit else None)
    return JSONResponse(_entries(files, path.strip("/"), recursive=recursive), headers=headers)


def _commit(session: Session, visit: Visit, revision: str) -> Commit | None:
    """The commit; ``None`` for the main branch before its first, which these clients take to be there."""
    if revision == MAIN and find_commit(session, visit.repo.id, MAIN) is None:
        return None
    return commit_of(session, visit.repo.id, revision)


def _entries(files: list[File], under: str, *, recursive: bool) -> list[dict[str, Any]]:
    depth = under.count("/") + 1 if under else 0
    folders: dict[str, list[str]] = {}
    for file in files:
        parts = file.path.split("/")
        for n in range(depth + 1, len(parts)):
            folders.setdefault("/".join(parts[:n]), []).append(f"{file.sha256} {file.path}")
    shown = [
        folder_entry(path, hashlib.sha1("\n".join(held).encode(), usedforsecurity=False).hexdigest())
        for path, held in folders.items()
        if recursive or path.count("/") == depth
    ]
    return shown + [file_entry(file) for file in files if recursive or file.path.count("/") == depth]


@routes.post(f"{ONE}/paths-info/{{revision}}")
async def paths_info(revision: str, visit: _Read, request: Request) -> list[dict[str, Any]]:
    """What is at some paths."""
    wanted = _paths(await request.body(), request.headers.get("content-type", ""))
    with visit.hub.database.reading() as session:
        commit = commit_of(session, visit.repo.id, revision)
        files = files_of(session, commit.tree_id)
    entries = {entry["path"]: entry for entry in _entries(files, "", recursive=True)}
    return [entries[path] for path in wanted if path in entries]


def _paths(body: bytes, kind: str) -> list[str]:
    try:
        if "json" in kind:
            found = json.loads(body).get("paths", [])
        else:
            found = parse_qs(body.decode(), max_num_fields=2000).get("paths", [])
    except (ValueError, AttributeError, RecursionError):
        raise bad_request("paths are meant") from None
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or len(found) > 1000 or not all(isinstance(path, str) for path in found):
        raise bad_request("at most 1,000 paths are meant")
    return found


@routes.get(f"{ONE}/refs")
def refs(visit: _Read) -> dict[str, Any]:
    """Branches and tags."""
    with visit.hub.database.reading() as session:
        rows = refs_of(session, visit.repo.id)
    shown: dict[str, Any] = {"branches": [], "tags": [], "converts": []}
    for ref, oid in rows:
        kind, folder = ("branches", "heads") if ref.kind == BRANCH else ("tags", "tags")
        shown[kind].append({"name": ref.name, "ref": f"refs/{folder}/{ref.name}", "targetCommit": oid})
    return shown


@routes.get(f"{ONE}/commits/{{revision}}")
def commits(revision: str, visit: _Read, limit: Annotated[int, Query(ge=1)] = 1000) -> list[dict[str, Any]]:
    """A revision's history."""
    with visit.hub.database.reading() as session:
        commit = _commit(session, visit, revision)
        rows = history(session, commit, min(limit, 1000)) if commit else []
        return [commit_entry(each, parent_of(session, each)) for each, _ in rows]


@routes.get("/{namespace}/{name}/resolve/{revision}/{path:path}")
@routes.head("/{namespace}/{name}/resolve/{revision}/{path:path}")
def resolve(revision: str, path: str, visit: _ReadFile, request: Request) -> Response:
    """A file's bytes, or what is known of them."""
    with visit.hub.database.reading() as session:
        commit = _commit(session, visit, revision)
        file = file_of(session, commit.tree_id, path) if commit else None
    if commit is None or file is None:
        raise no_file(path, commit.oid if commit else None)
    if request.method == "GET" and "x-hf-download-counter" in request.headers:
        count_download(visit.hub, visit.actor, visit.repo.id)
    headers = {"X-Repo-Commit": commit.oid, "Vary": "Authorization"}
    if file.large:
        headers |= {"X-Linked-Size": str(file.size), "X-Linked-Etag": f'"{file.sha256}"'}
    if visit.repo.unsafe:
        headers["X-HF-Warning"] = "unsafe-files; some files of this repository can run code when they are loaded"
    filename = path.rpartition("/")[2]
    if visit.repo.upstream is not None:
        return send_mirrored(request, visit, file.sha256, etag(file), filename, headers)
    return send_blob(request, visit.hub, file.place, file.size, etag(file), filename, headers)
