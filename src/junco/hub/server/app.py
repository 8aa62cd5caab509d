"""The app: every protocol's routes behind one front."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from sqlalchemy import text

from junco.hub.server.access import Action, allow
from junco.hub.server.answers import NATIVE, add_handlers
from junco.hub.server.faults import Fault, unauthenticated
from junco.hub.server.front import Front
from junco.hub.server.hf import large, people, reading, writing
from junco.hub.server.hub import Hub
from junco.hub.server.limits import Counter
from junco.hub.server.metrics import Metrics
from junco.hub.server.mirror.mirror import Mirror
from junco.hub.server.native import admin, browsers, mirroring, pushing, reports, repositories
from junco.hub.server.native import people as native_people
from junco.hub.server.native import reading as native_reading
from junco.hub.server.visits import Visit, needs
from junco.hub.server.xet import routes as xet
from junco.hub.web import pages
from junco.hub.web.failures import failure_page

common = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_LOOPBACK = {"127.0.0.1", "::1"}


_NATIVE = (native_people, browsers, repositories, native_reading, pushing, reports, admin, mirroring)
ROUTERS: list[tuple[str, APIRouter]] = [
    ("", common),
    *((NATIVE, module.routes) for module in _NATIVE),
    *(("", routes) for routes in (people.routes, writing.routes, large.routes, xet.routes, reading.routes)),
    *(("", routes) for routes in pages.ROUTERS),
]
"""All routes, with what their addresses begin with; the first that fits an address answers: pages of repositories,
which are at ``/namespace/name``, are asked last."""


def make_app(hub: Hub) -> FastAPI:
    """All of the hub as one ASGI app."""
    app = FastAPI(title="junco hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hub, app.state.counter, app.state.metrics = hub, Counter(), Metrics()
    app.state.failure_page = failure_page
    app.state.mirror = Mirror(hub, hub.mirroring) if hub.mirroring is not None else None
    add_handlers(app)
    for prefix, router in ROUTERS:
        app.include_router(router, prefix=prefix)
    app.add_middleware(Front, hub=hub, metrics=app.state.metrics)
    return app


@common.get("/health")
def health(visit: _Open) -> dict[str, Any]:
    """Whether the database answers and the disk takes a file."""
    with visit.hub.database.reading() as session:
        session.execute(text("SELECT 1"))
    if not visit.hub.incoming.is_dir():
        raise Fault(503, "full-disk", "the store's folder is not there")
    return {"status": "ok"}


@common.get("/metrics")
def metrics(visit: _Open, request: Request) -> Response:
    """For Prometheus on this machine, or with an admin's token."""
    if visit.actor.address not in _LOOPBACK and not allow(visit.actor, Action.SERVE):
        raise unauthenticated()
    return Response(request.app.state.metrics.text(visit.hub), media_type="text/plain; version=0.0.4")
