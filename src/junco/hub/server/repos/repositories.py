"""Repositories: made, described, made private, ended."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.access import Actor
from junco.hub.server.accounts.names import checked, likeness
from junco.hub.server.clock import now, stamp
from junco.hub.server.faults import taken
from junco.hub.server.inserting import insert_new
from junco.hub.server.repos.counts import trending
from junco.hub.server.repos.revisions import head_of, latest_of, releases_of
from junco.hub.server.repos.search_index import forget, index
from junco.hub.server.tables.files import Commit, Ref, Repository, Tree
from junco.hub.server.tables.people import Namespace, Token
from junco.hub.server.tables.reports import Report
from junco.hub.server.tables.use import Like


def make_repository(session: Session, actor: Actor, namespace: Namespace, name: str, *, private: bool) -> Repository:
    """A new one, without a commit.

    Raises:
        Fault: the name is taken, was once, or looks like one that is.
    """
    at, key = now(), likeness(checked(name))
    values = {"namespace_id": namespace.id, "name": name, "key": key, "private": private, "created": at, "updated": at}
    more = {"kind": "model", "title": "", "summary": "", "tags": [], "unsafe": [], "warnings": [], "signed": False}
    counts = {"downloads": 0, "likes": 0, "heat": 0.0}
    is_new = insert_new(session, Repository, {**values, **more, **counts})
    asked = select(Repository).where(Repository.namespace_id == namespace.id, Repository.key == key)
    repository = session.scalars(asked).one()
    if not is_new:
        raise taken(f"{namespace.name}/{name}", f"{namespace.name}/{repository.name}")
    index(session, repository)
    audit.note(session, actor, "repository.make", f"{namespace.name}/{name}", "private" if private else "public")
    return repository


def end_repository(session: Session, actor: Actor, namespace: Namespace, repository_id: int) -> None:
    """Let go of all that it held; the name stays taken, so that nobody is served something else by it."""
    repository = session.get_one(Repository, repository_id)
    session.execute(delete(Ref).where(Ref.repository_id == repository_id))
    session.execute(delete(Like).where(Like.repository_id == repository_id))
    session.execute(delete(Report).where(Report.repository_id == repository_id))
    commits = select(Commit.id).where(Commit.repository_id == repository_id).order_by(Commit.id.desc())
    for commit_id in session.scalars(commits).all():  # children before their parents
        session.execute(delete(Commit).where(Commit.id == commit_id))
    session.execute(delete(Tree).where(Tree.repository_id == repository_id))
    forget(session, repository_id)
    restricted = session.scalars(select(Token).where(Token.repository_id == repository_id, Token.revoked.is_(None)))
    for token in restricted:
        token.revoked = now()
    repository.deleted, repository.private, repository.likes = now(), True, 0
    repository.title = repository.summary = ""
    repository.tags, repository.unsafe, repository.warnings = [], [], []
    audit.note(session, actor, "repository.end", f"{namespace.name}/{repository.name}")


def described(session: Session, repository: Repository, namespace: str, actor: Actor) -> dict[str, Any]:
    """A repository as answers have it, with its head and releases."""
    head = head_of(session, repository.id)
    releases = releases_of(session, repository.id)
    liked = actor.user_id is not None and session.get(Like, (actor.user_id, repository.id)) is not None
    return {
        **listed(repository, namespace),
        "head": head.oid if head else None,
        "releases": releases,
        "latest": latest_of(releases),
        "liked": liked,
    }


def listed(repository: Repository, namespace: str) -> dict[str, Any]:
    """A repository as one of many."""
    return {
        "name": f"{namespace}/{repository.name}",
        "private": repository.private,
        "kind": repository.kind,
        "family": repository.family,
        "task": repository.task,
        "licence": repository.licence,
        "title": repository.title,
        "summary": repository.summary,
        "tags": repository.tags,
        "created": stamp(repository.created),
        "updated": stamp(repository.updated),
        "downloads": repository.downloads,
        "likes": repository.likes,
        "trending": trending(repository.heat),
        "unsafe": repository.unsafe,
        "warnings": repository.warnings,
        "signed": repository.signed,
        "mirror": repository.upstream,
    }
