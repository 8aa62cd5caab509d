"""What is mirrored: of which hub, which names, how much of it is kept."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from junco.errors import InputError
from junco.hub.server.accounts.names import problem_of

_PATTERN = re.compile(r"[A-Za-z0-9._*?-]{1,96}")
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT]I?B)")
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MOST_BYTES = 200 * 10**9


@dataclass(frozen=True, slots=True)
class Mirroring:
    """What an operator has allowed.

    Attributes:
        upstream: the other hub's address, without a ``/`` at its end.
        allowed: ``namespace/pattern`` each; a namespace is written out, a pattern may hold ``*`` and ``?``.
        token: that is shown to the other hub; never logged, kept or sent anywhere else.
        most_bytes: of large files that are kept; those that were asked for longest ago go first.
        fresh_s: for so long a branch is taken to be where it was seen.
        away_s: for so long another hub that failed is not asked again.
    """

    upstream: str
    allowed: tuple[str, ...]
    token: str | None = field(default=None, repr=False)
    most_bytes: int = MOST_BYTES
    fresh_s: float = 60.0
    away_s: float = 15.0

    @property
    def namespaces(self) -> list[str]:
        """Those that belong to the mirror."""
        return sorted({each.partition("/")[0] for each in self.allowed})

    def covers(self, namespace: str, name: str) -> bool:
        """Whether a repository may be read through this hub."""
        full = f"{namespace}/{name}".lower()
        return problem_of(name) is None and any(fnmatch.fnmatchcase(full, each.lower()) for each in self.allowed)

    def names(self, namespace: str, name: str) -> bool:
        """Whether its whole name stands in the list."""
        return f"{namespace}/{name}".lower() in {each.lower() for each in self.allowed}


def mirroring_of(
    upstream: str | None, allowed: tuple[str, ...], token: str | None = None, most_bytes: int = MOST_BYTES
) -> Mirroring | None:
    """What was asked for, checked; ``None`` where nothing is mirrored.

    Raises:
        InputError: it makes no sense, or is not safe.
    """
    if upstream is None:
        if allowed:
            raise InputError("--mirror-allow names what of --mirror ADDRESS may be read; there is no --mirror")
        return None
    parts = urlsplit(upstream.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in upstream:
        raise InputError("--mirror is the address of a hub: https://huggingface.co, http://127.0.0.1:7997")
    if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError("the token of the mirror would go in the clear: --mirror https://…")
    if not allowed:
        raise InputError("--mirror mirrors what is allowed alone: --mirror-allow 'sentence-transformers/*'")
    for each in allowed:
        _check(each)
    return Mirroring(upstream.strip().rstrip("/"), tuple(dict.fromkeys(allowed)), token or None, most_bytes)


def bytes_of(text: str) -> int:
    """A size as people write it: ``200GB``, ``50 GiB``.

    Raises:
        InputError: it is none.
    """
    found = _SIZE.fullmatch(text.strip().upper())
    if found is None or (number := int(float(found[1]) * _UNITS[found[2]])) < 1:
        raise InputError(f"{text[:40]!r} is no size: 200GB, 50GiB, 500MB")
    return number


def _check(pattern: str) -> None:
    namespace, _, name = pattern.partition("/")
    if problem_of(namespace) is not None or not _PATTERN.fullmatch(name):
        raise InputError(
            f"--mirror-allow {pattern!r}: NAMESPACE/NAME is meant, with * and ? in the name alone: "
            "a namespace that is mirrored belongs to the mirror, so that nobody here can take its names"
        )
