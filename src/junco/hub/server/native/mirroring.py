"""Routes of whoever runs a mirror: what it holds, and what it is to fetch ahead."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.faults import Fault
from junco.hub.server.mirror.ahead import fetch_ahead, mirrored
from junco.hub.server.mirror.mirror import Mirror
from junco.hub.server.mirror.room import kept_bytes
from junco.hub.server.native.bodies import Ahead
from junco.hub.server.visits import Visit, needs

routes = APIRouter(prefix="/admin")
_Serve = Annotated[Visit, Depends(needs(Action.SERVE))]


@routes.get("/mirror")
def show(visit: _Serve) -> dict[str, Any]:
    """What is mirrored, and what may be."""
    options = visit.hub.mirroring
    with visit.hub.database.reading() as session:
        items = mirrored(session)
    return {
        "upstream": options.upstream if options else None,
        "allowed": list(options.allowed) if options else [],
        "limit": options.most_bytes if options else 0,
        "kept": kept_bytes(visit.hub),
        "items": items,
    }


@routes.post("/mirror")
def fetch(body: Ahead, visit: _Serve, request: Request) -> dict[str, Any]:
    """Begin to fetch a repository's files, or go on: it is asked until nothing is missing."""
    mirror: Mirror | None = request.app.state.mirror
    if mirror is None:
        raise Fault(400, "bad-request", "this hub mirrors no other: junco hub serve --mirror ADDRESS")
    done = fetch_ahead(visit.hub, mirror, body.name, body.only)
    if body.first:
        with visit.hub.database.writing() as session:
            audit.note(session, visit.actor, "mirror.fetch", done["name"], done["commit"])
    return done
