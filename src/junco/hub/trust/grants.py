"""Grants: code of a hub that this user allowed, each by hub, repository, commit and digest of the code.

They lie in JUNCO_HOME, in a file of this user's alone. No environment variable, no file of an artefact and no pipeline
gives one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from junco.errors import ContractError, IntegrityError
from junco.hub.client.private import alone, hub_home, read_private, write_private
from junco.hub.client.revision import Revision
from junco.hub.trust.log import note, now
from junco.settings import settings


@dataclass(frozen=True, slots=True)
class Grant:
    """That the code of one commit may run.

    Attributes:
        hub: the address of the hub.
        repository: ``namespace/name``.
        commit: 40 hexadecimal digits.
        code_digest: over the files that are code.
        digest: over all files: what the code reads is what it was allowed with.
        granted: when, in UTC.
    """

    hub: str
    repository: str
    commit: str
    code_digest: str
    digest: str
    granted: str = ""


def grants() -> list[Grant]:
    """All that were given, the latest last.

    Raises:
        IntegrityError: the file of grants can be read by others, or holds something else.
    """
    if not (settings().home / "hub" / "grants.json").exists():
        return []
    found = read_private(_file())
    try:
        return [Grant(**{key: str(each[key]) for key in Grant.__slots__}) for each in found]
    except (TypeError, KeyError):
        raise IntegrityError(f"{_file()} holds no grants: move it away, and allow again what you want to run") from None


def is_granted(hub: str, revision: Revision) -> bool:
    """Whether the code of a commit may run: this commit, with this code, of this hub."""
    return bool(granted_when(hub, revision))


def granted_when(hub: str, revision: Revision) -> str:
    """When the code of a commit was allowed; empty where it was not."""
    wanted = (hub, revision.repository, revision.commit, revision.code_digest, revision.digest)
    return next((each.granted or "once" for each in grants() if _key(each) == wanted), "")


def grant(hub: str, revision: Revision) -> Grant:
    """Allow the code of a commit to run.

    Raises:
        ContractError: it has none.
    """
    if not revision.code:
        raise ContractError(f"{revision.repository} at {revision.commit[:12]} holds no code: nothing has to be allowed")
    made = Grant(hub, revision.repository, revision.commit, revision.code_digest, revision.digest, now())
    with alone():
        note("allow", hub=hub, repository=made.repository, commit=made.commit, code=made.code_digest)
        _keep([*(each for each in grants() if _key(each) != _key(made)), made])
    return made


def revoke(hub: str, repository: str, commit: str = "") -> int:
    """Take back what was allowed of a repository, or of one commit of it: how many grants there were."""
    with alone():
        there = grants()
        kept = [
            each
            for each in there
            if (each.hub, each.repository) != (hub, repository) or commit not in ("", each.commit)
        ]
        if gone := len(there) - len(kept):
            note("take back", hub=hub, repository=repository, commit=commit or "all")
            _keep(kept)
    return gone


def last_grant(hub: str, repository: str) -> Grant | None:
    """The latest grant for a repository."""
    return next((each for each in reversed(grants()) if (each.hub, each.repository) == (hub, repository)), None)


def _key(each: Grant) -> tuple[Any, ...]:
    return each.hub, each.repository, each.commit, each.code_digest, each.digest


def _file() -> Path:
    return hub_home() / "grants.json"


def _keep(kept: Sequence[Grant]) -> None:
    write_private(_file(), [asdict(each) for each in kept])
