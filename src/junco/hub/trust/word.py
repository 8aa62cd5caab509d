"""`Trust`: a caller's own word that code of a hub may run, by commit, in this process."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Self

from junco.errors import ParameterError
from junco.hub.client.revision import Revision
from junco.wording import picture

_COMMIT, _DIGEST = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Code that may run, said by whoever calls; no file, no environment and nothing of a hub says it::

        pipeline("alice/flowers@1.2.0", trust=Trust.commit("0123…"))
        with Trust.commit("0123…") | Trust.commit("4567…"):
            embed = ops["alice/colour@1.0.0"]()

    What was loaded so may be used in this process from then on.

    Attributes:
        commits: each with the digest of its code; an empty digest: whatever the commit is sure to hold.
    """

    commits: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @classmethod
    def commit(cls, commit: str, code: str = "") -> Trust:
        """Trust in one commit.

        Args:
            commit: 40 hexadecimal digits, as ``junco hub show`` has them.
            code: the digest of its code, 64 digits, as ``junco hub trust`` shows it. Without it the hub has to prove
                that the commit is of the files which it sends, as hubs of junco do.

        Raises:
            ParameterError: these are no such digits: a branch or a release may not be trusted by its name.
        """
        if not isinstance(commit, str) or _COMMIT.fullmatch(commit) is None:
            raise ParameterError(
                f"{picture(commit)} is no commit: code is trusted by 40 hexadecimal digits, which 'junco hub show' "
                "says, and not by the name of a release or a branch"
            )
        if not isinstance(code, str) or (code and _DIGEST.fullmatch(code) is None):
            raise ParameterError(f"{picture(code)} is no digest of code: 64 hexadecimal digits of 'junco hub trust'")
        return cls(frozenset({(commit, code)}))

    def __or__(self, other: Trust) -> Trust:
        return Trust(self.commits | other.commits)

    def __enter__(self) -> Self:
        _said.set((*_said.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _said.set(_said.get()[:-1])

    def holds(self, revision: Revision) -> bool:
        """Whether it is said of this commit's code."""
        by_digest = (revision.commit, revision.code_digest) in self.commits
        return by_digest or (revision.is_proved and (revision.commit, "") in self.commits)


_said: ContextVar[tuple[Trust, ...]] = ContextVar("trust", default=())
_loaded: set[tuple[str, str, str, str]] = set()
"""Hub, repository, commit and code of what was loaded on somebody's word in this process."""


def is_said(hub: str, revision: Revision) -> bool:
    """Whether the caller said that a commit's code may run, now or before in this process."""
    key = (hub, revision.repository, revision.commit, revision.code_digest)
    if key not in _loaded and any(each.holds(revision) for each in _said.get()):
        _loaded.add(key)
    return key in _loaded


def is_unproved(revision: Revision) -> bool:
    """Whether the caller said it of a commit that the hub does not prove, and without the digest of its code."""
    return not revision.is_proved and any((revision.commit, "") in each.commits for each in _said.get())
