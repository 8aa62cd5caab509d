"""The Python packages that an operator needs: looked for before anything is fetched or loaded."""

from __future__ import annotations

from collections.abc import Mapping

from junco.errors import MissingExtraError


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
