"""A family's members beside each other: by what was measured of them, with one data, and with honest gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from junco.hub.server.access import Actor
from junco.hub.server.faults import bad_request
from junco.hub.server.reports.keeping import Standing, described, standings
from junco.hub.server.repos.repositories import listed
from junco.hub.server.repos.search import seen_by
from junco.hub.server.tables.files import Commit, Repository
from junco.hub.server.tables.people import Namespace
from junco.hub.server.tables.reports import Report
from junco.operator import registry

MOST_MEMBERS = 200
"""That one answer compares; the others are counted."""
_NEWEST = 10
"""Reports of one member, among which one of what is current is looked for."""
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a family is compared.

    Attributes:
        data: the key of the data; ``None``: that by which most members were measured.
        metric: by which quality is meant; ``None``: the one that most reports decide by.
        sort: one of `SORTS`.
        falling: the largest first; ``None``: as is usual for what is sorted by.
    """

    data: str | None = None
    metric: str | None = None
    sort: str = "quality"
    falling: bool | None = None


def quality(row: _Row, metric: str | None) -> float | None:
    """The mean of a measure, of a member; ``None`` where it was not measured."""
    metrics = (row["report"] or {}).get("metrics", {})
    return float(metrics[metric]["mean"]) if metric in metrics else None


def _measured(key: str) -> Callable[[_Row, str | None], Any]:
    return lambda row, metric: (row["report"] or {}).get(key)


SORTS: Mapping[str, tuple[Callable[[_Row, str | None], Any], bool]] = {
    "quality": (quality, True),
    "speed": (_measured("items_per_s"), True),
    "size": (_measured("model_bytes"), False),
    "memory": (_measured("peak_bytes"), False),
    "dim": (_measured("dim"), False),
    "downloads": (lambda row, metric: row["downloads"], True),
    "licence": (lambda row, metric: row["licence"], False),
    "name": (lambda row, metric: row["name"].lower(), False),
}
"""What members are sorted by, and whether the largest stands first where nobody says."""


def family_of(session: Session, actor: Actor, family: str, asked: Asked) -> dict[str, Any]:
    """What the family is, and its members that the caller may see.

    Raises:
        Fault: there is no such order.
    """
    if asked.sort not in SORTS:
        raise bad_request(f"sort is one of {', '.join(SORTS)}")
    seen = (Repository.family == family, Repository.deleted.is_(None), seen_by(actor))
    total = session.scalar(select(func.count()).select_from(Repository).where(*seen)) or 0
    choices = _data(session, seen)
    data = asked.data if asked.data is not None else (choices[0]["key"] if choices else None)
    members = _members(session, seen, data)
    reports = _reports(session, [repository.id for repository, _ in members], data) if data is not None else {}
    metrics = _metrics(reports)
    metric = asked.metric if asked.metric is not None else (metrics[0] if metrics else None)
    rows = [{**listed(repository, owner), "report": reports.get(repository.id)} for repository, owner in members]
    return {
        "family": family,
        "contracts": contracts_of(family),
        "total": total,
        "data": choices,
        "chosen": {"data": data, "metric": metric, "sort": asked.sort},
        "metrics": metrics,
        "items": _sorted(rows, metric, asked),
    }


def contracts_of(family: str) -> list[dict[str, Any]]:
    """What junco's own families of this name ask of their members; empty for a family that is the hub's alone."""
    found = [registry.families(kind).get(family) for kind in ("operator", "pipeline")]
    return [
        {
            "kind": each.kind,
            "description": each.description,
            "interface": each.interface,
            "parameters": list(each.parameters),
            "default": each.default,
        }
        for each in found
        if each is not None
    ]


def _members(session: Session, seen: Sequence[Any], data: str | None) -> list[tuple[Repository, str]]:
    """With their owners: those that were measured first, then those that are asked for most."""
    is_measured = select(Report.id).where(Report.repository_id == Repository.id, Report.data_key == data).exists()
    asked = select(Repository, Namespace.name).join(Namespace, Namespace.id == Repository.namespace_id).where(*seen)
    order = (case((is_measured, 0), else_=1), Repository.heat.desc(), Repository.id)
    return [(row[0], row[1]) for row in session.execute(asked.order_by(*order).limit(MOST_MEMBERS))]


def _data(session: Session, seen: Sequence[Any]) -> list[dict[str, Any]]:
    """By which data members were measured, and how many: what most share stands first."""
    members = func.count(Report.repository_id.distinct())
    asked = select(Report.data_key, members).join(Repository, Repository.id == Report.repository_id).where(*seen)
    rows = session.execute(asked.group_by(Report.data_key).order_by(members.desc(), Report.data_key).limit(100))
    return [{"key": key, "name": key.rpartition("@")[0] or key, "members": count} for key, count in rows]


def _reports(session: Session, members: Sequence[int], data: str) -> dict[int, dict[str, Any]]:
    """Of each member the report that stands for it: of what is current where there is one, and the newest of these."""
    place = func.row_number().over(partition_by=Report.repository_id, order_by=Report.id.desc()).label("place")
    ranked = select(Report.id, place).where(Report.repository_id.in_(members), Report.data_key == data).subquery()
    asked = (
        select(Report, Commit.oid).join(ranked, ranked.c.id == Report.id).join(Commit, Commit.id == Report.commit_id)
    )
    rows = session.execute(asked.where(ranked.c.place <= _NEWEST).order_by(Report.id.desc())).all()
    standing = standings(session, {report.repository_id for report, _ in rows})
    found: dict[int, dict[str, Any]] = {}
    for report, oid in rows:
        its = standing.get(report.repository_id, Standing())
        is_current = report.commit_id in its.current
        there = found.get(report.repository_id)
        if there is None or (is_current and not there["is_current"]):
            told = described(report, oid, its.releases.get(report.commit_id, []))
            found[report.repository_id] = {**told, "is_current": is_current}
    return found


def _metrics(reports: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """All measures of some reports; what most decide by stands first."""
    mains = Counter(each["main"] for each in reports.values())
    every = Counter(name for each in reports.values() for name in each["metrics"])
    return sorted(every, key=lambda name: (-mains[name], -every[name], name))


def _sorted(rows: list[_Row], metric: str | None, asked: Asked) -> list[_Row]:
    """In order; what was not measured stands last, whichever way."""
    value, usual = SORTS[asked.sort]
    falling = usual if asked.falling is None else asked.falling
    known = [row for row in rows if value(row, metric) is not None]
    unknown = [row for row in rows if value(row, metric) is None]
    return [*sorted(known, key=lambda row: value(row, metric), reverse=falling), *unknown]
