"""Pages of families: which there are, and the members of one beside each other, by what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.faults import Fault
from junco.hub.server.reports import families as compared
from junco.hub.server.reports.families import MOST_MEMBERS, Asked, family_of, quality
from junco.hub.server.repos import trends
from junco.hub.server.visits import Visit, needs
from junco.hub.web.machines import short_machines
from junco.hub.web.render import page
from junco.hub.web.scatter import Point, interval, scatter, shapes
from junco.hub.web.weights import weights_of
from junco.operator import registry

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_MOST_FAMILIES = 200
_COLUMNS = ("name", "quality", "speed", "size", "memory", "dim", "licence", "downloads")


@routes.get("/families")
def families(visit: _Open, request: Request) -> Response:
    """All families that have members here, and those of junco's own that have none yet."""
    with visit.hub.database.reading() as session:
        rising = trends.rising_families(session, 30, _MOST_FAMILIES)
    known = {name: each for kind in ("pipeline", "operator") for name, each in registry.families(kind).items()}
    there = {each["family"] for each in rising}
    return page(
        request,
        visit,
        "families.html",
        families=sorted(rising, key=lambda each: (-each["members"], each["family"])),
        about={name: each.description for name, each in known.items()},
        empty_ones=[each for name, each in sorted(known.items()) if name not in there],
    )


@routes.get("/families/{family}")
def show(family: str, visit: _Open, request: Request) -> Response:
    """A family: its contract, and its members."""
    given = {name: request.query_params.get(name, "")[:120] for name in ("data", "metric", "sort", "order")}
    falling = {"down": True, "up": False}.get(given["order"])
    sort = given["sort"] if given["sort"] in compared.SORTS else "quality"
    with visit.hub.database.reading() as session:
        asked = Asked(given["data"] or None, given["metric"] or None, sort, falling)
        told = family_of(session, visit.actor, family[:96], asked)
        weights = weights_of(session, [each["name"] for each in told["items"] if not _has_size(each)], family[:96])
    if not told["total"] and not told["contracts"]:
        raise Fault(404, "no-family", "no family is called so, here or in junco")
    metric = told["chosen"]["metric"]
    measured = [each for each in told["items"] if quality(each, metric) is not None]
    symbols = shapes(sorted({each["report"]["machine"] for each in measured}))
    return page(
        request,
        visit,
        "family.html",
        family=told["family"],
        told=told,
        metric=metric,
        columns=_columns(family, told, falling),
        measured=measured,
        symbols=symbols,
        short=short_machines(list(symbols)),
        weights=weights,
        picture=scatter([_point(each, metric, symbols) for each in measured if each["report"]["items_per_s"]]),
        bars=_bars(measured, metric),
        most=MOST_MEMBERS,
    )


def _columns(family: str, told: Mapping[str, Any], falling: bool | None) -> list[dict[str, Any]]:
    """The table's columns: where each leads to be sorted by, and which one is."""
    chosen = told["chosen"]
    made = []
    for name in _COLUMNS:
        is_chosen, usual = name == chosen["sort"], compared.SORTS[name][1]
        now = (usual if falling is None else falling) if is_chosen else None
        wanted = {"data": chosen["data"], "metric": chosen["metric"], "sort": name}
        if is_chosen:
            wanted["order"] = "up" if now else "down"
        query = urlencode({key: value for key, value in wanted.items() if value is not None})
        made.append({"name": name, "falling": now, "query": query})
    return made


def _has_size(row: Mapping[str, Any]) -> bool:
    return row["report"] is not None and row["report"]["model_bytes"] is not None


def _point(row: Mapping[str, Any], metric: str, symbols: Mapping[str, str]) -> Point:
    report = row["report"]
    each = report["metrics"][metric]
    return Point(
        name=row["name"],
        speed=report["items_per_s"],
        mean=each["mean"],
        low=each["low"],
        high=each["high"],
        shape=symbols.get(report["machine"], "circle"),
    )


def _bars(measured: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any]:
    """Of each member its interval as a picture, all on one scale."""
    each = {row["name"]: row["report"]["metrics"][metric] for row in measured}
    low, high = min((m["low"] for m in each.values()), default=0), max((m["high"] for m in each.values()), default=1)
    return {name: interval(m["low"], m["mean"], m["high"], (low, high)) for name, m in each.items()}
