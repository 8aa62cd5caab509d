"""From the names in a function's code to the values that they mean, through modules that no installed package holds."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSequence, MutableSet
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np

from junco.operator.code import names_in
from junco.operator.packages import package_of
from junco.operator.walk import CONTENT, ITEM
from junco.operator.walk import Path as Names

Slot = tuple[Any, ...]
"""A place that can be written: a name in a namespace, a closure's cell, or the content of a container."""
MISSING: Any = object()
_CONTAINERS = (MutableSequence, MutableMapping, MutableSet, bytearray, deque, np.ndarray)


@dataclass
class Read:
    """What a function reads by one name.

    Attributes:
        name: as it stands in the code, ``helpers.clean``.
        value: what it means now.
        slot: where that lies.
        methods: which methods of it are called.
    """

    name: str
    value: Any
    slot: Slot
    methods: set[str] = field(default_factory=set)


def fixed_package(module: str) -> str | None:
    """The package and version that hold a module's code; ``python`` for Python's own, ``None`` where code decides."""
    if _is_pythons(module.partition(".")[0]):
        return "python"
    package = package_of(module)
    return str(package) if package is not None and not package.is_editable else None


@functools.cache
def _is_pythons(top: str) -> bool:
    """Whether a module is Python's own, and not one of the same name beside somebody's program."""
    place = getattr(sys.modules.get(top), "__file__", None)
    is_near = place is None or Path(sysconfig.get_path("stdlib")) in Path(place).parents
    return top in sys.stdlib_module_names and is_near and "site-packages" not in str(place)


def reads_of(fn: FunctionType, only_cells: bool = False) -> list[Read]:
    """What a function reads of what lies outside of it, each value once, by name."""
    found: dict[Slot, Read] = {}
    for path in sorted(names_in(fn.__code__).reads, key=repr):
        if path[0] == "first" or (only_cells and path[0] != "cell"):
            continue
        read, rest = _followed(fn, path)
        found.setdefault(read.slot, read).methods.add(rest[0] if rest else "__call__")
    return sorted(found.values(), key=lambda read: read.name)


def written_by(fn: FunctionType) -> set[Slot]:
    """The places that a function writes outside of itself and of its arguments."""
    found = set()
    for path in names_in(fn.__code__).writes:
        if path[0] == "first":
            continue
        root, slot = _root(fn, path)
        found |= {slot} if len(path) == 2 else slots_of(root, path[2:])
    return found


def slots_of(holder: Any, attributes: Iterable[str]) -> set[Slot]:
    """The place that a path of attributes leads to, from an object on; none where that cannot be told."""
    *way, last = attributes
    for name in way:
        if name == ITEM:  # what lies in a container belongs to it
            return {("content", id(holder))}
        if (holder := attribute(holder, name)) is MISSING:
            return set()
    if last == ITEM or (last == CONTENT and isinstance(holder, _CONTAINERS)):
        return {("content", id(holder))}
    return set() if last == CONTENT else {("name", id(_namespace(holder)), last)}


def attribute(holder: Any, name: str) -> Any:
    """An attribute as it lies there, without running anybody's code; `MISSING` where there is none."""
    own = getattr(holder, "__dict__", {})
    if name in own:
        return own[name]
    kinds = holder.__mro__ if isinstance(holder, type) else type(holder).__mro__
    found = next((vars(kind)[name] for kind in kinds if name in vars(kind)), MISSING)
    return getattr(holder, name, MISSING) if isinstance(found, MemberDescriptorType) else found


def uses(cls: type, methods: Iterable[str], note: Callable[[tuple[str, ...]], None]) -> None:
    """Tell what some methods, and those that they call on the same object, write of it: paths of attributes."""
    waiting, seen = list(methods), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for function in _definitions(cls, name):
            names = names_in(function.__code__)
            waiting += [path[2] for path in names.reads if path[0] == "first" and len(path) > 2]
            for path in names.writes:
                if path[0] == "first" and len(path) > 2:
                    note(path[2:])


def _definitions(cls: type, name: str) -> Iterator[FunctionType]:
    for kind in cls.__mro__:
        member = vars(kind).get(name)
        for each in (member, *(getattr(member, at, None) for at in ("fget", "func", "__func__", "__wrapped__"))):
            if isinstance(each, FunctionType):
                yield each


def _namespace(holder: Any) -> Any:
    return vars(holder) if isinstance(holder, ModuleType) else holder


def _followed(fn: FunctionType, path: Names) -> tuple[Read, tuple[str, ...]]:
    """The value that a path leads to, and the attributes that were not followed."""
    value, slot = _root(fn, path)
    name, rest = (path[1][0] if path[0] == "import" else path[1]), list(path[2:])
    while rest and isinstance(value, ModuleType) and fixed_package(value.__name__) is None:
        name, slot = f"{name}.{rest[0]}", ("name", id(vars(value)), rest[0])
        value = _member(value, rest.pop(0))
    return Read(name, value, slot), tuple(rest)


def _root(fn: FunctionType, path: Names) -> tuple[Any, Slot]:
    kind, name = path[:2]
    if kind == "global":
        return fn.__globals__.get(name, MISSING), ("name", id(fn.__globals__), name)
    if kind == "import":
        module = _imported(fn, *name)
        return module, ("module", name)
    cell = (fn.__closure__ or ())[fn.__code__.co_freevars.index(name)]
    try:
        return cell.cell_contents, ("cell", id(cell))
    except ValueError:  # it is still empty
        return MISSING, ("cell", id(cell))


def _imported(fn: FunctionType, name: str, level: int, is_from: bool) -> Any:
    """The module that an import within a function gives; one of somebody's own is imported, as the first call would."""
    around = fn.__globals__.get("__package__") or ""
    name = importlib.util.resolve_name("." * level + name, around) if level else name
    wanted = name if is_from else name.partition(".")[0]
    if name not in sys.modules and fixed_package(name) is not None:
        return ModuleType(wanted)  # its name and version are enough, and to import it may take seconds
    try:
        importlib.import_module(name)
    except Exception:  # whatever it does when it is imported; the call will fail too
        return MISSING
    return sys.modules[wanted]


def _member(module: ModuleType, name: str) -> Any:
    """What lies in a module by a name: one of its own, or a module within it."""
    if (found := vars(module).get(name, MISSING)) is not MISSING:
        return found
    try:
        return importlib.import_module(f"{module.__name__}.{name}")
    except ImportError:
        return getattr(module, name, MISSING)
