"""Which granted code gave its golden vectors on this machine: asked after each grant, and where packages change."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from junco.hub.client.private import alone, hub_home, read_private, write_private
from junco.hub.client.pulling import Pulled
from junco.hub.trust.grants import granted_when
from junco.hub.trust.requirements import versions_of

_MOST = 1000


def is_checked(found: Pulled, requirements: Sequence[str]) -> bool:
    """Whether it was checked here, since it was granted last and with the versions of packages that are here now."""
    return _key(found, requirements) in _kept()


def note_checked(found: Pulled, requirements: Sequence[str]) -> None:
    """Keep that it was.

    Raises:
        TargetError: it cannot be written.
    """
    key = _key(found, requirements)
    with alone():
        write_private(_file(), [*_kept(), key][-_MOST:])


def _key(found: Pulled, requirements: Sequence[str]) -> str:
    said: list[Any] = [found.hub, found.revision.repository, found.revision.commit, found.revision.digest]
    said += [granted_when(found.hub, found.revision), version("junco"), sys.version, versions_of(requirements)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _kept() -> list[str]:
    found = read_private(_file())
    return [str(each) for each in found] if isinstance(found, list) else []


def _file() -> Path:
    return hub_home() / "checked.json"
