"""Operators of installed packages that cannot be used, each with the reason; to find them they are imported."""

from __future__ import annotations

import warnings

from junco.errors import JuncoError
from junco.operator import registry
from junco.operator.entries import is_ours


def broken() -> dict[str, str]:
    """What is wrong by the operator's name: it cannot be imported, or several packages bring it, or its name is odd.

    Those that only junco itself brings are not looked at.
    """
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what else a package says when it is imported is not asked for
        for name, brought in sorted(registry.installed().items()):
            if all(map(is_ours, brought)):
                continue
            try:
                registry.load(name)
            except JuncoError as error:
                found[name] = str(error)
    return found | registry.left_out()
