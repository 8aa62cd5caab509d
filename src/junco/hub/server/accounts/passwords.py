"""Passwords: argon2 keeps them, and a wrong name takes as long as a wrong password."""

from __future__ import annotations

import functools
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from junco.hub.server.faults import Fault

SHORTEST, LONGEST = 10, 256
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 19 MiB while it works


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@functools.cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_hex(16))


def checked(password: str) -> str:
    """The password.

    Raises:
        Fault: it is too short, or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        why = f"a password has {SHORTEST} to {LONGEST} characters, of at least 4 kinds"
        raise Fault(422, "invalid", why, {"fields": ["password"]})
    return password


def hashed(password: str) -> str:
    """As it is kept."""
    with _AT_ONCE:
        return _hasher().hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password that is kept; without one the same work is done for nothing."""
    if len(password) > LONGEST:
        return False
    with _AT_ONCE:
        try:
            return _hasher().verify(kept or _nobodys(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def new_password() -> str:
    """For a first login."""
    return secrets.token_urlsafe(15)
