"""Routes of what was measured: reports of a repository, and a family's members beside each other."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from junco.hub.server.access import Action
from junco.hub.server.faults import too_large
from junco.hub.server.native.bodies import RowNumber
from junco.hub.server.native.repositories import ONE
from junco.hub.server.reports.bodies import MOST_BYTES, NewReport
from junco.hub.server.reports.families import Asked, family_of
from junco.hub.server.reports.keeping import add_report, drop_report, reports_of
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_Read = Annotated[Visit, Depends(needs(Action.READ))]
_Write = Annotated[Visit, Depends(needs(Action.WRITE))]
_Made = Annotated[Visit, Depends(needs(Action.WRITE, "made"))]
_Key = Annotated[str | None, Query(max_length=120)]


async def _is_small(request: Request) -> None:
    if len(await request.body()) > MOST_BYTES:
        raise too_large("bytes of a report", MOST_BYTES)


@routes.post(f"{ONE}/reports", dependencies=[Depends(_is_small)])
def add(body: NewReport, visit: _Made) -> Response:
    """What was measured of a commit."""
    with visit.hub.database.writing() as session:
        report, is_new = add_report(session, visit, body)
    return JSONResponse(report, 201 if is_new else 200)


@routes.get(f"{ONE}/reports")
def show(
    visit: _Read,
    revision: Annotated[str | None, Query(max_length=96)] = None,
    data: _Key = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """What was measured, of which commits, by whom, on which machine and when; the newest first."""
    with visit.hub.database.reading() as session:
        return {"items": reports_of(session, visit.repo.id, revision=revision, data=data, limit=limit)}


@routes.delete(f"{ONE}/reports/{{number}}", status_code=204)
def drop(number: RowNumber, visit: _Write) -> Response:
    """A report that was wrong goes."""
    with visit.hub.database.writing() as session:
        drop_report(session, visit, number)
    return Response(status_code=204)


@routes.get("/families/{family}")
def compare(
    family: Annotated[str, Path(max_length=96)],
    visit: _Open,
    data: _Key = None,
    metric: Annotated[str | None, Query(max_length=96)] = None,
    sort: str = "quality",
    falling: bool | None = None,
) -> dict[str, Any]:
    """What a family is, and its members by what was measured."""
    with visit.hub.database.reading() as session:
        return family_of(session, visit.actor, family, Asked(data, metric, sort, falling))
