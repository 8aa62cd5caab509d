"""A repository that a request asks for by its whole name: may its caller make it there, and how often."""

from __future__ import annotations

from fastapi import Request

from junco.hub.server.access import Action, Target, allow
from junco.hub.server.accounts.people import namespace_of, no_user
from junco.hub.server.faults import Fault, forbidden
from junco.hub.server.repos.repositories import make_repository
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import MIRROR
from junco.hub.server.visits import Visit, hub_counter, refused


def make_at(visit: Visit, request: Request, full_name: str, *, private: bool) -> tuple[Repository, str]:
    """The new repository, and its namespace's name.

    Raises:
        Fault: the caller may not, or the name is taken or cannot be.
    """
    space, _, name = full_name.partition("/")
    if not name or "/" in name:
        raise Fault(422, "invalid", f"{full_name[:200]!r}: namespace/name is meant", {"fields": ["name"]})
    with visit.hub.database.reading() as session:
        if (namespace := namespace_of(session, space)) is None:
            raise no_user(space)
    if not allow(visit.actor, Action.CREATE, Target(namespace.id)):
        raise refused(visit.actor, Action.CREATE)
    if namespace.kind == MIRROR:
        raise forbidden(f"{namespace.name} is a namespace of the hub that is mirrored: nothing is made in it here")
    hub_counter(request).hit("made", f"user {visit.actor.user_id}", visit.hub.limits.made, 3600)
    with visit.hub.database.writing() as session:
        return make_repository(session, visit.actor, namespace, name, private=private), namespace.name
