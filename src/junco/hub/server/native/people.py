"""Routes of users, tokens and organisations."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.access import SCOPES, Action, Actor, Target, allow
from junco.hub.server.accounts import passwords, people, sessions, tokens
from junco.hub.server.clock import stamp
from junco.hub.server.faults import Fault, forbidden, no_repository, unauthenticated
from junco.hub.server.native.bodies import Login, NewOrganisation, NewPassword, NewToken, NewUser, Role, RowNumber
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace, Token, User
from junco.hub.server.visits import Visit, find_repository, hub_counter, needs, refused

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_Somebody = Annotated[Visit, Depends(needs(Action.BE_SOMEBODY))]
_Account = Annotated[Visit, Depends(needs(Action.ACCOUNT))]
_Manage = Annotated[Visit, Depends(needs(Action.MANAGE))]
_MINUTE = 60


@routes.get("/")
def hub(visit: _Open) -> dict[str, Any]:
    """What this server is."""
    limits = visit.hub.limits
    shown = {"file": limits.file_bytes, "commit_files": limits.commit_files, "commit_bytes": limits.commit_bytes}
    sign_up = visit.hub.open_sign_up
    return {"hub": {"name": visit.hub.name, "version": version("junco"), "api": 1, "sign_up": sign_up, "limits": shown}}


@routes.post("/login", status_code=201)
def login(body: Login, visit: _Open, request: Request) -> dict[str, Any]:
    """A token, for a name and a password: nothing else takes a password."""
    for whom in (visit.actor.address, f"name {body.user.lower()}"):
        hub_counter(request).hit("login", whom, visit.hub.limits.logins, _MINUTE)
    with visit.hub.database.reading() as session:
        who = people.entering(session, body.user, body.password)
        actor = tokens.user_actor(session, who.id, visit.actor.address)
    with visit.hub.database.writing() as session:
        text, row = made_token(session, actor, body.token)
        return {"token": text, "user": who.name, "expires": stamp(row.expires)}


@routes.post("/users", status_code=201)
def make_user(body: NewUser, visit: _Open, request: Request) -> dict[str, Any]:
    """A new user: by an admin, or by anybody where sign-up is open."""
    if not visit.hub.open_sign_up and not allow(visit.actor, Action.SERVE):
        raise unauthenticated() if visit.actor.user_id is None else forbidden("sign-up is by an admin here")
    hub_counter(request).hit("made", f"user from {visit.actor.address}", visit.hub.limits.made, 3600)
    with visit.hub.database.writing() as session:
        made = people.make_user(session, body.user, body.password)
        audit.note(session, visit.actor, "user.make", made.name)
        return {"user": made.name}


@routes.get("/me")
def me(visit: _Somebody) -> dict[str, Any]:
    """Who asks, and what the token is good for."""
    actor = visit.actor
    with visit.hub.database.reading() as session:
        row = session.get(Token, actor.token_id) if actor.token_id is not None else None
        organisations = people.organisations_of(session, actor.user_id or 0)
        return {
            "user": actor.name,
            "admin": actor.admin,
            "organisations": organisations,
            "token": None if row is None else {**tokens.described(row), **restriction(session, row)},
        }


@routes.post("/me/password", status_code=204)
def change_password(body: NewPassword, visit: _Account, request: Request) -> Response:
    """Another password; tokens stay good, other browsers log in anew."""
    set_password(visit, request, body.old, body.new)
    return Response(status_code=204)


def set_password(visit: Visit, request: Request, old: str, new: str) -> None:
    """Another password.

    Raises:
        Fault: the old one is wrong, the new one none that can be.
    """
    hub_counter(request).hit("login", f"user {visit.actor.user_id}", visit.hub.limits.logins, _MINUTE)
    with visit.hub.database.reading() as session:
        people.entering(session, visit.actor.name or "", old)
    kept = passwords.hashed(passwords.checked(new))
    with visit.hub.database.writing() as session:
        session.get_one(User, visit.actor.user_id).password = kept
        sessions.close_others(session, request, visit.actor.user_id or 0)
        audit.note(session, visit.actor, "password.change", visit.actor.name or "")


@routes.get("/me/tokens")
def my_tokens(visit: _Account) -> dict[str, Any]:
    """The user's tokens, never themselves."""
    with visit.hub.database.reading() as session:
        return {"tokens": [tokens.described(row) for row in tokens.tokens_of(session, visit.actor.user_id or 0)]}


@routes.post("/me/tokens", status_code=201)
def make_token(body: NewToken, visit: _Account) -> dict[str, Any]:
    """A new one, which can do no more than the one that asks for it."""
    with visit.hub.database.writing() as session:
        text, row = made_token(session, visit.actor, body)
        return {"token": text, **tokens.described(row)}


