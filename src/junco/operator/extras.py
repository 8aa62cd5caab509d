"""The Python packages that an operator needs: looked for before anything is fetched or loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from junco.errors import JuncoError, MissingExtraError, UnavailableError
from junco.wording import reason


def not_opened(owner: str, error: Exception) -> JuncoError:
    """What to say of an operator whose `open` raised: of a package that is not there, what brings it."""
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if not module:
        return UnavailableError(f"operator {owner!r} could not be opened: {reason(error)}")
    if extra := _extra_of(module):
        return MissingExtraError(module, extra, repr(owner))
    return UnavailableError(
        f"operator {owner!r} could not be opened: it needs the package {module!r}, which is not installed "
        f"({reason(error)})"
    )


def _extra_of(module: str) -> str:
    """The extra of junco that brings a package, if one does; not the one that brings all."""
    from importlib import metadata

    wanted = _SPELT.get(module, module.replace("_", "-").lower())
    for text in metadata.requires("junco") or ():
        match = _REQUIREMENT.match(text)
        if match and match["extra"] != "all" and match["package"].lower().replace("_", "-") == wanted:
            return match["extra"]
    return ""


_REQUIREMENT = re.compile(r"(?P<package>[\w.-]+).*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")
_SPELT = {"PIL": "pillow", "sklearn": "scikit-learn"}
"""Packages whose modules have other names."""


def check_packages(packages: Mapping[str, str], owner: str) -> None:
    """Refuse to go on without one of them; they are looked for, not imported.

    Args:
        packages: names as they are imported, each with the extra of junco that brings it.
        owner: the operator's name, for messages.

    Raises:
        MissingExtraError: naming the package and ``pip install 'junco[extra]'``.
    """
    if not packages:
        return
    from importlib.util import find_spec  # not needed to open junco's doors

    for package, extra in packages.items():
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, repr(owner))
