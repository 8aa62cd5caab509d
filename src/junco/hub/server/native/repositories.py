"""Routes of repositories: made, found, described, liked, ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.native.bodies import NewRepository, Resolve, Settings
from junco.hub.server.repos import search, trends
from junco.hub.server.repos.counts import set_like
from junco.hub.server.repos.making import make_at
from junco.hub.server.repos.repositories import described, end_repository, listed
from junco.hub.server.repos.resolving import resolve
from junco.hub.server.tables.files import Repository
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
ONE = "/repositories/{namespace}/{name}"
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_Somebody = Annotated[Visit, Depends(needs(Action.BE_SOMEBODY))]
_Read = Annotated[Visit, Depends(needs(Action.READ))]
_Like = Annotated[Visit, Depends(needs(Action.LIKE))]
_Administer = Annotated[Visit, Depends(needs(Action.ADMINISTER))]


@routes.post("/repositories", status_code=201)
def make(body: NewRepository, visit: _Somebody, request: Request) -> dict[str, Any]:
    """A new repository, in a namespace where the caller may write."""
    repository, namespace = make_at(visit, request, body.name, private=body.private)
    with visit.hub.database.reading() as session:
        return described(session, repository, namespace, visit.actor)


@routes.get("/repositories")
def find(  # noqa: PLR0913 - a search has as many parameters as it has
    visit: _Open,
    q: Annotated[str, Query(max_length=200)] = "",
    namespace: Annotated[str | None, Query(max_length=96)] = None,
    kind: Annotated[str | None, Query(max_length=96)] = None,
    family: Annotated[str | None, Query(max_length=96)] = None,
    task: Annotated[str | None, Query(max_length=96)] = None,
    licence: Annotated[str | None, Query(max_length=96)] = None,
    unsafe: bool | None = None,
    mirror: bool | None = None,
    sort: str = "trending",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: str | None = None,
    facets: bool = False,
) -> dict[str, Any]:
    """Repositories that the caller may see."""
    chosen = {"kind": kind, "family": family, "task": task, "licence": licence}
    query = search.Query(
        words=q,
        namespace=namespace,
        facets=tuple((name, value) for name, value in chosen.items() if value is not None),
        unsafe=unsafe,
        mirrored=mirror,
        sort=sort,
        limit=limit,
        after=after,
    )
    with visit.hub.database.reading() as session:
        found = search.search(session, visit.actor, query, facets=facets)
    items = [listed(repository, owner) for repository, owner in found.rows]
    return {"items": items, "next": found.next, "total": found.total, "facets": found.facets}


@routes.get(ONE)
def show(visit: _Read) -> dict[str, Any]:
    """One repository."""
    with visit.hub.database.reading() as session:
        return described(session, visit.repo, visit.space.name, visit.actor)


@routes.patch(ONE)
def change(body: Settings, visit: _Administer) -> dict[str, Any]:
    """Its settings."""
    with visit.hub.database.writing() as session:
        repository = session.get_one(Repository, visit.repo.id)
        if body.private is not None and body.private != repository.private:
            repository.private = body.private
            word = "private" if body.private else "public"
            audit.note(session, visit.actor, "repository.set", visit.full_name, word)
        return described(session, repository, visit.space.name, visit.actor)


@routes.delete(ONE, status_code=204)
def end(visit: _Administer) -> Response:
    """It is no more; its name stays taken."""
    with visit.hub.database.writing() as session:
        end_repository(session, visit.actor, visit.space, visit.repo.id)
    return Response(status_code=204)


@routes.put(f"{ONE}/like", status_code=204)
def like(visit: _Like) -> Response:
    """The caller likes it."""
    return _set_like(visit, liked=True)


@routes.delete(f"{ONE}/like", status_code=204)
def unlike(visit: _Like) -> Response:
    """The caller likes it no more."""
    return _set_like(visit, liked=False)


def _set_like(visit: Visit, *, liked: bool) -> Response:
    with visit.hub.database.writing() as session:
        if set_like(session, visit.actor.user_id or 0, visit.repo.id, liked=liked):
            audit.note(session, visit.actor, "like" if liked else "unlike", visit.full_name)
    return Response(status_code=204)


@routes.get(f"{ONE}/trends")
def days(visit: _Read, days: Annotated[int, Query(ge=1, le=366)] = 30) -> dict[str, Any]:
    """Downloads and likes by day."""
    with visit.hub.database.reading() as session:
        return {"days": trends.days_of(session, visit.repo.id, days)}


@routes.get("/trends")
def rising(
    visit: _Open,
    by: Literal["family"] = "family",
    days: Annotated[int | None, Query(ge=1, le=366)] = None,
    period: Literal["day", "week", "month"] = "week",
) -> dict[str, Any]:
    """Families that rise, beside what they usually are."""
    length, count = trends.PERIODS[period]
    with visit.hub.database.reading() as session:
        return {"by": by, "families": trends.rising_families(session, days or length * count, period_days=length)}


@routes.post("/resolve")
def resolve_names(body: Resolve, visit: _Open, request: Request) -> dict[str, Any]:
    """From names to commits, for a lock."""
    if request.app.state.mirror is not None:
        request.app.state.mirror.bring_named(body.names)
    with visit.hub.database.reading() as session:
        return {"resolved": [resolve(session, visit.actor, name) for name in body.names]}
