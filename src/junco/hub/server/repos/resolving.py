"""From ``namespace/name@revision`` to a commit."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from junco.hub.server.access import Action, Actor, Target, allow
from junco.hub.server.faults import no_repository, no_revision
from junco.hub.server.repos.revisions import as_revision, find_commit, names_of, sort_releases, tree_of
from junco.hub.server.visits import find_repository


def resolve(session: Session, actor: Actor, asked: str) -> dict[str, Any]:
    """The commit, or why there is none, as answers have it."""
    full_name, _, revision = asked.partition("@")
    space, _, name = full_name.partition("/")
    namespace, repository = find_repository(session, space, name)
    fault = no_repository()
    if namespace is not None and repository is not None:
        target = Target(repository.namespace_id, repository.id, repository.private)
        if allow(actor, Action.READ, target):
            commit = find_commit(session, repository.id, as_revision(revision))
            if commit is not None:
                tags = sort_releases(names_of(session, commit))
                wanted = as_revision(revision)
                return {
                    "asked": asked,
                    "repository": f"{namespace.name}/{repository.name}",
                    "commit": commit.oid,
                    "release": wanted if wanted in tags else (tags[0] if tags else None),
                    "digest": tree_of(session, commit).digest,
                }
            fault = no_revision(revision or "latest")
    return {"asked": asked, "error": {"code": fault.code, "message": fault.message}}
