"""Which operators and families there are: those defined in this process, and those of installed packages.

The built-ins come in by the same door as everybody's: the entry points ``junco.operators`` and ``junco.families``.
Listing names imports nothing; a module is imported when its operator is used.
"""

from __future__ import annotations

import functools
import importlib
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from junco.errors import ContractError, JuncoError, UnknownNameError
from junco.operator.family import Family
from junco.wording import brief

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

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
    """Whether the operator's class is there, without an import."""
    return current(name) is not None


def current(name: str) -> Defined | None:
    """The class that holds a name now, without an import."""
    return _defined.get(name)


def load(name: str, target: str = "") -> Defined:
    """The class of an operator, from this process, an installed package, or ``target`` (``module:Class``).

    Raises:
        UnknownNameError: with the nearest names.
        ContractError: the package that brings it cannot be imported.
    """
    if name not in _defined and name in installed():
        entry = installed()[name]
        _import(name, _package(entry), entry.load)
    elif name not in _defined and target:
        _import(name, target, lambda: importlib.import_module(target.partition(":")[0]))
    found = _defined.get(name) or _at(target)
    if found is None:
        raise UnknownNameError("operator", name, names(), "'junco ops' lists them all.")
    return found


def _import(name: str, source: str, load: Callable[[], Any]) -> None:
    """Run what brings an operator; whatever somebody's module does then, even to exit, is an error of that operator."""
    try:
        load()
    except (JuncoError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise ContractError(f"the operator {name!r} of {source} cannot be imported: {brief(error)}") from error


def _at(target: str) -> Defined | None:
    """A class by its place: one without a name of its own."""
    module, _, path = target.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and hasattr(found, "is_registered") else None


def _package(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else entry.value


def entry_points(group: str) -> EntryPoints:
    """What installed packages bring of one kind."""
    from importlib import metadata  # takes a while to import

    return metadata.entry_points(group=group)


@functools.cache
def installed() -> dict[str, EntryPoint]:
    """Entry points of installed operators by name."""
    return {entry.name: entry for entry in entry_points("junco.operators")}


@functools.cache
def families(kind: Literal["operator", "pipeline"]) -> dict[str, Family]:
    """All families of one kind by name."""
    found: dict[str, Family] = {}
    for family in _installed_families():
        if family.kind == kind:
            found[family.name] = family
    found.update({family.name: family for (its_kind, _), family in _defined_families.items() if its_kind == kind})
    return found


@functools.cache
def _installed_families() -> tuple[Family, ...]:
    """Those of installed packages; one that cannot be imported is left out, and said once."""
    found: list[Family] = []
    for entry in entry_points("junco.families"):
        try:
            loaded = entry.load()
            found += [family for family in (loaded if isinstance(loaded, (tuple, list)) else (loaded,)) if family.kind]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever somebody's module does when it is imported, even to exit
            warnings.warn(f"the families of {_package(entry)} are left out: {brief(error)}", stacklevel=2)
    return tuple(found)
