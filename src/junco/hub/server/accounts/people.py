"""Users and organisations: made, found, joined."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from junco.hub.server.access import ORDER
from junco.hub.server.accounts import passwords
from junco.hub.server.accounts.names import checked, likeness
from junco.hub.server.clock import now, stamp
from junco.hub.server.faults import Fault, bad_request, taken
from junco.hub.server.inserting import insert_new
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import ORGANISATION, USER, Member, Namespace, User


def make_user(session: Session, name: str, password: str, *, admin: bool = False) -> Namespace:
    """A new user.

    Raises:
        Fault: the name is taken, looks like one that is, or cannot be; or the password is too short.
    """
    kept = passwords.hashed(passwords.checked(password))
    namespace = _make_namespace(session, name, USER)
    session.add(User(id=namespace.id, password=kept, admin=admin, disabled=False))
    session.flush()
    return namespace


def make_organisation(session: Session, name: str, founder_id: int) -> Namespace:
    """A new organisation, whose first admin is its founder.

    Raises:
        Fault: the name is taken, looks like one that is, or cannot be.
    """
    namespace = _make_namespace(session, name, ORGANISATION)
    session.add(Member(organisation_id=namespace.id, user_id=founder_id, role="admin"))
    session.flush()
    return namespace


def _make_namespace(session: Session, name: str, kind: str) -> Namespace:
    key = likeness(checked(name, of_namespace=True))
    if not insert_new(session, Namespace, {"name": name, "key": key, "kind": kind, "created": now()}):
        raise taken(name, session.scalar(select(Namespace.name).where(Namespace.key == key)))
    return session.scalars(select(Namespace).where(Namespace.key == key)).one()


def namespace_of(session: Session, name: str, kind: str | None = None) -> Namespace | None:
    """The namespace of a name as it is written, whatever its case."""
    found = session.scalar(select(Namespace).where(Namespace.key == likeness(name)))
    fits = found is not None and found.name.lower() == name.lower() and kind in {None, found.kind}
    return found if fits else None


def user_of(session: Session, name: str) -> tuple[Namespace, User]:
    """A user.

    Raises:
        Fault: there is none.
    """
    found = namespace_of(session, name, USER)
    if found is None:
        raise no_user(name)
    return found, session.get_one(User, found.id)


def no_user(name: str) -> Fault:
    """Of a name that is nobody's."""
    return Fault(404, "no-user", f"there is no user or organisation {name[:96]!r}")


def set_member(session: Session, organisation_id: int, user_id: int, role: str | None) -> None:
    """Give a user a role, or with ``None`` take it away; somebody stays who may do this.

    Raises:
        Fault: there is no such role, or it is the last admin.
    """
    if role is not None and role not in ORDER:
        raise bad_request("a role is one of admin, write, read")
    there = session.get(Member, (organisation_id, user_id))
    if there is not None and there.role == "admin" and role != "admin":
        asked = select(func.count()).select_from(Member).join(User, User.id == Member.user_id)
        admins = asked.where(Member.organisation_id == organisation_id, Member.role == "admin", ~User.disabled)
        if (session.scalar(admins) or 0) < 2:
            raise Fault(409, "taken", "the last admin of an organisation stays one: make another first")
    if role is None:
        if there is not None:
            session.delete(there)
    elif there is None:
        session.add(Member(organisation_id=organisation_id, user_id=user_id, role=role))
    else:
        there.role = role


def members_of(session: Session, organisation_id: int) -> list[dict[str, str]]:
    """Names and roles."""
    asked = select(Namespace.name, Member.role).join(Namespace, Namespace.id == Member.user_id)
    rows = session.execute(asked.where(Member.organisation_id == organisation_id).order_by(Namespace.name)).all()
    return [{"name": name, "role": role} for name, role in rows]


def organisations_of(session: Session, user_id: int) -> list[dict[str, str]]:
    """Names and roles."""
    asked = select(Namespace.name, Member.role).join(Namespace, Namespace.id == Member.organisation_id)
    rows = session.execute(asked.where(Member.user_id == user_id).order_by(Namespace.name)).all()
    return [{"name": name, "role": role} for name, role in rows]


def described(session: Session, namespace: Namespace) -> dict[str, Any]:
    """A user or an organisation as anybody may see it."""
    public = select(func.count()).where(
        Repository.namespace_id == namespace.id, Repository.deleted.is_(None), Repository.private.is_(False)
    )
    shown: dict[str, Any] = {
        "name": namespace.name,
        "kind": namespace.kind,
        "created": stamp(namespace.created),
        "repositories": session.scalar(public) or 0,
    }
    if namespace.kind == ORGANISATION:
        return shown | {"members": members_of(session, namespace.id)}
    return shown | {"organisations": organisations_of(session, namespace.id)}


def entering(session: Session, name: str, password: str) -> Namespace:
    """The user of a name and a password.

    Raises:
        Fault: there is none, in the same words and after the same time for each of the two.
    """
    namespace = namespace_of(session, name, USER)
    user = session.get(User, namespace.id) if namespace else None
    if not passwords.matches(user.password if user and not user.disabled else None, password) or namespace is None:
        why = "no user has this name and password; an admin of the hub can set a new one"
        raise Fault(401, "unauthenticated", why)
    return namespace
