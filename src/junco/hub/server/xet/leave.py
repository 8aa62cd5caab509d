"""Leave to send by Xet: for one user, to one repository, for a while; and where sent pieces are found again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.server.access import Action, Target, allow
from junco.hub.server.accounts.tokens import token_actor
from junco.hub.server.clock import now
from junco.hub.server.faults import forbidden, unauthenticated
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.signing import SHORT_S, sign, signed
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Token
from junco.hub.server.tables.use import XetScope
from junco.hub.server.visits import Visit

PURPOSE = "xet"


@dataclass(frozen=True, slots=True)
class Leave:
    """What a token of Xet's is good for."""

    scope: str
    namespace_id: int


def give(visit: Visit) -> tuple[str, str, int]:
    """The scope's name, a token for it, and until when that is good."""
    actor, until = visit.actor, now() + SHORT_S
    with visit.hub.database.writing() as session:
        scope = _scope(session, visit.space.id, actor.user_id or 0)
    what = {"scope": scope, "namespace": visit.space.id, "repository": visit.repo.id, "token": actor.token_id}
    return scope, sign(visit.hub, PURPOSE, what), until


def _scope(session: Session, namespace_id: int, user_id: int) -> str:
    whose = {"namespace_id": namespace_id, "user_id": user_id}
    insert_new(session, XetScope, {"id": secrets.token_hex(12), **whose})
    return session.scalars(select(XetScope.id).filter_by(**whose)).one()


def taken(hub: Hub, request: Request, scope: str) -> Leave:
    """What this request may do.

    Raises:
        Fault: it has no token, or one that is not for this scope, or not good any more.
    """
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise unauthenticated("a write token of Xet's is needed")
    what = signed(hub, PURPOSE, text.strip())
    if what.get("scope") != scope:
        raise forbidden("this token is for another scope")
    with hub.database.reading() as session:
        if session.get(XetScope, scope) is None:
            raise forbidden("this scope has ended: ask for a new token")
        _still_may(session, what, request)
    return Leave(scope, what["namespace"])


def _still_may(session: Session, what: dict[str, Any], request: Request) -> None:
    """The token that it was given for may have been revoked, or lost its role, since."""
    actor, _ = token_actor(session, session.get(Token, what["token"]), request.client.host if request.client else "")
    repository = session.get(Repository, what["repository"])
    target = Target(repository.namespace_id, repository.id, repository.private) if repository else None
    if repository is None or repository.deleted is not None or not allow(actor, Action.WRITE, target):
        raise forbidden("this token is good no more")
