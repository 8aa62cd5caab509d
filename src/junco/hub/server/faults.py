"""What a request is refused with: one exception, which each protocol spells in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Fault(Exception):
    """A request that gets no other answer.

    Args:
        status: of HTTP.
        code: a word for programs; ``no-repository`` ….
        message: one line for people: what, where, what to do.
        details: for programs, as JSON.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.details, self.headers = dict(details or {}), dict(headers or {})


def bad_request(message: str, **details: Any) -> Fault:
    """Of a request that no server could answer."""
    return Fault(400, "bad-request", message, details)


def no_repository() -> Fault:
    """Of one that is not there, or that the caller may not know of: both in the same words."""
    return Fault(404, "no-repository", "there is no such repository, or it is private and not yours")


def no_revision(revision: str) -> Fault:
    """Of a branch, release, tag or commit."""
    return Fault(404, "no-revision", f"no branch, release, tag or commit {revision[:96]!r} in this repository")


def no_file(path: str, commit: str | None = None) -> Fault:
    """Of a path of a commit; clients of Hugging Face remember by ``X-Repo-Commit`` that it is not there."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return Fault(404, "no-file", f"no file {path[:255]!r} in this revision", headers=headers)


def unauthenticated(message: str = "a token is needed: junco hub login, or Authorization: Bearer jnc_…") -> Fault:
    """Of a caller who is nobody here."""
    return Fault(401, "unauthenticated", message, headers={"WWW-Authenticate": 'Bearer realm="junco hub"'})


def forbidden(message: str, **details: Any) -> Fault:
    """Of a caller who may know of it, and may not do this."""
    return Fault(403, "forbidden", message, details)


def taken(name: str, by: str | None = None) -> Fault:
    """Of a name."""
    of = f": it looks like {by!r}" if by and by != name else ""
    return Fault(409, "taken", f"the name {name[:200]!r} is taken{of}", {"with": by or name})


def too_large(what: str, limit: int) -> Fault:
    """Of more bytes, or more things, than there may be."""
    return Fault(413, "too-large", f"{what}: at most {limit:,}", {"limit": limit})
