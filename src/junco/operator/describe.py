"""`Describer`: a callable and all that it reaches, as plain values: code, what it reads, what objects hold."""

from __future__ import annotations

import enum
import functools
import json
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from junco.operator import classes, containers, reach
from junco.operator.base import Operator
from junco.operator.code import plain_code
from junco.operator.leaves import UNTOLD, leaf, sha256
from junco.operator.spec import OperatorSpec
from junco.operator.walk import CONTENT, SINKS
from junco.places.files import file_sha256
from junco.types.content import digest_of_value
from junco.wording import NOT_OURS

MOST_DEPTH = 60
"""So deep functions that call functions, and values within values, are followed; what lies deeper is unknown."""
_CONTAINERS = (list, tuple, deque, Mapping, Set)
_UNSEEN = frozenset({"eval", "exec", "globals", "__import__"})
"""Built-in functions by which code reaches what its names do not say."""


@dataclass
class Describer:
    """Describes callables and values as plain ones, and notes what it cannot tell.

    Functions, classes and objects that it meets again are told by their number. What functions write themselves is
    noted in ``written``; a second describer that is given it leaves that out.

    Attributes:
        content: what lies in an operator's file.
        written: the places that are state.
        unknown: what could not be identified, in words.
        numbers, count: of what it has met, and the next one.
        is_called: whether what is described now is sure to be called, so that what it writes is state for all others.
    """

    content: Callable[[Path], Any] = file_sha256
    written: set[reach.Slot] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    is_called: bool = True
    numbers: dict[int, int] = field(default_factory=dict)
    count: int = 0
    _kept: list[Any] = field(default_factory=list)
    """So that no other object gets the address of one that has a number."""
    _depth: int = 0

    def described(self, fn: Any) -> dict[str, Any]:
        """A callable, as its parts."""
        told = self.value(fn, f"a {type(fn).__qualname__}", {"__call__"})
        return told if isinstance(told, dict) else {"function": told}

    def value(self, value: Any, where: str, methods: Iterable[str] = ()) -> Any:
        """A value as plain ones. ``methods`` of it are called: what they write of it is its state."""
        if issubclass(type(value), (OperatorSpec, Operator)):
            return self._value(value, where, methods)
        try:
            return self._value(value, where, methods)
        except NOT_OURS as error:  # somebody's own class may raise whatever it is asked
            self.unknown.append(f"{where}, which raises {type(error).__name__} when it is looked at")
            return None

    def _value(self, value: Any, where: str, methods: Iterable[str]) -> Any:
        if (told := leaf(value)) is not UNTOLD:
            return told
        if not isinstance(value, (type, *_CONTAINERS)) and reach.fixed_package(type(value).__module__) is None:
            reach.uses(type(value), methods, lambda path: self.written.update(reach.slots_of(value, path)))
        if id(value) in self.numbers:
            return {"again": self.numbers[id(value)]}
        if self._depth >= MOST_DEPTH:
            self.unknown.append(f"{where}, which lies more than {MOST_DEPTH} deep")
            return None
        self.numbers[id(value)] = self.count
        self.count += 1
        self._kept.append(value)
        self._depth += 1
        try:
            return self._parts(value, where)
        finally:
            self._depth -= 1
            if isinstance(value, _CONTAINERS):  # equal ones are the same, wherever they stand
                self.numbers.pop(id(value), None)

    def short(self, value: Any, where: str, methods: Iterable[str] = ()) -> Any:
        """The same, with the hash of a container in its place."""
        told = self.value(value, where, methods)
        if isinstance(value, _CONTAINERS) or (isinstance(told, str) and len(told) > 100):
            return f"sha256 {containers.sha256_of(told)[:32]}"
        return told

    def is_state(self, slot: reach.Slot, value: Any) -> bool:
        """Whether a place, or the content of what lies there, is written by what is described."""
        return slot in self.written or ("content", id(value)) in self.written

    def _parts(self, value: Any, where: str) -> Any:
        for kinds, tell in _TELLERS:
            if isinstance(value, kinds):
                return tell(self, value, where)
        if classes.is_wrapper(value):
            return classes.wrapper_parts(self, value, where)
        if (name := classes.name_in_package(value)) is not None:
            return name
        if (digest := digest_of_value(value)) is not None and not hasattr(value, "__dict__"):
            return f"{type(value).__qualname__} {digest.hex()}"
        return {**self.value(type(value), where), "holds": self._held(value, where)}

    def _operator(self, fn: OperatorSpec | Operator, where: str) -> Any:
        return classes.operator_parts(self, fn)

    def _class(self, cls: type, where: str) -> Any:
        return classes.class_parts(self, cls)

    def _method(self, fn: MethodType, where: str) -> Any:
        return {"method": self.value(fn.__func__, where), **self._owner(fn.__self__, fn.__name__)}

    def _owner(self, owner: Any, method: str) -> dict[str, Any]:
        """The object of a method, unless it is a container that the method changes."""
        if method in SINKS:
            self.written |= reach.slots_of(owner, (CONTENT,))
        if ("content", id(owner)) in self.written:
            return {}
        return {"of": self.value(owner, f"the object of {method}()", {method})}

    def _partial(self, fn: functools.partial[Any], where: str) -> Any:
        bound = {"args": self.value(fn.args, "an argument"), "keywords": self.value(fn.keywords, "an argument")}
        return {"partial of": self.value(fn.func, where, {"__call__"}), **bound}

    def _builtin(self, fn: BuiltinFunctionType, where: str) -> Any:
        owner: Any = fn.__self__
        if owner is None or isinstance(owner, (ModuleType, type)):
            module = fn.__module__ or getattr(owner, "__module__", None) or "builtins"
            return classes.named("function", f"{module}.{fn.__qualname__}", module)
        return {"function": f"{type(owner).__qualname__}.{fn.__name__}", **self._owner(owner, fn.__name__)}

    def _function(self, fn: FunctionType, where: str) -> Any:
        module = str(fn.__globals__.get("__name__"))
        name = f"{fn.__module__}.{fn.__qualname__}"
        is_fixed = reach.fixed_package(module) is not None
        parts = classes.named("function", name, module)
        new = reach.written_by(fn) - self.written
        self.written |= new
        if not is_fixed:
            parts["code"] = sha256(json.dumps(plain_code(fn.__code__)))
        if not is_fixed or "<locals>" in fn.__qualname__:  # made by a function of a package, of somebody's values
            given = {"defaults": fn.__defaults__, "keyword defaults": fn.__kwdefaults__}
            parts |= {
                key: self.short(value, f"a default of {fn.__qualname__}") for key, value in given.items() if value
            }
        if reads := self._reads(fn, is_fixed):
            parts["reads"] = reads
        if own := {key: value for key, value in vars(fn).items() if not self.is_state(("name", id(fn), key), value)}:
            parts["attributes"] = {key: self.short(own[key], f"{fn.__qualname__}.{key}") for key in sorted(own)}
        if not self.is_called:
            self.written -= new
        return parts

    def _reads(self, fn: FunctionType, only_cells: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for read in reach.reads_of(fn, only_cells):
            if read.name in _UNSEEN and read.value is reach.MISSING:
                self.unknown.append(f"what {fn.__qualname__} reaches by {read.name}()")
            elif read.value is not reach.MISSING and not self.is_state(read.slot, read.value):
                found[read.name] = self.short(read.value, f"{read.name!r} in {fn.__qualname__}", read.methods)
        return found

    def _module(self, module: ModuleType, where: str) -> Any:
        """A package's by its version; all that lies in somebody's own, where code hands it on as a whole."""
        parts = classes.named("module", module.__name__, module.__name__)
        if reach.fixed_package(module.__name__) is None:
            own = {name: value for name, value in vars(module).items() if not name.startswith("__")}
            parts["holds"] = self.named_values(own, module.__name__, id(vars(module)))
        return parts

    def _held(self, value: Any, where: str) -> Any:
        """What an object holds: its attributes, or what it says of itself to `pickle`."""
        if (found := classes.attributes(value)) is not None:
            return self.named_values(found, where, id(value))
        said = classes.copy_parts(value)
        if said is None:
            self.unknown.append(f"{where}, a {type(value).__qualname__}")
            return None
        made, *rest = said
        parts = [each if isinstance(each, (tuple, dict, type(None))) else [each] for each in rest[:2]]
        items = [list(each) for each in rest[2:4] if each is not None]
        return [self.value(made, where), self.short(parts, where), self.short(items, where)]

    def named_values(self, values: Mapping[str, Any], where: str, holder: int) -> dict[str, Any]:
        return {
            str(name): self.short(values[name], f"{where}.{name}")
            for name in sorted(values, key=str)
            if not self.is_state(("name", holder, name), values[name])
        }


_TELLERS: tuple[tuple[Any, Callable[[Describer, Any, str], Any]], ...] = (
    ((OperatorSpec, Operator), Describer._operator),
    (type, Describer._class),
    (functools.partial, Describer._partial),
    (MethodType, Describer._method),
    (FunctionType, Describer._function),
    (BuiltinFunctionType, Describer._builtin),
    (ModuleType, Describer._module),
    (weakref.ref, containers.reference_parts),
    (enum.Enum, containers.member_parts),
    (Mapping, containers.mapping_parts),
    ((list, tuple, deque), containers.sequence_parts),
    (Set, containers.set_parts),
)
