"""Routes of whoever runs the server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import delete, update

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts.people import user_of
from junco.hub.server.blobs.collect import collect
from junco.hub.server.clock import now
from junco.hub.server.faults import bad_request
from junco.hub.server.repos.repositories import end_repository
from junco.hub.server.tables.people import Session, Token
from junco.hub.server.visits import Visit, needs

routes = APIRouter(prefix="/admin")
_Serve = Annotated[Visit, Depends(needs(Action.SERVE))]
_Administer = Annotated[Visit, Depends(needs(Action.ADMINISTER))]


@routes.get("/audit")
def events(
    visit: _Serve, limit: Annotated[int, Query(ge=1, le=1000)] = 100, after: int | None = None
) -> dict[str, Any]:
    """What was done, the newest first."""
    with visit.hub.database.reading() as session:
        items = audit.events(session, limit, after)
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
        namespace, row = user_of(session, user)
        row.disabled = what == "disable"
        if row.disabled:
            revoked = update(Token).where(Token.user_id == row.id, Token.revoked.is_(None)).values(revoked=now())
            session.execute(revoked)
            session.execute(delete(Session).where(Session.user_id == row.id))
        audit.note(session, visit.actor, f"user.{what}", namespace.name)
    return Response(status_code=204)


@routes.delete("/repositories/{namespace}/{name}", status_code=204)
def end(visit: _Administer, _: _Serve) -> Response:
    """End anybody's repository."""
    with visit.hub.database.writing() as session:
        end_repository(session, visit.actor, visit.space, visit.repo.id)
    return Response(status_code=204)
