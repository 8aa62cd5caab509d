"""What was measured of a repository: every report, with its commit, its machine and who sent it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.native.bodies import RowNumber
from junco.hub.server.reports.keeping import drop_report, reports_of
from junco.hub.server.visits import Visit, needs
from junco.hub.web.about import about
from junco.hub.web.forms import answered
from junco.hub.web.render import page, redirect

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ, of_page=True))]
_Write = Annotated[Visit, Depends(needs(Action.WRITE, of_page=True))]
_MOST = 200


@routes.get("/{namespace}/{name}/measured")
def show(visit: _Read, request: Request) -> Response:
    """Reports by the data that they are of, the newest first."""
    with visit.hub.database.reading() as session:
        shown = about(session, visit)
        found = reports_of(session, visit.repo.id, limit=_MOST)
    by_data: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        by_data.setdefault(each["data_key"], []).append(each)
    return page(request, visit, "measured.html", shown=shown, tab="measured", by_data=by_data)


@routes.post("/{namespace}/{name}/measured/{number}/drop")
async def drop(number: RowNumber, visit: _Write, request: Request) -> Response:
    """A report that was wrong goes."""
    return await answered(request, visit, lambda visit, request, form: _drop(visit, number))


def _drop(visit: Visit, number: int) -> Response:
    with visit.hub.database.writing() as session:
        drop_report(session, visit, number)
    return redirect(f"/{visit.full_name}/measured", "report-dropped")
