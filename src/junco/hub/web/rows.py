"""Repositories as lines of a list, each with its last weeks, by one question to the tables for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.server.clock import today
from junco.hub.server.repos.revisions import latest_of, sort_releases
from junco.hub.server.tables.files import TAG, Ref, Repository
from junco.hub.server.tables.use import Day

DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A repository in a list.

    Attributes:
        repository: as the table has it.
        namespace: whose.
        days: downloads of each of the last days, the oldest first.
        latest: its highest release.
    """

    repository: Repository
    namespace: str
    days: list[int]
    latest: str | None

    @property
    def name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.repository.name}"


def rows_of(session: Session, found: Sequence[tuple[Repository, str]]) -> list[Row]:
    """The lines of repositories, in their order."""
    ids = {repository.id for repository, _ in found}
    days, tags = _days(session, ids), _tags(session, ids)
    return [
        Row(
            repository,
            space,
            days.get(repository.id, [0] * DAYS),
            latest_of(sort_releases(tags.get(repository.id, []))),
        )
        for repository, space in found
    ]


def _days(session: Session, ids: set[int]) -> dict[int, list[int]]:
    first = today() - DAYS + 1
    asked = select(Day.repository_id, Day.day, Day.downloads)
    found: dict[int, list[int]] = {}
    for key, day, downloads in session.execute(
        asked.where(Day.repository_id.in_(ids), Day.day.between(first, today()))
    ):
        found.setdefault(key, [0] * DAYS)[day - first] = downloads
    return found


def _tags(session: Session, ids: set[int]) -> dict[int, list[str]]:
    asked = select(Ref.repository_id, Ref.name).where(Ref.repository_id.in_(ids), Ref.kind == TAG)
    found: dict[int, list[str]] = {}
    for key, name in session.execute(asked):
        found.setdefault(key, []).append(name)
    return found
