"""Users who may not enter any more, and those who may again."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.access import Actor
from junco.hub.server.accounts.people import user_of
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault
from junco.hub.server.tables.people import Session as BrowserSession
from junco.hub.server.tables.people import Token


def set_disabled(session: Session, actor: Actor, user: str, *, disabled: bool) -> None:
    """Shut a user out, with all tokens and sessions, which stay ended; or let them in again.

    Raises:
        Fault: there is no such user, or it is whoever asks.
    """
    namespace, row = user_of(session, user)
    if disabled and row.id == actor.user_id:
        raise Fault(409, "taken", "nobody shuts themselves out: another admin can")
    row.disabled = disabled
    if disabled:
        asked = update(Token).where(Token.user_id == row.id, Token.revoked.is_(None))
        session.execute(asked.values(revoked=now()))
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == row.id))
    audit.note(session, actor, "user.disable" if disabled else "user.enable", namespace.name)
