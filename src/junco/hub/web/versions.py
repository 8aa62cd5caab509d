"""A repository's history: its commits with their releases, each beside the one before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.repos.revisions import MAIN, commit_of, history
from junco.hub.server.visits import Visit, needs
from junco.hub.web.about import about, commit_named
from junco.hub.web.render import page, redirect

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ, of_page=True))]
_PAGE = 30


@routes.get("/{namespace}/{name}/versions")
def versions(visit: _Read, request: Request, after: str = "", branch: str = MAIN) -> Response:
    """Commits, the newest first."""
    with visit.hub.database.reading() as session:
        shown = about(session, visit, None if branch == MAIN else branch)
        start = commit_of(session, visit.repo.id, after) if after else shown.commit
        rows = history(session, start, _PAGE + 1) if start is not None else []
    named: dict[str, list[str]] = {}
    for ref, oid in shown.refs:
        named.setdefault(oid, []).append(ref.name)
    oids = {commit.id: commit.oid for commit, _ in rows}
    next_page = f"/{shown.name}/versions?after={rows[_PAGE][0].oid}" if len(rows) > _PAGE else None
    return page(
        request,
        visit,
        "versions.html",
        shown=shown,
        tab="versions",
        commits=[(commit, tree, oids.get(commit.parent_id or 0)) for commit, tree in rows[:_PAGE]],
        named=named,
        next=next_page,
        first=f"/{shown.name}/versions" if after else None,
    )


@routes.get("/{namespace}/{name}/commit/{revision}")
def commit(revision: str, visit: _Read) -> Response:
    """What a commit changed: where clients of Hugging Face say that it can be seen."""
    with visit.hub.database.reading() as session:
        found = commit_of(session, visit.repo.id, revision)
        before = commit_named(session, visit.repo.id, found.parent_id)
    if before is None:
        return redirect(f"/{visit.full_name}/tree/{found.oid}")
    return redirect(f"/{visit.full_name}/compare/{before}...{found.oid}")


@routes.get("/{namespace}/{name}/compare")
def chosen(visit: _Read, request: Request, base: str = "", head: str = "") -> Response:
    """From the form that chooses two versions to the page that compares them."""
    with visit.hub.database.reading() as session:
        shown = about(session, visit)
        names = [each or MAIN for each in (base, head)]
        if shown.commit is None:
            return redirect(f"/{shown.name}/versions")
        for each in names:
            commit_of(session, visit.repo.id, each)
    return redirect(f"/{shown.name}/compare/{names[0]}...{names[1]}")
