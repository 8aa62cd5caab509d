"""Which operators and families there are: those defined in this process, and those of installed packages.

The built-ins come in by the same door as everybody's: the entry points ``junco.operators`` and ``junco.families``.
Listing names imports nothing; a module is imported when its operator is used.
"""

from __future__ import annotations

import functools
import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from junco.errors import UnknownNameError
from junco.operator.family import Family

Defined = type[Any]
"""A class derived from `Operator`, which this file knows nothing of."""

_defined: dict[str, Defined] = {}
_defined_families: dict[tuple[str, str], Family] = {}


def register(name: str, operator: Defined) -> None:
    """Make an operator known in this process; the latest definition of a name holds."""
    _defined[name] = operator


def register_family(family: Family) -> None:
    """Make a family known in this process."""
    _defined_families[family.kind, family.name] = family
    families.cache_clear()


def names() -> list[str]:
    """All known operators' names, sorted."""
    return sorted({*_defined, *installed()})


def is_defined(name: str) -> bool:
    """Whether an operator's class is at hand without an import."""
    return name in _defined


def load(name: str, target: str = "") -> Defined:
    """The class of an operator, from this process, an installed package, or ``target`` (``module:Class``).

    Raises:
        UnknownNameError: with the nearest names.
    """
    if name not in _defined and name in installed():
        installed()[name].load()
    elif name not in _defined and target:
        importlib.import_module(target.partition(":")[0])
    if name not in _defined:
        raise UnknownNameError("operator", name, names(), "'junco ops' lists them all.")
    return _defined[name]


@functools.cache
def installed() -> dict[str, EntryPoint]:
    """Entry points of installed operators by name."""
    return {entry.name: entry for entry in entry_points(group="junco.operators")}


@functools.cache
def families(kind: Literal["operator", "pipeline"]) -> dict[str, Family]:
    """All families of one kind by name."""
    found: dict[str, Family] = {}
    for entry in entry_points(group="junco.families"):
        loaded = entry.load()
        for family in loaded if isinstance(loaded, tuple) else (loaded,):
            if family.kind == kind:
                found[family.name] = family
    found.update({family.name: family for (its_kind, _), family in _defined_families.items() if its_kind == kind})
    return found
