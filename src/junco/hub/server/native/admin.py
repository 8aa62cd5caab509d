"""Routes of whoever runs the server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts.disabling import set_disabled
from junco.hub.server.blobs.collect import collect
from junco.hub.server.faults import bad_request
from junco.hub.server.native.bodies import RowNumber
from junco.hub.server.repos.repositories import end_repository
from junco.hub.server.visits import Visit, needs

routes = APIRouter(prefix="/admin")
_Serve = Annotated[Visit, Depends(needs(Action.SERVE))]
_Administer = Annotated[Visit, Depends(needs(Action.ADMINISTER))]


@routes.get("/audit")
def events(
    visit: _Serve,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: RowNumber | None = None,
    actor: Annotated[str, Query(max_length=96)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    target: Annotated[str, Query(max_length=255)] = "",
) -> dict[str, Any]:
    """What was done, the newest first: by somebody, of a kind, to something, or all."""
    with visit.hub.database.reading() as session:
        items = audit.events(session, limit, after, audit.Wanted(actor, action, target))
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


@routes.post("/collect")
def collect_garbage(visit: _Serve) -> dict[str, Any]:
    """Let go of bytes that no commit names."""
    gone = collect(visit.hub)
    with visit.hub.database.writing() as session:
        audit.note(session, visit.actor, "collect", "", f"{gone.blobs} files, {gone.bytes} bytes")
    return asdict(gone)


@routes.post("/users/{user}/{what}", status_code=204)
def set_user(user: str, what: str, visit: _Serve) -> Response:
    """Shut a user out (``disable``), with all tokens and sessions; or let them in again (``enable``)."""
    if what not in {"disable", "enable"}:
        raise bad_request("disable or enable is meant")
    with visit.hub.database.writing() as session:
        set_disabled(session, visit.actor, user, disabled=what == "disable")
    return Response(status_code=204)


@routes.delete("/repositories/{namespace}/{name}", status_code=204)
def end(visit: _Administer, _: _Serve) -> Response:
    """End anybody's repository."""
    with visit.hub.database.writing() as session:
        end_repository(session, visit.actor, visit.space, visit.repo.id)
    return Response(status_code=204)
