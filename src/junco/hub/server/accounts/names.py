"""Names of users, organisations, repositories, branches and tags."""

from __future__ import annotations

import re

from junco.hub.server.faults import Fault

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,94}")
RELEASE = re.compile(
    r"v(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
COMMIT = re.compile(r"[0-9a-f]{40}")
_LIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "_": "-", ".": "-"})
RESERVED = frozenset({
    "about", "account", "admin", "api", "assets", "blog", "browse", "compare", "data", "datasets", "docs", "error",
    "explore", "families", "family", "favicon.ico", "health", "help", "home", "hub", "join", "junco", "kernels",
    "language", "login", "logout", "look", "me", "metrics", "models", "new", "operators", "organisations",
    "organizations", "papers", "password", "pipelines", "privacy", "profile", "reports", "repositories", "resolve",
    "rising", "robots.txt", "root",
    "search", "session", "settings", "sign-in", "sign-out", "sign-up", "signin", "signout", "signup", "spaces",
    "static", "support", "survey", "system", "tags", "tasks", "terms", "theme", "tokens", "trends", "trending",
    "users", "v1", "versions", "web", "www",
})  # fmt: skip
"""First parts of addresses that the server has, or may come to have, for itself."""


def problem_of(name: str) -> str | None:
    """What is wrong with a name; ``None`` for one that may be."""
    if not NAME.fullmatch(name):
        return "a name has 1 to 96 of A-Z a-z 0-9 . _ -, and begins and ends with a letter or a digit"
    if "--" in name or ".." in name or name.lower().endswith((".git", ".lock")):
        return "a name has no -- and no .., and does not end in .git or .lock"
    return None


def checked(name: str, *, of_namespace: bool = False) -> str:
    """The name.

    Raises:
        Fault: nothing may be called so.
    """
    why = problem_of(name)
    if why is None and of_namespace and (name.lower() in RESERVED or RELEASE.fullmatch(name)):
        why = "this name is the server's own"
    if why is not None:
        raise Fault(422, "invalid", f"{name[:100]!r}: {why}", {"fields": ["name"]})
    return name


def likeness(name: str) -> str:
    """What names that are taken for each other share: two of one likeness cannot both be."""
    return name.lower().translate(_LIKE)


def checked_ref(name: str) -> str:
    """The name of a branch or a tag.

    Raises:
        Fault: none may be called so.
    """
    if not _REF.fullmatch(name) or ".." in name or name.endswith(".lock") or COMMIT.fullmatch(name) or name == "latest":
        why = "a branch or tag has 1 to 95 of A-Z a-z 0-9 . _ + -, begins with a letter or a digit, and is no commit"
        raise Fault(422, "invalid", f"{name[:100]!r}: {why}", {"fields": ["name"]})
    return name


def release_order(name: str) -> tuple[int, int, int, bool, list[tuple[int, int, str]]] | None:
    """By which releases are sorted, as semantic versions are; ``None`` for a tag that is no release."""
    found = RELEASE.fullmatch(name)
    if found is None:
        return None
    early = found[4]
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in early.split(".")] if early else []
    return int(found[1]), int(found[2]), int(found[3]), early is None, parts
