"""What a function's code says: its instructions, and by which names it reads and writes what lies outside of it.

Names are followed as they stand in the code: ``helpers.clean``, ``TABLE.get``, ``self.seen.append``. Where it does not
say plainly which name is meant (one of two lists, chosen by a condition), nothing counts as written.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from junco.operator.walk import Path, Walk

_NOT_CODE = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "RESUME"})


@dataclass(frozen=True, slots=True)
class Names:
    """What code and the functions within it reach outside of themselves.

    Attributes:
        reads: paths whose values are used.
        writes: paths that are set, deleted, or whose content is changed (these end with ``ITEM`` or ``CONTENT``).
    """

    reads: frozenset[Path]
    writes: frozenset[Path]


@functools.lru_cache(maxsize=1024)
def names_in(code: CodeType) -> Names:
    """The names that a function's code reads and writes."""
    outside: dict[str, Path] = {name: ("cell", name) for name in code.co_freevars}
    first: dict[str, Path] = {code.co_varnames[0]: ("first", code.co_varnames[0])} if code.co_argcount else {}
    reads: set[Path] = set()
    writes: set[Path] = set()
    _collect(code, outside, first, reads, writes)
    return Names(frozenset(reads), frozenset(writes))


@functools.lru_cache(maxsize=1024)
def plain_code(code: CodeType) -> list[Any]:
    """A function's code without what differs from process to process, comments, docstrings and places in a file."""
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    head = [list(arguments), code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    steps = [[i.opname, _constant(i.argval)] for i in dis.get_instructions(code) if i.opname not in _NOT_CODE]
    return [head, steps, code.co_exceptiontable.hex()]


def _constant(constant: Any) -> Any:
    if isinstance(constant, CodeType):
        return plain_code(constant)
    if isinstance(constant, frozenset):
        return ["frozenset", sorted(repr(_constant(each)) for each in constant)]
    if isinstance(constant, tuple):
        return ["tuple", [_constant(each) for each in constant]]
    return repr(constant)


def _collect(
    code: CodeType, outside: Mapping[str, Path], known: Mapping[str, Path], reads: set[Path], writes: set[Path]
) -> None:
    """Note what code reads and writes, and what the functions within it do.

    Args:
        outside: where its free variables lead.
        known: where its first argument leads.
    """
    walk = Walk(outside, known)
    walk.over(code)
    fixed = {name: path for name, path in known.items() if name not in walk.stores}
    if (aliases := {**fixed, **walk.aliases(code)}) != known:  # `table = helpers.TABLE`, and then `table[x]`
        walk = Walk(outside, aliases)
        walk.over(code)
    reads |= walk.reads
    writes |= walk.writes
    for inner in (constant for constant in code.co_consts if isinstance(constant, CodeType)):
        seen = {name: path for name in inner.co_freevars if (path := walk.where(name)) is not None}
        _collect(inner, seen, {}, reads, writes)
