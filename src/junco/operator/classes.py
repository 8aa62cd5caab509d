"""What classes, operators and wrapped functions are, as a `Describer` tells them."""

from __future__ import annotations

import dataclasses
import enum
import functools
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from junco.operator import reach
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec
from junco.places.files import names_files

if TYPE_CHECKING:
    from junco.operator.describe import Describer

_WRAPPED = ("fget", "fset", "func", "__func__", "__wrapped__", "args", "keywords")
_WRAPPERS = (property, functools.cached_property, staticmethod, classmethod, functools.partialmethod)
_CACHED: type = type(functools.lru_cache(len))
_SAID_ELSEWHERE = frozenset({"hints", "neutral", "handed_down", "cures", "_abc_impl"})
"""Members that say how fast an operator runs, which parameters count or are handed on, what helps against what it
notes, and what Python keeps of abstract classes."""

_SAYS = ("__reduce__", "__reduce_ex__", "__getstate__")
_HEAP, _BARE = 1 << 9, object.__basicsize__
"""The flag of classes that were made by a ``class`` statement, and the bytes of an object that holds nothing."""


def named(kind: str, name: str, module: str) -> dict[str, Any]:
    """What is known by its name, and by its package's version where it has one."""
    package = reach.fixed_package(module)
    return {kind: name} if package in (None, "python") else {kind: name, "package": package}


def operator_parts(describer: Describer, fn: OperatorSpec | Operator) -> dict[str, Any]:
    """An operator: its class, the parameters that count, and the content of its files."""
    made: Operator = fn if isinstance(fn, Operator) else fn.create()
    files = [Path(path) for path in made.files()]
    describer.unknown += made.unidentified()
    methods = [name for name in dir(type(made)) if not name.startswith("__")]
    if reach.fixed_package(type(made).__module__) is None:
        reach.uses(type(made), methods, lambda path: describer.written.update(reach.slots_of(made, path)))
    cls = describer.value(type(made), made.name)
    parts = {"operator": made.spec.name, **cls, "parameters": _parameters(describer, made.spec, made.all_files())}
    if tuned := made.tuned_identity():
        parts["tuned"] = tuned
    if files:
        top = os.path.commonpath([path.parent for path in files])
        parts["files"] = {os.path.relpath(path, top): describer.content(path) for path in files}
    return parts


def _parameters(describer: Describer, spec: OperatorSpec, files: Sequence[Path]) -> dict[str, Any]:
    """All that change results, those too that were left at their defaults."""
    cls = spec.load()
    values = {name: p.default for name, p in cls.parameters().items() if p.default is not p.empty} | spec.params
    return {
        name: "its files" if names_files(value, files) else describer.value(value, name)
        for name, value in sorted(values.items())
        if name not in cls.neutral_parameters()
    }


def class_parts(describer: Describer, cls: type) -> dict[str, Any]:
    """A class by its place, and by its package's version or by its members and those that it derives from."""
    parts = named("class", f"{cls.__module__}:{cls.__qualname__}", cls.__module__)
    if reach.fixed_package(cls.__module__) is not None:
        return parts
    before = describer.is_called
    describer.is_called = before and issubclass(cls, Operator)  # junco alone calls its methods
    try:
        kinds = [kind for kind in (*cls.__bases__, type(cls)) if not _is_plain(kind)]
        bases = {"bases": [describer.value(kind, cls.__qualname__) for kind in kinds]} if kinds else {}
        return parts | {"members": _members(describer, cls)} | bases
    finally:
        describer.is_called = before


def _is_plain(kind: type) -> bool:
    """Whether a base says nothing of what a class computes: Python's own, and those of all operators."""
    return kind in (object, type) or kind.__module__.startswith("junco.operator.")


def _members(describer: Describer, cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    passed = _SAID_ELSEWHERE
    if issubclass(cls, Operator):
        passed |= cls.parameters().keys()
        found["stateful"] = cls.hints.stateful
    own = {**vars(cls), **getattr(cls, "__members__", {})} if issubclass(cls, enum.Enum) else vars(cls)
    for name, member in sorted(own.items()):
        if name in passed or _is_by_the_way(cls, name, member):
            continue
        if not describer.is_state(("name", id(cls), name), member):
            found[name] = describer.short(member, f"{cls.__qualname__}.{name}")
    return found


def _is_by_the_way(cls: type, name: str, member: Any) -> bool:
    """Whether a member is Python's own: the places of slots, docstrings, annotations, the books of enumerations."""
    if isinstance(member, (MemberDescriptorType, GetSetDescriptorType)):
        return True
    if name.startswith("__") and name.endswith("__"):
        return not (isinstance(member, FunctionType) or is_wrapper(member))
    return issubclass(cls, enum.Enum) and name.startswith("_") and name.endswith("_")


def is_wrapper(value: Any) -> bool:
    """Whether it wraps functions: a property, a static method, a function with a cache."""
    return isinstance(value, (*_WRAPPERS, _CACHED))


def wrapper_parts(describer: Describer, value: Any, where: str) -> dict[str, Any]:
    """What is within a property, a cached one, a static or class method, a function with a cache or with arguments."""
    inner = {name: getattr(value, name, None) for name in _WRAPPED}
    told = {name: describer.value(each, where) for name, each in inner.items() if each is not None}
    return {"wrapper": type(value).__name__, **told}


def name_in_package(value: Any) -> dict[str, Any] | None:
    """A callable that lies in an installed package, or in Python's own library, under the name that it says it has."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    owner = getattr(value, "__objclass__", None)
    module = module or getattr(owner, "__module__", None)
    if not (callable(value) and isinstance(module, str) and isinstance(name, str)):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    is_there = found is value and reach.fixed_package(module) is not None
    return named("function", f"{module}.{name}", module) if is_there else None


def attributes(value: Any) -> Mapping[str, Any] | None:
    """What an object holds by name; ``None`` where it has no attributes, or says of itself what is to be kept."""
    kind = type(value)
    fields = {each.name for each in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    says = any(getattr(kind, name, None) is not getattr(object, name, None) for name in _SAYS)
    if says and not fields:
        return None
    slots = {
        name
        for base in kind.__mro__
        for name, member in vars(base).items()
        if isinstance(member, MemberDescriptorType) and hasattr(value, name)
    }
    # what it holds is not in its attributes, but in what it or a class that it derives from keeps in C
    is_written_in_c = any(not base.__flags__ & _HEAP for base in kind.__mro__[:-1])
    if is_written_in_c or (not slots and not fields and not hasattr(value, "__dict__") and kind.__basicsize__ > _BARE):
        return None
    names = slots | fields
    return {**getattr(value, "__dict__", {}), **{name: getattr(value, name) for name in names if hasattr(value, name)}}


def copy_parts(value: Any) -> tuple[Any, ...] | None:
    """By what `pickle` would make an object again; ``None`` for what changes as it is used up, or has no copies."""
    if hasattr(value, "__next__"):
        return None
    try:
        said = value.__reduce_ex__(4)
    except Exception:  # whatever it raises so that nobody copies it
        return None
    return said if isinstance(said, tuple) else (said,)