@routes.delete("/me/tokens/{number}", status_code=204)
def revoke_token(number: RowNumber, visit: _Account) -> Response:
    """One of the user's is good no more."""
    with visit.hub.database.writing() as session:
        if not tokens.revoke(session, number, visit.actor.user_id or 0):
            raise Fault(404, "no-token", "you have no such token that is good")
        audit.note(session, visit.actor, "token.revoke", visit.actor.name or "", str(number))
    return Response(status_code=204)


@routes.delete("/me/token", status_code=204)
def log_out(visit: _Somebody) -> Response:
    """The token that is used here is good no more."""
    with visit.hub.database.writing() as session:
        tokens.revoke(session, visit.actor.token_id or 0, visit.actor.user_id or 0)
        audit.note(session, visit.actor, "token.revoke", visit.actor.name or "", str(visit.actor.token_id))
    return Response(status_code=204)


@routes.get("/users/{user}")
def show(user: str, visit: _Open) -> dict[str, Any]:
    """A user or an organisation."""
    with visit.hub.database.reading() as session:
        if (found := people.namespace_of(session, user)) is None:
            raise people.no_user(user)
        return people.described(session, found)


@routes.post("/organisations", status_code=201)
def make_organisation(body: NewOrganisation, visit: _Account, request: Request) -> dict[str, Any]:
    """A new one, with whoever asks as its first admin."""
    hub_counter(request).hit("made", f"user {visit.actor.user_id}", visit.hub.limits.made, 3600)
    with visit.hub.database.writing() as session:
        made = people.make_organisation(session, body.name, visit.actor.user_id or 0)
        audit.note(session, visit.actor, "organisation.make", made.name)
        return {"name": made.name}


@routes.get("/organisations/{organisation}/members")
def members(organisation: str, visit: _Open) -> dict[str, Any]:
    """Of an organisation."""
    with visit.hub.database.reading() as session:
        return {"members": people.members_of(session, visit.space.id)}


@routes.put("/organisations/{organisation}/members/{user}", status_code=204)
def set_role(organisation: str, user: str, body: Role, visit: _Manage) -> Response:
    """A user becomes a member, or has another role."""
    give_role(visit, user, body.role)
    return Response(status_code=204)


@routes.delete("/organisations/{organisation}/members/{user}", status_code=204)
def drop_member(organisation: str, user: str, visit: _Manage) -> Response:
    """A user is a member no more."""
    give_role(visit, user, None)
    return Response(status_code=204)


def give_role(visit: Visit, user: str, role: str | None) -> None:
    """A user's role in the organisation of a visit; ``None`` takes it away.

    Raises:
        Fault: there is no such user or role, or nobody would be left to manage it.
    """
    with visit.hub.database.writing() as session:
        whose, _ = people.user_of(session, user)
        people.set_member(session, visit.space.id, whose.id, role)
        audit.note(session, visit.actor, "member.set", visit.space.name, f"{whose.name} {role or 'none'}")


def made_token(session: Session, actor: Actor, body: NewToken) -> tuple[str, Token]:
    """A new token, noted; it can do no more than who asks for it.

    Raises:
        Fault: it would, or what it is restricted to is not there.
    """
    if beyond := [scope for scope in body.scopes if scope in SCOPES and not actor.has(scope)]:
        raise forbidden(f"the token has not the scope {beyond[0]}, so it makes none that has", scope=beyond[0])
    restricted = _restricted_to(session, actor, body)
    text, row = tokens.make_token(session, actor.user_id or 0, body.name, body.scopes, body.days, restricted)
    audit.note(session, actor, "token.make", actor.name or "", f"{row.id} {row.scopes}")
    return text, row


def _restricted_to(session: Session, actor: Actor, body: NewToken) -> tuple[int | None, int | None]:
    namespace_id, repository_id = actor.namespace_id, actor.repository_id
    if body.namespace is not None:
        found = people.namespace_of(session, body.namespace)
        if found is None:
            raise people.no_user(body.namespace)
        if namespace_id not in {None, found.id}:
            raise refused(actor, Action.ACCOUNT)
        namespace_id = found.id
    if body.repository is not None:
        space, name = [*body.repository.split("/"), ""][:2]
        _, repository = find_repository(session, space, name)
        target = Target(repository.namespace_id, repository.id, repository.private) if repository else None
        if repository is None or not allow(actor, Action.READ, target):
            raise no_repository()
        if repository_id not in {None, repository.id} or namespace_id not in {None, repository.namespace_id}:
            raise refused(actor, Action.ACCOUNT)
        repository_id = repository.id
    return namespace_id, repository_id


def restriction(session: Session, row: Token) -> dict[str, str | None]:
    """Of a token: the names of the namespace and the repository that it is for alone."""
    namespace = session.get(Namespace, row.namespace_id) if row.namespace_id is not None else None
    repository = session.get(Repository, row.repository_id) if row.repository_id is not None else None
    name = None
    if repository is not None:
        name = f"{session.get_one(Namespace, repository.namespace_id).name}/{repository.name}"
    return {"namespace": namespace.name if namespace else None, "repository": name}
