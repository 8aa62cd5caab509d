"""What whoever may write in a hub's folder does with its users, without a hub that runs: no password is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from junco.errors import InputError
from junco.hub.server import audit
from junco.hub.server.access import Actor
from junco.hub.server.accounts import passwords
from junco.hub.server.accounts.disabling import set_disabled
from junco.hub.server.accounts.people import make_user, user_of
from junco.hub.server.clock import stamp
from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub
from junco.hub.server.tables.people import Namespace, User
from junco.hub.server.tables.people import Session as BrowserSession

_HERE = Actor(address="this machine")


@contextmanager
def _writing(hub: Hub) -> Iterator[Session]:
    try:
        with hub.database.writing() as session:
            yield session
    except Fault as fault:
        raise InputError(fault.message) from None


def add_user(hub: Hub, name: str, password: str | None = None, *, admin: bool = False) -> str:
    """Make a user, and give the password.

    Raises:
        InputError: the name is taken or cannot be, or the password is too short.
    """
    chosen = password or passwords.new_password()
    with _writing(hub) as session:
        make_user(session, name, chosen, admin=admin)
        audit.note(session, _HERE, "user.make", name, "admin" if admin else "")
    return chosen


def users(hub: Hub) -> list[dict[str, Any]]:
    """All users by name: whether each is an admin, whether they may enter, when they were made."""
    asked = select(Namespace.name, Namespace.created, User.admin, User.disabled)
    with hub.database.reading() as session:
        rows = session.execute(asked.join(User, User.id == Namespace.id).order_by(Namespace.key)).all()
    return [
        {"user": name, "admin": admin, "disabled": disabled, "created": stamp(created)}
        for name, created, admin, disabled in rows
    ]


def renew_password(hub: Hub, name: str, password: str | None = None) -> str:
    """Give a user another password, and end what they are logged in to by browsers; tokens stay good.

    Raises:
        InputError: there is no such user, or the password is too short.
    """
    chosen = password or passwords.new_password()
    with _writing(hub) as session:
        namespace, user = user_of(session, name)
        user.password = passwords.hashed(passwords.checked(chosen))
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == user.id))
        audit.note(session, _HERE, "password.renew", namespace.name)
    return chosen


def disable_user(hub: Hub, name: str, *, disabled: bool) -> None:
    """Shut a user out, with all tokens and sessions, which stay ended; or let them in again.

    Raises:
        InputError: there is no such user.
    """
    with _writing(hub) as session:
        set_disabled(session, _HERE, name, disabled=disabled)
