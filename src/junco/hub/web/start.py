"""The first page: a search, what rises, what is new, and of which kinds and families there is something."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.repos import search
from junco.hub.server.visits import Visit, needs
from junco.hub.web.overview import Overviews
from junco.hub.web.render import page
from junco.hub.web.rows import rows_of

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_ROWS = 8


@routes.get("/")
def start(visit: _Open, request: Request) -> Response:
    """The start page."""
    known = request.app.state
    if not hasattr(known, "overviews"):
        known.overviews = Overviews(visit.hub)
    with visit.hub.database.reading() as session:
        rising, newest = (
            search.search(session, visit.actor, search.Query(sort=sort, limit=_ROWS), total=False).rows
            for sort in ("trending", "created")
        )
        rows = rows_of(session, [*rising, *newest])
    return page(
        request,
        visit,
        "start.html",
        rising=rows[: len(rising)],
        newest=rows[len(rising) :],
        overview=known.overviews.now(),
    )
