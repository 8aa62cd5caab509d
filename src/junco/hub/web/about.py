"""What all pages of one repository show of it: its state at a revision, its releases, and what the reader may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.content.card import BASE
from junco.hub.server.access import Action, Target, allow
from junco.hub.server.repos.revisions import (
    MAIN,
    File,
    as_revision,
    commit_of,
    files_of,
    find_commit,
    latest_of,
    refs_of,
    sort_releases,
)
from junco.hub.server.tables.files import BRANCH, Commit, Ref, Repository
from junco.hub.server.tables.use import Like
from junco.hub.server.visits import Visit
from junco.hub.web.preview import text_of

FAMILY_NAMES = {"operator": "family of operators", "pipeline": "family of pipelines"}
"""By what a family's manifest says that it is of."""
_OF = re.compile(r"^of: *(operator|pipeline) *$", re.MULTILINE)
_MOST_MANIFEST = 40_000
PER_PART = ("junco:", "family:", BASE)


@dataclass(frozen=True, slots=True)
class About:
    """A repository at a revision.

    Attributes:
        repository: as the table has it.
        namespace: whose.
        revision: a branch, a release or a commit, as addresses of its pages have it.
        commit: of the revision; ``None`` before the first.
        files: of the commit.
        refs: branches and tags, each with its commit.
        liked: whether who looks likes it.
        may_change: whether who looks may change its settings.
        may_write: whether who looks may push to it.
        kind_name: what it is, where its files say more than its kind; a text of `words`.
    """

    repository: Repository
    namespace: str
    revision: str
    commit: Commit | None
    files: list[File]
    refs: list[tuple[Ref, str]]
    liked: bool
    may_change: bool
    may_write: bool
    kind_name: str | None

    @property
    def name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.repository.name}"

    @property
    def releases(self) -> list[str]:
        """The highest first."""
        return sort_releases([ref.name for ref, _ in self.refs if ref.kind != BRANCH])

    @property
    def branches(self) -> list[str]:
        """By name."""
        return [ref.name for ref, _ in self.refs if ref.kind == BRANCH]

    @property
    def latest(self) -> str | None:
        """The highest release."""
        return latest_of(self.releases)

    @property
    def release(self) -> str | None:
        """The highest release that is at this commit."""
        oid = self.commit.oid if self.commit is not None else None
        return next(iter(sort_releases([ref.name for ref, at in self.refs if at == oid and ref.kind != BRANCH])), None)

    @property
    def is_old(self) -> bool:
        """Whether there is a higher release than the one, or the commit, that is looked at."""
        at = self.revision if self.revision in self.releases else self.release
        return self.revision != MAIN and self.latest is not None and at != self.latest and at in {*self.releases, None}

    @property
    def tags(self) -> list[str]:
        """Those that say what no other part of the page says."""
        return [tag for tag in self.repository.tags if not tag.startswith(PER_PART)]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    def file(self, path: str) -> File | None:
        """One of the files."""
        return next((file for file in self.files if file.path == path), None)


def about(session: Session, visit: Visit, revision: str | None = None) -> About:
    """A repository at a revision; without one at the head of its main branch.

    Raises:
        Fault: there is no such revision.
    """
    repository = visit.repo
    if revision is None:
        revision, commit = MAIN, find_commit(session, repository.id, MAIN)
    else:
        revision = as_revision(revision)
        commit = commit_of(session, repository.id, revision)
    target = Target(repository.namespace_id, repository.id, repository.private)
    user = visit.actor.user_id
    files = files_of(session, commit.tree_id) if commit is not None else []
    return About(
        repository,
        visit.space.name,
        revision,
        commit,
        files,
        refs_of(session, repository.id),
        user is not None and session.get(Like, (user, repository.id)) is not None,
        allow(visit.actor, Action.ADMINISTER, target),
        allow(visit.actor, Action.WRITE, target),
        _kind_name(visit, files),
    )


def _kind_name(visit: Visit, files: list[File]) -> str | None:
    """Of what a family is one, by its manifest."""
    manifest = next((file for file in files if file.path == "family.yaml"), None)
    if visit.repo.kind != "family" or manifest is None:
        return None
    found = _OF.search(text_of(visit.hub, manifest, _MOST_MANIFEST))
    return FAMILY_NAMES[found[1]] if found else None


def commit_named(session: Session, repository_id: int, key: int | None) -> str | None:
    """The 40 digits of a commit, by its key."""
    asked: Any = select(Commit.oid).where(Commit.repository_id == repository_id, Commit.id == key)
    found: str | None = session.scalar(asked)
    return found
