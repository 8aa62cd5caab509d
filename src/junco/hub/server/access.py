"""Who may do what: decided in one function, from what the caller is and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What a route does, as far as leave for it goes. Every route names one."""

    OPEN = "open"
    """What anybody may ask for: whether the server is well, what it is."""
    BE_SOMEBODY = "be-somebody"
    """What any user may do with any token: ask who they are, give the token back."""
    ACCOUNT = "account"
    """The user's own tokens, password and likes."""
    READ = "read"
    LIKE = "like"
    WRITE = "write"
    ADMINISTER = "administer"
    """A repository's settings and its end."""
    CREATE = "create"
    """A repository in a namespace."""
    MANAGE = "manage"
    """An organisation's members."""
    SERVE = "serve"
    """What concerns the whole server."""
    SIGNED = "signed"
    """What an address itself gives leave for, which the server signed a short time ago."""


ORDER = {"read": 1, "write": 2, "admin": 3}
"""Roles in a namespace, the higher the more."""
SCOPES = ("repo:read", "repo:write", "repo:admin", "org:admin", "user", "server:admin")
_BROADER = {
    "repo:read": {"repo:read", "repo:write", "repo:admin"},
    "repo:write": {"repo:write", "repo:admin"},
}
_NEEDS = {
    Action.ACCOUNT: ("user", None),
    Action.LIKE: ("user", "read"),
    Action.READ: ("repo:read", "read"),
    Action.WRITE: ("repo:write", "write"),
    Action.CREATE: ("repo:write", "write"),
    Action.ADMINISTER: ("repo:admin", "admin"),
    Action.MANAGE: ("org:admin", "admin"),
    Action.SERVE: ("server:admin", None),
}
"""The scope that a token needs, and the role in the namespace."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller.

    Attributes:
        user_id: ``None`` for nobody.
        name: the user's.
        admin: of the server.
        roles: in namespaces, by their keys; in one's own, ``admin``.
        scopes: of the token; all of them for who came by a password.
        namespace_id: to which the token is restricted.
        repository_id: to which the token is restricted.
        token_id: of the token.
        address: from which the request came.
    """

    user_id: int | None = None
    name: str | None = None
    admin: bool = False
    roles: Mapping[int, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    namespace_id: int | None = None
    repository_id: int | None = None
    token_id: int | None = None
    address: str = ""

    def has(self, scope: str) -> bool:
        """Whether the token carries a scope, or a broader one."""
        return bool(self.scopes & _BROADER.get(scope, {scope}))


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: a namespace, or a repository in it.

    Attributes:
        namespace_id: of the namespace.
        repository_id: of the repository; ``None`` for the namespace itself.
        private: whether it is not for everybody.
        mirrored: whether it is another hub's; what is private of that is for every user of this one.
    """

    namespace_id: int
    repository_id: int | None = None
    private: bool = False
    mirrored: bool = False


def allow(actor: Actor, action: Action, target: Target | None = None) -> bool:
    """Whether a caller may do this. It is the one place that decides it.

    Args:
        actor: who asks.
        action: what for.
        target: of which namespace or repository; ``None`` for what has none.
    """
    if action in {Action.OPEN, Action.SIGNED}:
        return True
    if action is Action.READ and target is not None and not target.private:
        return True
    if actor.user_id is None or action is Action.BE_SOMEBODY:
        return actor.user_id is not None
    if action is Action.LIKE:
        return actor.has("user") and allow(actor, Action.READ, target)
    scope, role = _NEEDS[action]
    if target is None or role is None:
        fits = role is None and (action is not Action.SERVE or actor.admin)
        return fits and actor.has(scope)
    may = (action is Action.READ and target.mirrored) or _has_role(actor, role, target)
    return may and actor.has(scope) and _reaches(actor, target)


def missing_scope(actor: Actor, action: Action) -> str | None:
    """The scope that a caller's token would need for this, where that is what it lacks."""
    scope, _ = _NEEDS.get(action, (None, None))
    return scope if scope is not None and not actor.has(scope) else None


def role_for(action: Action) -> str | None:
    """The role in a namespace that an action takes; ``None`` where it takes none."""
    return _NEEDS.get(action, (None, None))[1]


def _reaches(actor: Actor, target: Target) -> bool:
    """Whether the token is not restricted to something else."""
    return actor.namespace_id in {None, target.namespace_id} and actor.repository_id in {None, target.repository_id}


def _has_role(actor: Actor, role: str, target: Target) -> bool:
    if actor.admin and actor.has("server:admin"):
        return True
    return ORDER.get(actor.roles.get(target.namespace_id, ""), 0) >= ORDER[role]
