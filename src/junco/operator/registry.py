"""Which operators and families there are: those defined in this process, and those of installed packages.

The built-ins come in by the same door as everybody's: the entry points ``junco.operators`` and ``junco.families``.
Listing names imports nothing; a module is imported when its operator is used.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from junco.errors import ContractError, JuncoError, UnknownNameError
from junco.operator.entries import OURS, entries, is_ours, missing_module, name_of, only_one_package, package, top
from junco.operator.family import Family
from junco.wording import brief, picture

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Defined = type[Any]
"""A class derived from `Operator`, which this file knows nothing of."""

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+([-_][a-z0-9]+)*)?")
"""What an operator may be called: ``family.member``."""

HOW_TO_FIND = (
    "'junco ops' lists them all. What a script defines only its own process knows; a package makes it known to others: "
    "docs/how-to/package.md."
)
"""What to do where there is no operator of a name."""

PULLED = "_junco_ops"
"""The package in which code of hubs lies, each commit's in a package of its own; what it defines has no name here."""

_defined: dict[str, Defined] = {}
_defined_families: dict[tuple[str, str], Family] = {}


def register(name: str, operator: Defined) -> None:
    """Make an operator known in this process; the latest definition of a name holds."""
    if not is_pulled(operator.__module__):
        _defined[name] = operator


def is_pulled(module: str) -> bool:
    """Whether a module is code of a hub, whose operators are found by their names there alone."""
    return module.partition(".")[0] == PULLED


def check_free(name: str, module: str, override: bool = False) -> None:
    """Refuse the name of an operator that an installed package brings to whoever is not of that package.

    Raises:
        ContractError: with who brings it, and both cures.
    """
    for entry in () if override or is_pulled(module) else installed().get(name, ()):
        if top(entry) != module.partition(".")[0]:
            raise ContractError(
                f"{name!r} is an operator of {package(entry)}: give yours another name, or say that it stands for it "
                f"in this process, override=True"
            )


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
        ContractError: several packages bring it, or the one that does cannot be imported.
    """
    entry = _entry(name)
    if name not in _defined and entry is not None:
        _import(name, _whose(entry), entry.load)
    elif name not in _defined and target:
        _import(name, target, lambda: importlib.import_module(target.partition(":")[0]))
    found = _defined.get(name) or _at(target)
    if found is None:
        say_left_out()
        raise UnknownNameError("operator", name, names(), HOW_TO_FIND)
    if entry is not None and found.__module__.partition(".")[0] != top(entry):
        _check_owner(name, found, entry)
    return found


def _entry(name: str) -> EntryPoint | None:
    """The entry point that brings an operator.

    Raises:
        ContractError: several packages bring it.
    """
    if (problem := only_one_package("an operator", name, _alike().get(_folded(name), ()))) is not None:
        raise ContractError(problem)
    return next(iter(installed().get(name, ())), None)


def _check_owner(name: str, found: Defined, entry: EntryPoint) -> None:
    """Refuse what a package defined under the name of another's; what a user's own code defines again holds."""
    others = [each for each in _all_entries() if top(each) == found.__module__.partition(".")[0]]
    if others and (problem := only_one_package("an operator", name, (entry, *others[:1]))) is not None:
        raise ContractError(problem)


def source_of(name: str) -> str:
    """Who brings an operator, for people; several where its name is refused, and a module that is not there."""
    brought = installed().get(name, ())
    if only_one_package("an operator", name, alike := _alike().get(_folded(name), ())):
        return f"refused, several packages bring it: {', '.join(map(package, alike))}"
    if brought and not is_ours(brought[0]) and (module := missing_module(brought[0])):
        return f"broken, there is no module {picture(module)}: {package(brought[0])}"
    return package(brought[0]) if brought and name_of(brought[0]) else "" if brought else "this process"


def _import(name: str, source: str, load: Callable[[], Any]) -> None:
    """Run what brings an operator; whatever somebody's module does then, even to exit, is an error of that operator."""
    try:
        load()
    except KeyboardInterrupt:
        raise
    except ContractError as error:
        raise ContractError(f"the operator {name!r} of {source} is refused: {error}") from error
    except JuncoError:
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


@functools.cache
def installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Entry points of installed operators by name; several for one is a clash. Odd names are `left_out`."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in entries("junco.operators"):
        if not _is_name(entry.name):
            continue
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and "." in name


def left_out() -> dict[str, str]:
    """What is wrong with the names of installed operators that are none, by the name."""
    return {
        entry.name: f"the operator {picture(entry.name)} of {package(entry)} is left out: a name is 'family.member' in "
        "lower case, with hyphens"
        for entry in entries("junco.operators")
        if not _is_name(entry.name)
    }


def say_left_out() -> None:
    """Warn of them where somebody looks for what there is: once a process, not each time that junco is used."""
    for problem in left_out().values():
        warnings.warn(problem, stacklevel=1)


@functools.cache
def _alike() -> dict[str, tuple[EntryPoint, ...]]:
    """Entry points by the name as Python may write it: what differs by ``-`` and ``_`` alone is one name."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for name, brought in installed().items():
        found[_folded(name)] = (*found.get(_folded(name), ()), *brought)
    return found


def _folded(name: str) -> str:
    return name.replace("_", "-")


def _all_entries() -> tuple[EntryPoint, ...]:
    return (*(entry for brought in installed().values() for entry in brought), *entries("junco.families"))


@functools.cache
def families(kind: Literal["operator", "pipeline"]) -> dict[str, Family]:
    """All families of one kind by name."""
    found = {family.name: family for family in _installed_families() if family.kind == kind}
    found.update({family.name: family for (its_kind, _), family in _defined_families.items() if its_kind == kind})
    return found


@functools.cache
def _installed_families() -> tuple[Family, ...]:
    """Those of installed packages; one that cannot be imported, or is another's, is left out, and said once."""
    found, problems = _read_families()
    for problem in problems:
        warnings.warn(problem, stacklevel=2)
    return found


def families_left_out() -> tuple[str, ...]:
    """What is wrong with families of installed packages that are not there for it."""
    return _read_families()[1]


@functools.cache
def _read_families() -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """The families of installed packages, and what is wrong with others."""
    found: dict[tuple[str, str], tuple[Family, EntryPoint]] = {}
    problems = []
    for entry in sorted(entries("junco.families"), key=lambda entry: name_of(entry) != OURS):
        brought, problem = _families_of(entry)
        problems += [problem] if problem else []
        for family in brought:
            other, first = found.setdefault((family.kind, family.name), (family, entry))
            if other != family and name_of(first) != name_of(entry):
                what = f"the {family.kind} family {picture(family.name)} of {package(entry)} is left out"
                problems.append(f"{what}: {package(first)} brings one of that name; uninstall one")
    return tuple(family for family, _ in found.values()), tuple(problems)


def _families_of(entry: EntryPoint) -> tuple[list[Family], str]:
    """The families of an entry point, or what is wrong with it."""
    try:
        loaded = entry.load()
        found = list(loaded) if isinstance(loaded, (tuple, list)) else [loaded]
        if odd := [each for each in found if not isinstance(each, Family)]:
            raise TypeError(f"{picture(odd[0])} is no Family")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever somebody's module does when it is imported, even to exit
        return [], f"entry point {picture(entry.name)}: the families of {_whose(entry)} are left out: {brief(error)}"
    return found, ""


def _whose(entry: EntryPoint) -> str:
    return f"the package {package(entry)}" if name_of(entry) else entry.value
