"""``namespace/name[@version]`` as it is asked for: a repository and a revision."""

from __future__ import annotations

import re
from dataclasses import dataclass

from junco.errors import ParameterError
from junco.operator.hub_names import HUB_NAME
from junco.wording import picture

_RELEASE = re.compile(r"v?(\d+\.\d+\.\d+(?:[-+][A-Za-z0-9.-]+)?)")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Name:
    """A name on a hub.

    Attributes:
        repository: ``namespace/name``.
        revision: a release (``v1.2.0``), a commit, a branch, or ``latest``.
    """

    repository: str
    revision: str = "latest"

    @property
    def is_fixed(self) -> bool:
        """Whether it means the same for ever: a commit, or a release."""
        return self.is_commit or _RELEASE.fullmatch(self.revision) is not None

    @property
    def is_commit(self) -> bool:
        """Whether it names a commit."""
        return _COMMIT.fullmatch(self.revision) is not None

    def __str__(self) -> str:
        return self.repository if self.revision == "latest" else f"{self.repository}@{self.revision.removeprefix('v')}"


def parse_name(text: str) -> Name:
    """A name as people write it.

    Raises:
        ParameterError: it is none.
    """
    found = HUB_NAME.fullmatch(text) if isinstance(text, str) else None
    if found is None or ".." in text:
        raise ParameterError(f"{picture(text)} is no name on a hub: namespace/name, or namespace/name@1.2.0")
    version = found["version"]
    return Name(
        f"{found['namespace']}/{found['name']}", "latest" if version is None else release_of(version) or version
    )


def release_of(version: str) -> str:
    """``v1.2.0`` of ``1.2.0``; empty for what is no version."""
    found = _RELEASE.fullmatch(version)
    return f"v{found[1]}" if found else ""
