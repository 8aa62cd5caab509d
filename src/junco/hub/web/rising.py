"""What rises: families by what is asked for here, over days, weeks and months, and what appears outside."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.repos.trends import PERIODS, in_periods, rising_families
from junco.hub.server.visits import Visit, needs
from junco.hub.web.outside import outside
from junco.hub.web.render import page

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_FAMILIES = 40
_A_LOT = 0.05
"""Of the usual: what differs less is as usual."""


@routes.get("/rising")
def rising(visit: _Open, request: Request) -> Response:
    """Families that are asked for more than they usually are, first."""
    period = request.query_params.get("period", "week")
    period = period if period in PERIODS else "week"
    days, count = PERIODS[period]
    with visit.hub.database.reading() as session:
        found = rising_families(session, days * count, _FAMILIES, period_days=days)
    family = request.query_params.get("outside", "")[:96]
    return page(
        request,
        visit,
        "rising.html",
        world=outside(family or None),
        world_family=family,
        period=period,
        periods=list(PERIODS),
        count=count,
        families=[{**each, "periods": in_periods(each["days"], days), "way": _way(each)} for each in found],
    )


def _way(family: dict[str, Any]) -> str:
    """Up, down, or as usual."""
    usual = family["score"] - family["rise"]
    if abs(family["rise"]) <= _A_LOT * max(usual, 0.2):
        return "level"
    return "up" if family["rise"] > 0 else "down"
