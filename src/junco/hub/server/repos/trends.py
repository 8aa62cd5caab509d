"""What rises: days of one repository, and families over days, weeks and months."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from junco.hub.server.clock import DAY, date, now, today
from junco.hub.server.repos.counts import trending
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.use import Day


def days_of(session: Session, repository_id: int, days: int) -> list[dict[str, Any]]:
    """The last days, the oldest first, each of them."""
    first = today() - days + 1
    asked = select(Day).where(Day.repository_id == repository_id, Day.day.between(first, today()))
    found = {row.day: row for row in session.scalars(asked)}
    return [
        {
            "day": date(day),
            "downloads": found[day].downloads if day in found else 0,
            "likes": found[day].likes if day in found else 0,
        }
        for day in range(first, today() + 1)
    ]


def rising_families(session: Session, days: int, limit: int = 50) -> list[dict[str, Any]]:
    """Families by what public repositories of theirs were asked for, those that rise most first."""
    heat = func.sum(Repository.heat)
    asked = select(Repository.family, heat).where(*_SEEN).group_by(Repository.family).order_by(heat.desc())
    rows = [(str(family), float(score or 0)) for family, score in session.execute(asked.limit(limit))]
    counted, new = _counted(session, days), _new(session, days)
    return [
        {
            "family": family,
            "score": trending(score),
            "downloads": sum(each[0] for each in counted.get(family, {}).values()),
            "likes": sum(each[1] for each in counted.get(family, {}).values()),
            "new": new.get(family, 0),
            "days": [counted.get(family, {}).get(day, (0, 0))[0] for day in range(today() - days + 1, today() + 1)],
        }
        for family, score in rows
    ]


_SEEN = (Repository.private.is_(False), Repository.deleted.is_(None), Repository.family.is_not(None))


def _counted(session: Session, days: int) -> dict[str, dict[int, tuple[int, int]]]:
    """Downloads and likes by family and day."""
    asked = (
        select(Repository.family, Day.day, func.sum(Day.downloads), func.sum(Day.likes))
        .join(Day, Day.repository_id == Repository.id)
        .where(*_SEEN, Day.day.between(today() - days + 1, today()))
        .group_by(Repository.family, Day.day)
    )
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for family, day, downloads, likes in session.execute(asked):
        found.setdefault(str(family), {})[day] = (int(downloads), int(likes))
    return found


def _new(session: Session, days: int) -> dict[str, int]:
    """Members that are new, by family."""
    asked = select(Repository.family, func.count()).where(*_SEEN, Repository.created >= now() - days * DAY)
    return {str(family): count for family, count in session.execute(asked.group_by(Repository.family))}
