"""The first page: a search, what rises, what is new, and of which kinds and families there is something."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.repos import search, trends
from junco.hub.server.visits import Visit, needs
from junco.hub.web.render import page
from junco.hub.web.rows import rows_of

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_ROWS, _FAMILIES = 8, 12


@routes.get("/")
def start(visit: _Open, request: Request) -> Response:
    """The start page."""
    with visit.hub.database.reading() as session:
        rising = search.search(session, visit.actor, search.Query(sort="trending", limit=_ROWS), facets=True)
        newest = search.search(session, visit.actor, search.Query(sort="created", limit=_ROWS), total=False)
        families = trends.rising_families(session, 30, _FAMILIES)
        rows = rows_of(session, [*rising.rows, *newest.rows])
    counts = rising.facets or {}
    return page(
        request,
        visit,
        "start.html",
        total=rising.total or 0,
        rising=rows[: len(rising.rows)],
        newest=rows[len(rising.rows) :],
        kinds=counts.get("kind", []),
        families=families,
        count_of={each["value"]: each["count"] for each in counts.get("family", [])},
    )
