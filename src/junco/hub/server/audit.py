"""What was done, by whom, from where: rows that are added in the transaction of the deed, and never hold a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.server.access import Actor
from junco.hub.server.clock import now, stamp
from junco.hub.server.requests import request_id
from junco.hub.server.tables.people import Event


def note(session: Session, actor: Actor, action: str, target: str, detail: str = "") -> None:
    """Add a row.

    Args:
        session: that writes what is noted.
        actor: who did it.
        action: ``"commit"``, ``"token.make"`` ….
        target: a repository, a user, an organisation.
        detail: a commit, a release, a role.
    """
    session.add(
        Event(
            at=now(),
            actor=actor.name,
            action=action,
            target=target[:255],
            address=actor.address[:64],
            request=request_id.get(),
            detail=detail[:1000],
        )
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are meant; empty: all.

    Attributes:
        actor: who did it.
        action: what was done, or what it begins with: ``"token"`` is all that was done to tokens.
        target: to what, or what its name begins with.
    """

    actor: str = ""
    action: str = ""
    target: str = ""


_ALL = Wanted()


def events(session: Session, limit: int, before: int | None, wanted: Wanted = _ALL) -> list[dict[str, Any]]:
    """The last ones, the newest first; older than a row's number."""
    asked = select(Event).order_by(Event.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(Event.id < before)
    if wanted.actor:
        asked = asked.where(Event.actor == wanted.actor)
    for column, text in ((Event.action, wanted.action), (Event.target, wanted.target)):
        if text:
            asked = asked.where(column.startswith(text, autoescape=True))
    return [
        {
            "id": row.id,
            "at": stamp(row.at),
            "actor": row.actor,
            "action": row.action,
            "target": row.target,
            "address": row.address,
            "request": row.request,
            "detail": row.detail,
        }
        for row in session.scalars(asked)
    ]
