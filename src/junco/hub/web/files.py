"""The files of a revision: folders, what can safely be shown of a file, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.faults import Fault, no_file
from junco.hub.server.mirror.sending import send_mirrored
from junco.hub.server.repos.revisions import File, as_revision, commit_of, file_of
from junco.hub.server.sending import send_blob
from junco.hub.server.visits import Visit, needs
from junco.hub.web import raster
from junco.hub.web.about import about
from junco.hub.web.preview import preview, read
from junco.hub.web.render import page

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ, of_page=True))]
_ReadFile = Annotated[Visit, Depends(needs(Action.READ, "resolve", of_page=True))]
ONE = "/{namespace}/{name}"
_MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in a list of files.

    Attributes:
        path: from the top.
        files: how many it holds, in folders within too.
        bytes: of them.
    """

    path: str
    files: int
    bytes: int


@routes.get(f"{ONE}/tree/{{revision}}")
@routes.get(f"{ONE}/tree/{{revision}}/{{path:path}}")
def tree(revision: str, visit: _Read, request: Request, path: str = "") -> Response:
    """A folder."""
    path = path.strip("/")
    with visit.hub.database.reading() as session:
        shown = about(session, visit, revision)
    folders, files = within(shown.files, path)
    if path and not folders and not files:
        raise no_file(path)
    more = max(0, len(folders) + len(files) - _MOST_LISTED)
    folders, files = folders[:_MOST_LISTED], files[: max(0, _MOST_LISTED - len(folders))]
    listed: dict[str, Any] = {"at_folder": path, "folders": folders, "files": files, "more": more}
    return page(request, visit, "files.html", shown=shown, tab="files", **listed)


def within(files: list[File], path: str) -> tuple[list[Folder], list[File]]:
    """Folders and files that lie in a folder, sorted by name."""
    head = f"{path}/" if path else ""
    sizes: dict[str, list[int]] = {}
    here: list[File] = []
    for file in files:
        if not file.path.startswith(head):
            continue
        name, slash, _ = file.path[len(head) :].partition("/")
        if slash:
            sizes.setdefault(head + name, []).append(file.size)
        else:
            here.append(file)
    return [Folder(name, len(each), sum(each)) for name, each in sorted(sizes.items())], here


@routes.get(f"{ONE}/blob/{{revision}}/{{path:path}}")
def blob(revision: str, path: str, visit: _Read, request: Request) -> Response:
    """A file, as far as it can be shown."""
    with visit.hub.database.reading() as session:
        shown = about(session, visit, revision)
    file = shown.file(path)
    if file is None:
        raise no_file(path, shown.commit.oid if shown.commit is not None else None)
    return page(request, visit, "file.html", shown=shown, tab="files", file=file, preview=preview(visit.hub, file))


@routes.get(f"{ONE}/raster/{{revision}}/{{path:path}}")
def picture(revision: str, path: str, visit: _ReadFile, request: Request) -> Response:
    """A picture that was looked at: one of four formats, and not too large. Nothing else is shown as what it is."""
    file, commit = _file(visit, revision, path)
    kind = raster.may_be_shown(read(visit.hub, file, raster.HEAD), file.size)
    if kind is None:
        raise Fault(404, "no-file", "this is no picture that the hub shows: PNG, JPEG, GIF or WebP, of at most 8 MB")
    headers = {
        "Content-Type": kind,
        "Content-Disposition": "inline",
        "Cache-Control": "private, max-age=86400" if revision == commit else "private, no-cache",
        "Vary": "Cookie, Authorization",
    }
    response = send_blob(request, visit.hub, file.place, file.size, file.sha256, "picture", headers)
    response.headers["Content-Type"] = kind
    return response


@routes.get(f"{ONE}/download/{{revision}}/{{path:path}}")
def download(revision: str, path: str, visit: _ReadFile, request: Request) -> Response:
    """A file's bytes, to be kept and not to be shown."""
    file, _ = _file(visit, revision, path)
    headers = {"Vary": "Cookie, Authorization", "Cache-Control": "private, no-cache"}
    filename = path.rpartition("/")[2]
    if visit.repo.upstream is not None:
        return send_mirrored(request, visit, file.sha256, file.sha256, filename, headers)
    return send_blob(request, visit.hub, file.place, file.size, file.sha256, filename, headers)


def _file(visit: Visit, revision: str, path: str) -> tuple[File, str]:
    with visit.hub.database.reading() as session:
        commit = commit_of(session, visit.repo.id, as_revision(revision))
        file = file_of(session, commit.tree_id, path)
    if file is None:
        raise no_file(path, commit.oid)
    return file, commit.oid
