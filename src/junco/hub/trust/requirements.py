"""What an operator says it needs of other packages: compared with what is installed here. Nothing is ever installed."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from junco.errors import MissingExtraError, UnavailableError
from junco.wording import picture

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def versions_of(requirements: Iterable[str]) -> dict[str, str]:
    """The version of each package that is named, as it is installed; empty for one that is not.

    Raises:
        UnavailableError: one is no requirement by name and version.
    """
    return {name: _version(name) for name in (_parsed(each).name for each in requirements)}


def unsatisfied(requirements: Iterable[str]) -> list[str]:
    """What is not as it is asked for, a line each, with what is here instead."""
    found = []
    for text in requirements:
        wanted = _parsed(text)
        here = _version(wanted.name)
        if not here:
            found.append(f"{text}, which is not installed")
        elif not wanted.specifier.contains(here, prereleases=True):
            found.append(f"{text}, and {wanted.name} {here} is installed")
    return found


def check_requirements(owner: str, requirements: Iterable[str]) -> None:
    """Refuse to run an operator without what it needs.

    Raises:
        UnavailableError: with all that is missing, and how to get it.
    """
    wanted = list(requirements)
    if missing := unsatisfied(wanted):
        texts = " ".join(f"'{each.partition(', ')[0]}'" for each in missing)
        raise UnavailableError(
            f"{owner} needs {'; '.join(missing)}. junco installs nothing for code of a hub: if you trust these "
            f"packages, pip install {texts}"
        )


def _parsed(text: str) -> Requirement:
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ModuleNotFoundError:
        raise MissingExtraError("packaging", "hub", "code of a hub") from None
    try:
        found = Requirement(text)
    except InvalidRequirement:
        found = None
    if found is None or found.url or found.marker:
        raise UnavailableError(
            f"the requirement {picture(text)} is no name of a package with versions: it is not heeded, and what asks "
            "for it is not run"
        )
    return found


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
