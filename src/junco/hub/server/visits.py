"""A request's caller and what it is about, found before a route begins: each route says which action it is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from junco.hub.server.access import Action, Actor, Target, allow, missing_scope, role_for
from junco.hub.server.accounts.names import likeness
from junco.hub.server.accounts.people import namespace_of
from junco.hub.server.accounts.sessions import Browser, browser_of
from junco.hub.server.accounts.tokens import actor_of, note_use
from junco.hub.server.faults import Fault, forbidden, no_repository, unauthenticated
from junco.hub.server.hub import Hub, hub_of
from junco.hub.server.limits import Counter
from junco.hub.server.repos.revisions import MAIN, as_revision
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that has leave.

    Attributes:
        hub: that it came to.
        actor: who asks.
        repository: that it is about; a copy, which changes nothing.
        namespace: of the repository, or that it is about itself.
        form_token: what the forms of the browser's session carry; ``None`` without one.
    """

    hub: Hub
    actor: Actor
    repository: Repository | None = None
    namespace: Namespace | None = None
    form_token: str | None = None

    @property
    def repo(self) -> Repository:
        """The repository, in a route that has one in its address."""
        assert self.repository is not None
        return self.repository

    @property
    def space(self) -> Namespace:
        """The namespace, in a route that has one in its address."""
        assert self.namespace is not None
        return self.namespace

    @property
    def full_name(self) -> str:
        """``namespace/name``."""
        return f"{self.space.name}/{self.repo.name}"


class Brings(Protocol):
    """A mirror of another hub."""

    def bring(self, namespace: str, name: str, revision: str | None) -> Mapping[str, str]:
        """Have a repository here, at a revision, if it is one that is mirrored: headers that say how it went."""


@functools.cache
def needs(action: Action, asked: str = "api", *, of_page: bool = False) -> Callable[[Request], Visit]:
    """What a route depends on: the visit, where the caller may do ``action`` to what the address names.

    The address's parts ``{namespace}`` and ``{name}`` are a repository, ``{organisation}`` is a namespace.

    Args:
        action: of the route.
        asked: under which limit its requests are counted.
        of_page: whether a browser's session tells who asks, where there is no token; of pages alone.
    """

    def visit(request: Request) -> Visit:
        hub = hub_of(request)
        browser = _browser(request, hub, action, of_page=of_page)
        request.state.browser = browser
        actor = browser.actor
        _count(request, hub, actor, asked)
        with hub.database.reading() as session:
            namespace, repository = _about(request, session)
        if action is Action.READ and "name" in request.path_params and _is_brought(request, repository):
            with hub.database.reading() as session:
                namespace, repository = _about(request, session)
        return allowed(Visit(hub, actor, repository, namespace, browser.form_token), action, request)

    visit.action = action  # type: ignore[attr-defined]
    visit.dependency = Depends(visit)  # type: ignore[attr-defined]
    return visit


def allowed(visit: Visit, action: Action, request: Request) -> Visit:
    """The visit.

    Raises:
        Fault: its caller may not do this, or may not know what it is about.
    """
    actor, of_repository = visit.actor, "name" in request.path_params
    if (of_repository and not _is_seen(visit)) or ("organisation" in request.path_params and visit.namespace is None):
        raise no_repository() if of_repository else Fault(404, "no-user", "there is no such organisation")
    target = _target(visit)
    if allow(actor, action, target):
        if action is Action.WRITE and visit.repository is not None and visit.repository.upstream is not None:
            raise forbidden(f"it is a mirror of {visit.repository.upstream}: nothing is pushed to it")
        return visit
    if actor.user_id is None:
        raise unauthenticated()
    raise refused(actor, action)


def refused(actor: Actor, action: Action) -> Fault:
    """Of what this caller may not do."""
    if (scope := missing_scope(actor, action)) is not None:
        return forbidden(f"the token has not the scope {scope}: make one that has", scope=scope)
    role = role_for(action)
    needed = f"the role {role!r} here" if role else "an admin of the hub"
    return forbidden(
        f"{actor.name} may not do this: it takes {needed}, and a token that is not for something else alone"
    )


def _is_brought(request: Request, repository: Repository | None) -> bool:
    """Whether a mirror has been asked for what a request is about, so that it may be here now."""
    mirror: Brings | None = request.app.state.mirror
    if mirror is None or (repository is not None and repository.upstream is None):
        return False
    parts = request.path_params
    # a request for bytes by their digest is about what is known already
    asked = parts.get("revision", as_revision(str(parts.get("release", MAIN))))
    revision = None if "sha256" in parts or "revisions" in parts else str(asked)
    told = mirror.bring(parts["namespace"], parts["name"], revision)
    if told:
        request.scope["junco.headers"] = told
    return bool(told)


def _target(visit: Visit) -> Target | None:
    if visit.repository is not None:
        return Target(visit.repository.namespace_id, visit.repository.id, visit.repository.private)
    return Target(visit.namespace.id) if visit.namespace is not None else None


def _is_seen(visit: Visit) -> bool:
    return visit.repository is not None and allow(visit.actor, Action.READ, _target(visit))


def _browser(request: Request, hub: Hub, action: Action, *, of_page: bool) -> Browser:
    """Who asks, and what forms of theirs carry."""
    if action is Action.SIGNED:  # what is signed carries its own leave, and no token of the hub's
        return Browser(Actor(address=_address(request)))
    if of_page and "authorization" not in request.headers:
        with hub.database.reading() as session:
            return browser_of(session, request)
    return Browser(_caller(request, hub))


def _caller(request: Request, hub: Hub) -> Actor:
    address = _address(request)
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if not kind:
        return Actor(address=address)
    if kind.lower() != "bearer":
        raise unauthenticated("the hub reads Authorization: Bearer jnc_… alone")
    with hub.database.reading() as session:
        try:
            actor, is_first = actor_of(session, text.strip(), address)
        except Fault:
            hub_counter(request).hit("wrong-token", address, hub.limits.wrong_tokens, 60)
            raise
    if is_first and actor.token_id is not None:
        with hub.database.writing() as session:
            note_use(session, actor.token_id)
    return actor


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _about(request: Request, session: Session) -> tuple[Namespace | None, Repository | None]:
    parts = request.path_params
    if "organisation" in parts:
        return namespace_of(session, parts["organisation"], "organisation"), None
    if "namespace" not in parts or "name" not in parts:
        return None, None
    return find_repository(session, parts["namespace"], parts["name"])


def find_repository(session: Session, namespace: str, name: str) -> tuple[Namespace | None, Repository | None]:
    """A repository that is there, and its namespace, by their names whatever the case."""
    asked = (
        select(Namespace, Repository)
        .join(Repository, Repository.namespace_id == Namespace.id)
        .where(Namespace.key == likeness(namespace), Repository.key == likeness(name), Repository.deleted.is_(None))
    )
    found = session.execute(asked).one_or_none()
    if found is None or (found[0].name.lower(), found[1].name.lower()) != (namespace.lower(), name.lower()):
        return None, None
    return found[0], found[1]


def hub_counter(request: Request) -> Counter:
    """Where requests are counted."""
    counter: Counter = request.app.state.counter
    return counter


def _count(request: Request, hub: Hub, actor: Actor, asked: str) -> None:
    caller = f"user {actor.user_id}" if actor.user_id is not None else actor.address
    most = {"resolve": hub.limits.resolves, "made": hub.limits.made}.get(asked, hub.limits.requests)
    hub_counter(request).hit(asked, caller, most, 3600 if asked == "made" else 300)
