"""Reports, kept by the commit that they are of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.clock import DAY, now, stamp
from junco.hub.server.faults import Fault
from junco.hub.server.inserting import insert_new
from junco.hub.server.reports.bodies import NewReport
from junco.hub.server.repos.revisions import MAIN, commit_of, latest_of, names_of, sort_releases
from junco.hub.server.tables.files import TAG, Commit, Ref
from junco.hub.server.tables.reports import Report
from junco.hub.server.visits import Visit

MOST = 1_000
"""Reports of one repository."""


def add_report(session: Session, visit: Visit, sent: NewReport) -> tuple[dict[str, Any], bool]:
    """The report as it is kept, and whether it is new; the same sent twice is one.

    Raises:
        Fault: no such revision, a time that has not been, or there are too many.
    """
    commit = commit_of(session, visit.repo.id, sent.revision)
    _check_time(sent.report.measured)
    body = sent.report.model_dump(exclude=None if sent.report.trained_on_data else {"trained_on_data"})
    digest = hashlib.sha256(json.dumps([commit.oid, body], sort_keys=True).encode()).hexdigest()
    asked = select(Report).where(Report.repository_id == visit.repo.id, Report.digest == digest)
    if (there := session.scalar(asked)) is not None:
        return described(there, commit.oid, sort_releases(names_of(session, commit))), False
    if (session.scalar(select(func.count()).where(Report.repository_id == visit.repo.id)) or 0) >= MOST:
        raise Fault(409, "taken", f"a repository has at most {MOST:,} reports: take some away")
    values = {"repository_id": visit.repo.id, "commit_id": commit.id, "digest": digest, "body": body, "at": now()}
    more = {"data_key": sent.report.data.key, "author": visit.actor.name or ""}
    is_new = insert_new(session, Report, {**values, **more})
    row = session.scalars(asked).one()
    if is_new:
        audit.note(session, visit.actor, "report.add", visit.full_name, f"{row.id} {commit.oid} {row.data_key}")
    return described(row, commit.oid, sort_releases(names_of(session, commit))), is_new


def _check_time(measured: str) -> None:
    try:
        at = datetime.strptime(measured, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Fault(422, "invalid", "measured: there is no such day", {"fields": ["report.measured"]}) from None
    if at > now() + DAY:
        raise Fault(422, "invalid", "measured: that is still to come", {"fields": ["report.measured"]})


def reports_of(
    session: Session, repository_id: int, *, revision: str | None = None, data: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """A repository's, the newest first: of one revision, by one data alone.

    Raises:
        Fault: no such revision.
    """
    asked = select(Report, Commit).join(Commit, Commit.id == Report.commit_id)
    asked = asked.where(Report.repository_id == repository_id)
    if revision is not None:
        asked = asked.where(Report.commit_id == commit_of(session, repository_id, revision).id)
    if data is not None:
        asked = asked.where(Report.data_key == data)
    rows = session.execute(asked.order_by(Report.id.desc()).limit(limit)).all()
    releases = standings(session, [repository_id]).get(repository_id, Standing()).releases
    return [described(report, commit.oid, releases.get(commit.id, [])) for report, commit in rows]


def drop_report(session: Session, visit: Visit, number: int) -> None:
    """Take one away: it was wrong.

    Raises:
        Fault: this repository has none of that number.
    """
    row = session.get(Report, number)
    if row is None or row.repository_id != visit.repo.id:
        raise Fault(404, "no-report", "this repository has no such report")
    session.delete(row)
    audit.note(session, visit.actor, "report.drop", visit.full_name, f"{number} {row.data_key}")


def described(row: Report, oid: str, releases: list[str]) -> dict[str, Any]:
    """A report as answers have it: what was measured, of which commit with which releases, and who says so."""
    return {
        "id": row.id,
        "commit": oid,
        "releases": releases,
        "by": row.author,
        "at": stamp(row.at),
        "data_key": row.data_key,
        **row.body,
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """Which commits of a repository stand for it.

    Attributes:
        current: the head of ``main`` and the latest release.
        releases: names by their commit, the highest version first.
    """

    current: frozenset[int] = frozenset()
    releases: Mapping[int, list[str]] = field(default_factory=dict)


def standings(session: Session, repository_ids: Iterable[int]) -> dict[int, Standing]:
    """Of some repositories, by one question to the tables."""
    asked = select(Ref.repository_id, Ref.name, Ref.commit_id).where(
        Ref.repository_id.in_(list(repository_ids)), or_(Ref.name == MAIN, Ref.kind == TAG)
    )
    names: dict[int, dict[str, int]] = {}
    for repository_id, name, commit_id in session.execute(asked):
        names.setdefault(repository_id, {})[name] = commit_id
    return {repository_id: _standing(each) for repository_id, each in names.items()}


def _standing(names: Mapping[str, int]) -> Standing:
    releases = sort_releases(list(names))
    current = {names[name] for name in (MAIN, latest_of(releases) or MAIN) if name in names}
    by_commit: dict[int, list[str]] = {}
    for name in releases:
        by_commit.setdefault(names[name], []).append(name)
    return Standing(frozenset(current), by_commit)
