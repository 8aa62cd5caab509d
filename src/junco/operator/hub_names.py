"""Names on a hub, ``namespace/name[@version]``, and the folder that one stands for: brought by whatever knows hubs.

What fetches lives further up and comes in by the entry points ``junco.hubs``, as what trains does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from junco.errors import ContractError
from junco.operator.entries import entries, is_ours

_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"
HUB_NAME = re.compile(rf"(?P<namespace>{_WORD})/(?P<name>{_WORD})(?:@(?P<version>{_WORD}))?")


def is_hub_name(name: object) -> bool:
    """Whether a text has the shape of a name on a hub."""
    return isinstance(name, str) and HUB_NAME.fullmatch(name) is not None


def hub_folder(name: str, kind: str, project: Path | None = None) -> Path:
    """The folder of an artefact on a hub, of data that was checked; fetched where it is not here yet.

    Args:
        name: ``namespace/name[@version]``.
        kind: what it has to be: ``"pipeline"``, ``"tuned-operator"``.
        project: the folder whose ``junco.lock`` pins it; ``None``: the one that one works in.

    Raises:
        NoHubError: no hub is configured.
        UnavailableError: it is not there, or cannot be reached.
        IntegrityError: what came is not what it should be.
        ContractError: it is of another kind, or breaks its contract.
        TrustError: it holds code that nobody allowed.
    """
    return Path(_fetcher()(name, kind, project))


def _fetcher() -> Callable[..., Any]:
    found = sorted(entries("junco.hubs"), key=is_ours)
    if not found:
        raise ContractError("nothing is installed that talks to hubs: install junco again, with its entry points")
    return cast(Callable[..., Any], found[0].load())
