"""Reports, kept by the commit that they are of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.clock import DAY, now, stamp
from junco.hub.server.faults import Fault
from junco.hub.server.inserting import insert_new
from junco.hub.server.reports.bodies import NewReport
from junco.hub.server.repos.revisions import commit_of, find_commit, names_of, sort_releases
from junco.hub.server.tables.files import Commit
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
    body = sent.report.model_dump()
    digest = hashlib.sha256(json.dumps([commit.oid, body], sort_keys=True).encode()).hexdigest()
    asked = select(Report).where(Report.repository_id == visit.repo.id, Report.digest == digest)
    if (there := session.scalar(asked)) is not None:
        return described(session, there, commit), False
    if (session.scalar(select(func.count()).where(Report.repository_id == visit.repo.id)) or 0) >= MOST:
        raise Fault(409, "taken", f"a repository has at most {MOST:,} reports: take some away")
    values = {"repository_id": visit.repo.id, "commit_id": commit.id, "digest": digest, "body": body, "at": now()}
    more = {"data_key": sent.report.data.key, "author": visit.actor.name or ""}
    is_new = insert_new(session, Report, {**values, **more})
    row = session.scalars(asked).one()
    if is_new:
        audit.note(session, visit.actor, "report.add", visit.full_name, f"{row.id} {commit.oid} {row.data_key}")
    return described(session, row, commit), is_new


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
    return [described(session, report, commit) for report, commit in rows]


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


def described(session: Session, row: Report, commit: Commit) -> dict[str, Any]:
    """A report as answers have it: what was measured, of which commit, and who says so."""
    return {
        "id": row.id,
        "commit": commit.oid,
        "releases": sort_releases(names_of(session, commit)),
        "by": row.author,
        "at": stamp(row.at),
        "data_key": row.data_key,
        **row.body,
    }


def current(session: Session, repository_ids: Iterable[int]) -> dict[int, set[int]]:
    """Of repositories the commits that stand for them: the head of ``main`` and the latest release."""
    found: dict[int, set[int]] = {}
    for each in repository_ids:
        commits = (find_commit(session, each, revision) for revision in ("main", "latest"))
        found[each] = {commit.id for commit in commits if commit is not None}
    return found
