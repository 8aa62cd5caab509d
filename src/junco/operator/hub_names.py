"""Names on a hub, ``namespace/name[@version]``, and what one stands for: brought by whatever knows hubs.

What fetches lives further up and comes in by the entry points ``junco.hubs``, as what trains does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from junco.errors import ContractError, rebuilt
from junco.operator.entries import entries, is_ours
from junco.settings import user_path

_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"
HUB_NAME = re.compile(rf"(?P<namespace>{_WORD})/(?P<name>{_WORD})(?:@(?P<version>{_WORD}))?")

_COMMIT = re.compile(r"[0-9a-f]{40}")


class OtherKindError(ContractError):
    """A name on a hub is of another kind than is wanted.

    Attributes:
        kind: ``"operator"``, ``"tuned-operator"``, ``"pipeline"`` ….
        family: whose member an operator is; empty where nothing here says it.
    """

    def __init__(self, message: str, kind: str, family: str = "") -> None:
        self.kind, self.family = kind, family
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), self.args, self.__dict__)


def is_hub_name(name: object) -> bool:
    """Whether a text has the shape of a name on a hub."""
    return isinstance(name, str) and HUB_NAME.fullmatch(name) is not None


def is_commit_name(name: str) -> bool:
    """Whether a text is the name of one commit on a hub, ``namespace/name@`` and 40 hexadecimal digits."""
    return (found := HUB_NAME.fullmatch(name)) is not None and _COMMIT.fullmatch(found["version"] or "") is not None


def hub_pipeline(name: str, project: Path | None = None) -> Path:
    """The folder of a pipeline on a hub, of data that was checked; fetched where it is not here yet.

    Args:
        name: ``namespace/name[@version]``.
        project: the folder whose ``junco.lock`` pins it; ``None``: the one that one works in.

    Raises:
        NoHubError: no hub is configured.
        UnavailableError: it is not there, or cannot be reached.
        IntegrityError: what came is not what it should be.
        ContractError: it is of another kind, or breaks its contract.
    """
    return Path(_fetcher()(name, "pipeline", project))


def hub_operator(name: str, project: Path | None = None) -> Path | type[Any]:
    """An operator on a hub: the folder of a tuned one, or the class of one with code, which its caller allowed to run.

    Args:
        name: ``namespace/name[@version]``.
        project: the folder whose ``junco.lock`` pins it; ``None``: the one that one works in.

    Raises:
        NoHubError: no hub is configured.
        UnavailableError: it is not there, or cannot be reached.
        IntegrityError: what came is not what it should be.
        ContractError: it is of another kind, or breaks its contract.
        TrustError: it holds code that nobody here allowed.
    """
    found = _fetcher()(name, "operator", project)
    return found if isinstance(found, type) else Path(found)


def tuned_folder_of(value: Any) -> Any:
    """A tuned operator as an option names it: the folder of one on a hub, and all else as it is.

    A folder that lies here goes before: ``out/lite`` is one too.

    Raises:
        ContractError: it is no tuned operator.
    """
    if not is_hub_name(value) or user_path(value).exists():
        return value
    found = hub_operator(value)
    if isinstance(found, type):
        raise ContractError(f"tuned={value!r} is an operator with code: it stands alone, {{map: {value}}}")
    return str(found)


def _fetcher() -> Callable[..., Any]:
    found = sorted(entries("junco.hubs"), key=is_ours)
    if not found:
        raise ContractError("nothing is installed that talks to hubs: install junco again, with its entry points")
    return cast(Callable[..., Any], found[0].load())
