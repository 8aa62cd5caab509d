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
    is_seen = (Repository.private.is_(False), Repository.deleted.is_(None), Repository.family.is_not(None))
    heat = func.sum(Repository.heat)
    rows = session.execute(
        select(Repository.family, heat).where(*is_seen).group_by(Repository.family).order_by(heat.desc()).limit(limit)
    ).all()
    first = today() - days + 1
    asked = (
        select(Repository.family, Day.day, func.sum(Day.downloads), func.sum(Day.likes))
        .join(Day, Day.repository_id == Repository.id)
        .where(*is_seen, Day.day.between(first, today()))
        .group_by(Repository.family, Day.day)
    )
    counted: dict[str, dict[int, tuple[int, int]]] = {}
    for family, day, downloads, likes in session.execute(asked):
        counted.setdefault(family, {})[day] = (int(downloads), int(likes))
    new = dict(
        session.execute(
            select(Repository.family, func.count())
            .where(*is_seen, Repository.created >= now() - days * DAY)
            .group_by(Repository.family)
        ).all()
    )
    return [
        {
            "family": family,
            "score": trending(score or 0.0),
            "downloads": sum(downloads for downloads, _ in counted.get(family, {}).values()),
            "likes": sum(likes for _, likes in counted.get(family, {}).values()),
            "new": new.get(family, 0),
            "days": [counted.get(family, {}).get(day, (0, 0))[0] for day in range(first, today() + 1)],
        }
        for family, score in rows
    ]
