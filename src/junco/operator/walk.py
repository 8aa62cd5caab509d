"""`Walk`: which names stand behind what the instructions of a function's code take from the stack."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

Path = tuple[Any, ...]
"""Where a name leads: the kind of its root (``global``, ``cell``, ``import``, ``first``), the root, and attributes."""

ITEM, CONTENT = "[]", "()"
"""Stand at the end of a path that was written: an item was set, or a method was called that changes containers."""
SINKS = frozenset(
    {
        *("append", "add", "extend", "update", "insert", "setdefault", "pop", "popitem", "popleft", "remove"),
        *("discard", "clear", "sort", "reverse", "appendleft", "extendleft", "rotate", "subtract", "move_to_end"),
        *("difference_update", "intersection_update", "symmetric_difference_update", "put", "put_nowait"),
        *("get_nowait", "write", "writelines", "fill", "__setitem__", "__delitem__", "__iadd__", "__ior__"),
    }
)
"""Methods by which what is bound to them changes while it is used."""
_KEPT_FROM_STACK = frozenset({"RESUME", "NOP", "CACHE", "PRECALL", "EXTENDED_ARG", "MAKE_CELL", "COPY_FREE_VARS"})


@dataclass
class Walk:
    """Follows names through a code's instructions; what is on the stack is forgotten wherever a jump may arrive."""

    outside: Mapping[str, Path]
    known: Mapping[str, Path]
    reads: set[Path] = field(default_factory=set)
    writes: set[Path] = field(default_factory=set)
    stack: list[Path | None] = field(default_factory=list)
    stores: dict[str, list[Path | None]] = field(default_factory=dict)

    def over(self, code: CodeType) -> None:
        """Go through all instructions."""
        before: list[dis.Instruction] = []
        for instruction in dis.get_instructions(code):
            if instruction.is_jump_target:
                self.forget()
            if instruction.opname == "IMPORT_NAME":
                self.take_import(instruction.argval, *(each.argval for each in before[-2:]))
            elif instruction.opname not in _KEPT_FROM_STACK:
                self.step(instruction)
            before = [*before[-1:], instruction]
        self.forget()

    def aliases(self, code: CodeType) -> dict[str, Path]:
        """Local names that only ever mean one path."""
        num_arguments = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        given = code.co_varnames[:num_arguments]
        found = {name: paths[0] for name, paths in self.stores.items() if len(paths) == 1 and name not in given}
        return {name: path for name, path in found.items() if path is not None}

    def where(self, name: str) -> Path | None:
        """Where a local or free variable leads."""
        return self.known.get(name) or self.outside.get(name)

    def forget(self) -> None:
        self.use(*self.stack)
        self.stack.clear()

    def use(self, *paths: Path | None) -> None:
        self.reads.update(path for path in paths if path is not None)

    def pop(self) -> Path | None:
        return self.stack.pop() if self.stack else None

    def take(self, count: int) -> None:
        """Use what lies on top."""
        for _ in range(count):
            self.use(self.pop())

    def step(self, instruction: dis.Instruction) -> None:
        """One instruction: by its own rule, that of its kind, or by how much it leaves on the stack."""
        op, value = instruction.opname, instruction.argval
        kind = next((kind for kind in _RULES if op.startswith(kind)), None)
        effect = dis.stack_effect(instruction.opcode, instruction.arg, jump=False)
        if kind is not None:
            _RULES[kind](self, value, effect)
        elif op.startswith("LOAD_") and effect == 1:
            self.stack.append(None)
        elif op.startswith(("POP_", "STORE_", "DELETE_", "RETURN_", "RAISE_")):
            self.take(-effect)
        else:
            self.take(max(-effect, 0) + 1)
            self.stack.extend([None] * (max(effect, 0) + 1))

    def drop(self, _: Any, effect: int) -> None:
        path = self.pop()
        if path is not None and path[0] != "import":  # `from helpers import clean` drops the module
            self.use(path)

    def load_outer(self, name: str, effect: int) -> None:
        beside: list[Path | None] = [None] * (effect - 1)  # the place of a method's object, above or below
        is_below = sys.version_info < (3, 13)
        path: list[Path | None] = [("global", name)]
        self.stack += beside + path if is_below else path + beside

    def load(self, names: str | tuple[str, ...], effect: int) -> None:
        self.stack += [self.where(name) for name in _all(names)]

    def load_attribute(self, name: str, effect: int) -> None:
        owner = self.pop()
        path = (*owner, name) if owner is not None else None
        if owner is not None and name in SINKS:
            self.writes.add((*owner, CONTENT))
        self.stack += [path, *[None] * effect]

    def store_local(self, names: str | tuple[str, ...], effect: int) -> None:
        for name in _all(names):
            self.stores.setdefault(name, []).append(path := self.pop())
            if name not in self.known:
                self.use(path)

    def store_and_load(self, names: tuple[str, str], effect: int) -> None:
        self.store_local(names[0], effect)
        self.load(names[1], effect)

    def store_cell(self, name: str, effect: int) -> None:
        if name in self.outside:
            self.take(-effect)
            self.writes.add(self.outside[name])
        elif effect:
            self.store_local(name, effect)

    def store_outer(self, name: str, effect: int) -> None:
        self.take(-effect)
        self.writes.add(("global", name))

    def store_attribute(self, name: str, effect: int) -> None:
        if (owner := self.pop()) is not None:
            self.writes.add((*owner, name))
        self.take(-effect - 1)

    def store_item(self, _: Any, effect: int) -> None:
        self.take(2 if effect == -4 else 1)  # the bounds of a slice, or a key
        if (owner := self.pop()) is not None:
            self.writes.add((*owner, ITEM))
        self.take(1 if effect < -2 else 0)

    def load_item(self, _: Any, effect: int) -> None:
        self.use(self.pop())
        owner = self.pop()
        self.use(owner)
        self.stack.append((*owner, ITEM) if owner is not None else None)

    def copy(self, depth: int, effect: int) -> None:
        self.stack.append(self.stack[-depth] if depth <= len(self.stack) else None)

    def swap(self, depth: int, effect: int) -> None:
        self.stack[:0] = [None] * (depth - len(self.stack))
        self.stack[-1], self.stack[-depth] = self.stack[-depth], self.stack[-1]

    def take_import(self, name: str, level: int, names: Iterable[str] | None) -> None:
        self.take(2)
        self.stack.append(("import", (name, level, names is not None)))

    def import_from(self, name: str, effect: int) -> None:
        owner = self.stack[-1] if self.stack else None
        self.stack.append((*owner, name) if owner is not None else None)


