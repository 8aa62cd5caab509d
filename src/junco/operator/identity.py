"""`identity_of`: what an operator or a callable *is*, so that two are told apart by what they compute, not by names.

An operator is its class, the package's version or (where no installed package holds it) its code, the content of its
files, and those parameters that change what comes out. A function is its code, with defaults, bound arguments, and the
globals and closure variables that it only reads: what it writes itself is a counter, not a part of it.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from junco.operator.base import Operator
from junco.operator.content import file_sha256
from junco.operator.packages import package_of
from junco.operator.spec import OperatorSpec
from junco.types.content import digest_of_value

MOST_DEPTH = 12
"""So deep functions that call functions, and values within values, are followed."""
_SINKS = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "pop", "put", "put_nowait", "write"})
"""Methods by which what is bound to them changes while it is used."""
_BY_NAME = (ModuleType, logging.Logger, type(None), bool, int, float, str, bytes)


@dataclass(frozen=True)
class Identity:
    """What something that stands in a step computes.

    Attributes:
        parts: plain values by name, from which two are told apart.
        unknown: what could not be identified, in words; then nobody can say that two are the same.
    """

    parts: Mapping[str, Any]
    unknown: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether all of it is identified."""
        return not self.unknown

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over the parts."""
        return hashlib.sha256(canonical(self.parts).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(parts: Mapping[str, Any]) -> str:
    """Plain values as one text, the same for the same values."""
    return json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)


def identity_of(
    fn: OperatorSpec | Operator | Callable[..., Any], content: Callable[[Path], Any] = file_sha256
) -> Identity:
    """The identity of an operator or of a Python callable. An operator's files must be there: call `fetch` before.

    ``content`` says what lies in a file; something quicker than to read it does where a mistake does no harm.
    """
    describer = _Describer(content)
    if isinstance(fn, (OperatorSpec, Operator)):
        return Identity(describer.operator(fn), tuple(describer.unknown))
    return Identity(describer.callable(fn), tuple(describer.unknown))


@dataclass
class _Describer:
    """Describes one callable as plain values, and notes what it cannot."""

    content: Callable[[Path], Any] = file_sha256
    unknown: list[str] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    _depth: int = 0

    def operator(self, fn: OperatorSpec | Operator) -> dict[str, Any]:
        made = fn if isinstance(fn, Operator) else fn.create()
        spec = made.spec
        files = [Path(path) for path in made.files()]
        self.unknown += made.unidentified()
        parts = {"operator": spec.name, **self.cls(type(made)), "parameters": self.parameters(spec, files)}
        if files:
            top = os.path.commonpath([path.parent for path in files])
            parts["files"] = {os.path.relpath(path, top): self.content(path) for path in files}
        return parts

    def parameters(self, spec: OperatorSpec, files: Iterable[Path]) -> dict[str, Any]:
        """All that change results, those too that were left at their defaults."""
        cls = spec.load()
        places = {str(at) for path in files for at in (path, *path.parents)}
        values = {name: p.default for name, p in cls.parameters().items() if p.default is not p.empty} | spec.params
        return {
            name: "its files"
            if isinstance(value, (str, PurePath)) and str(value) in places
            else self.value(value, name)
            for name, value in sorted(values.items())
            if name not in cls.neutral_parameters()
        }

    def cls(self, cls: type) -> dict[str, Any]:
        """A class by its place, and by its package's version or by its code."""
        place = f"{cls.__module__}:{cls.__qualname__}"
        package = package_of(cls.__module__)
        if package is not None and not package.is_editable:
            return {"class": place, "package": str(package)}
        if _is_pythons(cls.__module__):
            return {"class": place}
        parts: dict[str, Any] = {"class": place, "package": str(package)} if package else {"class": place}
        return parts | {"code": _sha256(self.members(cls))}

    def members(self, cls: type) -> list[Any]:
        """The code and the plain values of a class and of those bases that no other package holds."""
        if id(cls) in self._seen:
            return []
        self._seen.add(id(cls))
        bases = [base for base in cls.__mro__ if base.__module__ == cls.__module__ or _is_loose(base)]
        found: list[Any] = []
        for base in bases:
            for name, member in sorted(vars(base).items()):
                inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
                if isinstance(inner, FunctionType):
                    found.append([name, self.callable(inner)])
                elif not name.startswith("__") and isinstance(inner, (*_BY_NAME, tuple, list, dict)):
                    found.append([name, self.value(inner, name)])
        return found

    def callable(self, fn: Any) -> dict[str, Any]:  # noqa: PLR0911  # one for each kind
        """A function, method, bound arguments, or an object that can be called."""
        if isinstance(fn, (OperatorSpec, Operator)):
            return self.operator(fn)
        if isinstance(fn, functools.partial):
            bound = {"args": self.value(fn.args, "an argument"), "keywords": self.value(fn.keywords, "an argument")}
            return {"partial of": self.callable(fn.func), **bound}
        if isinstance(fn, MethodType):
            return {
                "method": self.callable(fn.__func__),
                "of": self.value(fn.__self__, f"the object of {fn.__name__}()"),
            }
        if isinstance(fn, FunctionType):
            return self.function(fn)
        if isinstance(fn, BuiltinFunctionType):
            return self.builtin(fn)
        if isinstance(fn, (MethodDescriptorType, WrapperDescriptorType)):
            return {"function": f"{fn.__objclass__.__module__}.{fn.__qualname__}"}
        if isinstance(fn, type):
            return self.cls(fn)
        if type(fn).__module__ in ("operator", "_operator"):  # itemgetter, attrgetter, methodcaller
            return {"function": type(fn).__qualname__, "args": self.value(list(fn.__reduce__()[1]), "an argument")}
        if type(fn).__qualname__ == "ufunc":
            return {"function": f"numpy.{fn.__name__}", "package": str(package_of("numpy"))}
        return {**self.cls(type(fn)), "holds": self.held(fn, type(fn).__qualname__)}

    def builtin(self, fn: BuiltinFunctionType) -> dict[str, Any]:
        owner = fn.__self__
        if owner is None or isinstance(owner, (ModuleType, type)) or fn.__name__ in _SINKS:
            return {"function": f"{fn.__module__ or type(owner).__qualname__}.{fn.__qualname__}"}
        return {"function": fn.__qualname__, "of": self.value(owner, f"the object of {fn.__name__}()")}

    def function(self, fn: FunctionType) -> dict[str, Any]:
        name = {"function": f"{fn.__module__}.{fn.__qualname__}"}
        package = package_of(fn.__module__)
        if package is not None and not package.is_editable:
            return name | {"package": str(package)}
        if _is_pythons(fn.__module__) or id(fn) in self._seen or self._depth > MOST_DEPTH:
            return name
        self._seen.add(id(fn))
        self._depth += 1
        try:
            given = {"defaults": fn.__defaults__, "keywords": fn.__kwdefaults__}
            looks = {name: self.value(value, f"{name!r} in {fn.__qualname__}") for name, value in _read(fn)}
            defaults = {
                key: self.value(value, f"a default of {fn.__qualname__}") for key, value in given.items() if value
            }
            return name | {"code": _sha256([_code(fn.__code__), defaults, looks])}
        finally:
            self._depth -= 1

    def value(self, value: Any, where: str) -> Any:  # noqa: PLR0911  # one for each kind
        """A value as plain ones, or the hash of its content; what has neither is noted."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (bytes, PurePath)):
            return f"{type(value).__name__} {value!s}"
        if isinstance(value, (list, tuple)):
            return [self.value(child, where) for child in value]
        if isinstance(value, Mapping):
            return {str(key): self.value(child, where) for key, child in value.items()}
        if isinstance(value, (ModuleType, logging.Logger)):
            return f"{type(value).__name__} {getattr(value, '__name__', None) or getattr(value, 'name', '')}"
        if isinstance(value, re.Pattern):
            return f"Pattern {value.pattern!r} {value.flags}"
        if isinstance(value, ContextVar):  # what it holds is the caller's, and changes
            return f"ContextVar {value.name}"
        if isinstance(value, type) or callable(value):
            return self.callable(value)
        if (digest := digest_of_value(value)) is not None:
            return f"{type(value).__qualname__} {digest.hex()}"
        return {**self.cls(type(value)), "holds": self.held(value, where)}

    def held(self, value: Any, where: str) -> Any:
        """What an object holds, by its attributes."""
        if self._depth > MOST_DEPTH or id(value) in self._seen or not hasattr(value, "__dict__"):
            if not hasattr(value, "__dict__") and type(value).__module__ not in ("_thread", "threading"):
                self.unknown.append(f"{where}, a {type(value).__qualname__}")
            return None
        self._seen.add(id(value))
        self._depth += 1
        try:
            return {name: self.value(child, f"{where}.{name}") for name, child in sorted(vars(value).items())}
        finally:
            self._depth -= 1


def _read(fn: FunctionType) -> Iterator[tuple[str, Any]]:
    """The globals and closure variables that a function reads and never writes, with their values."""
    reads, writes, changes = _names_in(fn.__code__)
    cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    for name in sorted((reads | set(cells)) - writes):
        try:
            value = cells[name].cell_contents if name in cells else fn.__globals__[name]
        except (KeyError, ValueError):  # a built-in, or a cell that is still empty
            continue
        if not (changes and isinstance(value, (list, dict, set, bytearray))):
            yield name, value


def _names_in(code: CodeType) -> tuple[set[str], set[str], bool]:
    """Globals that code and the functions within it read; names that it writes; whether it changes containers."""
    reads: set[str] = set()
    writes: set[str] = set()
    changes = bool(_SINKS & set(code.co_names))
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            reads.add(str(instruction.argval))
        elif instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"):
            writes.add(str(instruction.argval))
        changes |= instruction.opname in ("STORE_SUBSCR", "DELETE_SUBSCR")
    for inner in (constant for constant in code.co_consts if isinstance(constant, CodeType)):
        more_reads, more_writes, more_changes = _names_in(inner)
        reads, writes, changes = reads | more_reads, writes | more_writes, changes or more_changes
    return reads, writes, changes


def _code(code: CodeType) -> list[Any]:
    """A function's code without what differs from process to process."""
    return [code.co_code.hex(), list(code.co_names), [_constant(constant) for constant in code.co_consts]]


def _constant(constant: Any) -> Any:
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return _code(constant) if isinstance(constant, CodeType) else repr(constant)


def _is_pythons(module: str) -> bool:
    """Whether a module is Python's own."""
    return module.partition(".")[0] in sys.stdlib_module_names


def _is_loose(cls: type) -> bool:
    """Whether no installed package of a fixed version, and not Python itself, holds a class."""
    package = package_of(cls.__module__)
    is_known = package is not None and not package.is_editable
    return cls is not Operator and not is_known and not _is_pythons(cls.__module__)


def _sha256(parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
