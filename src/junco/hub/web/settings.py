"""What who may change a repository changes: who sees it, and whether it is there at all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.repos.repositories import end_repository
from junco.hub.server.tables.files import Repository
from junco.hub.server.visits import Visit, needs
from junco.hub.web.about import about
from junco.hub.web.render import form_of, page, redirect

routes = APIRouter()
_Administer = Annotated[Visit, Depends(needs(Action.ADMINISTER, of_page=True))]


@routes.get("/{namespace}/{name}/settings")
def show(visit: _Administer, request: Request) -> Response:
    """The settings."""
    with visit.hub.database.reading() as session:
        shown = about(session, visit)
    return page(request, visit, "settings.html", shown=shown, tab="settings")


@routes.post("/{namespace}/{name}/settings")
async def change(visit: _Administer, request: Request) -> Response:
    """Change one of them; what ends a repository needs its name, typed."""
    form = await form_of(request, visit)
    wanted, here = str(form.get("what", "")), f"/{visit.full_name}/settings"
    if wanted in {"private", "public"}:
        await run_in_threadpool(_set_private, visit, private=wanted == "private")
        return redirect(here, f"made-{wanted}")
    if wanted == "delete":
        if str(form.get("name", "")).strip() != visit.full_name:
            return redirect(here, "wrong-name")
        await run_in_threadpool(_end, visit)
        return redirect("/", "deleted")
    return redirect(here)


def _set_private(visit: Visit, *, private: bool) -> None:
    with visit.hub.database.writing() as session:
        repository = session.get_one(Repository, visit.repo.id)
        if repository.private != private:
            repository.private = private
            audit.note(session, visit.actor, "repository.set", visit.full_name, "private" if private else "public")


def _end(visit: Visit) -> None:
    with visit.hub.database.writing() as session:
        end_repository(session, visit.actor, visit.space, visit.repo.id)