def _all(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return names if isinstance(names, tuple) else (names,)


_RULES: dict[str, Any] = {
    "POP_TOP": Walk.drop,
    "LOAD_GLOBAL": Walk.load_outer,
    "LOAD_NAME": Walk.load_outer,
    "LOAD_FROM_DICT_OR_GLOBALS": lambda walk, name, effect: (walk.take(1), walk.load_outer(name, 1)),
    "LOAD_FROM_DICT_OR_DEREF": lambda walk, name, effect: (walk.take(1), walk.load(name, 1)),
    "LOAD_DEREF": Walk.load,
    "LOAD_CLASSDEREF": Walk.load,
    "LOAD_FAST": Walk.load,
    "LOAD_ATTR": Walk.load_attribute,
    "LOAD_METHOD": Walk.load_attribute,
    "STORE_FAST_LOAD_FAST": Walk.store_and_load,
    "STORE_FAST": Walk.store_local,
    "STORE_DEREF": Walk.store_cell,
    "DELETE_DEREF": Walk.store_cell,
    "STORE_GLOBAL": Walk.store_outer,
    "DELETE_GLOBAL": Walk.store_outer,
    "STORE_ATTR": Walk.store_attribute,
    "DELETE_ATTR": Walk.store_attribute,
    "STORE_SUBSCR": Walk.store_item,
    "DELETE_SUBSCR": Walk.store_item,
    "STORE_SLICE": Walk.store_item,
    "BINARY_SUBSCR": Walk.load_item,
    "COPY": lambda walk, value, effect: walk.copy(value, effect),
    "SWAP": Walk.swap,
    "IMPORT_FROM": Walk.import_from,
}
