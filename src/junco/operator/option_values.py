"""Values of declared options, checked against their types; each refusal says what would be right."""

from __future__ import annotations

import collections.abc
import math
import os
import types
import typing
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, Literal, get_args, get_origin

from junco.errors import ParameterError
from junco.wording import did_you_mean, nearest, picture

Check = Callable[[Any, str], Any]
"""A value and the operator's name → the value, or a `ParameterError`."""
Bounds = tuple[float | None, float | None]
"""The least and the most that a number may be."""

_SEQUENCES = (list, tuple, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)
_SETS = (set, frozenset, collections.abc.Set)
_CONTAINERS = (*_SEQUENCES, *_MAPPINGS, *_SETS)
_WORDS: dict[Any, tuple[str, str]] = {
    bool: ("True or False", "True or False"),
    str: ("a text", "texts"),
    bytes: ("bytes", "bytes"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    Path: ("a path", "paths"),
    type(None): ("None", "None"),
    None: ("None", "None"),
}
"""One value of a type, and several."""
_COUNTS = {2: "two", 3: "three", 4: "four"}
_REFUSED: Any = object()
"""Stands for a value that a type does not take."""


def checked(value: Any, kind: Any, name: str, owner: str, bounds: Bounds = (None, None)) -> Any:
    """The value as the operator gets it.

    ``bool`` takes nothing but ``True`` and ``False`` (a text such as ``"false"`` would be taken for true), ``int`` no
    ``bool``, ``float`` whole numbers too; ``Path`` a text; a sequence becomes a tuple, a mapping a dict of its own, and
    what they hold is checked too. Types that this file does not know take everything.

    Raises:
        ParameterError: naming the operator, the option, the value and what is right.
    """
    found = _taken(value, kind, bounds)
    if found is not _REFUSED:
        return found
    known = _choices(kind)
    shown = f"{owner!r}: {name}={picture(value)}"
    if known:
        near = nearest(value, [str(each) for each in known]) if isinstance(value, str) else ()
        listing = ", ".join(map(repr, known))
        raise ParameterError(
            f"{shown} is none of {listing}.{did_you_mean(near)}" if near else f"{shown} is none of {listing}"
        )
    raise ParameterError(f"{shown} must be {' or '.join(_described(kind, bounds))}")


def _taken(value: Any, kind: Any, bounds: Bounds) -> Any:  # noqa: PLR0911  # one for each kind
    kind = _plain(kind)
    origin = get_origin(kind)
    if kind is None or kind is type(None):
        return None if value is None else _REFUSED
    if origin in (typing.Union, types.UnionType):
        tried = (_taken(value, member, bounds) for member in get_args(kind))
        return next((each for each in tried if each is not _REFUSED), _REFUSED)
    if origin is Literal:
        is_one = any(type(value) is type(each) and value == each for each in get_args(kind))
        return value if is_one else _REFUSED
    if (holder := _container(kind)) in _CONTAINERS:
        return _TAKEN_INTO[holder](value, kind, bounds)
    if kind in (int, float):
        return _number(value, kind, bounds)
    if kind in (Path, PurePath, os.PathLike):
        return Path(value) if isinstance(value, (str, os.PathLike)) and os.fspath(value) else _REFUSED
    if kind in (bool, str, bytes):
        return value if type(value) is kind or (kind is not bool and isinstance(value, kind)) else _REFUSED
    return value


def _number(value: Any, kind: type, bounds: Bounds) -> Any:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not (is_whole or (kind is float and isinstance(value, float) and not math.isnan(value))):
        return _REFUSED
    least, most = bounds
    is_within = (least is None or value >= least) and (most is None or value <= most)
    return kind(value) if is_within else _REFUSED


def _sequence(value: Any, kind: Any, bounds: Bounds) -> Any:
    if not isinstance(value, (list, tuple)):
        return _REFUSED
    members = get_args(kind) if _is_fixed(kind) else _members(kind) * len(value)
    if len(members) != len(value):
        return _REFUSED
    found = tuple(_taken(each, member, bounds) for each, member in zip(value, members, strict=True))
    return _REFUSED if any(each is _REFUSED for each in found) else found


def _mapping(value: Any, kind: Any, bounds: Bounds) -> Any:
    if not isinstance(value, collections.abc.Mapping):
        return _REFUSED
    of_keys, of_values = get_args(kind) or (Any, Any)
    found = {_taken(key, of_keys, (None, None)): _taken(each, of_values, bounds) for key, each in value.items()}
    return _REFUSED if any(each is _REFUSED for pair in found.items() for each in pair) else found


def _set(value: Any, kind: Any, bounds: Bounds) -> Any:
    if not isinstance(value, (list, tuple, collections.abc.Set)):
        return _REFUSED
    found = [_taken(each, _members(kind)[0], bounds) for each in value]
    if any(each is _REFUSED or not isinstance(each, collections.abc.Hashable) for each in found):
        return _REFUSED
    return set(found) if _container(kind) is set else frozenset(found)


_TAKEN_INTO: dict[Any, Callable[[Any, Any, Bounds], Any]] = {
    **dict.fromkeys(_SEQUENCES, _sequence),
    **dict.fromkeys(_MAPPINGS, _mapping),
    **dict.fromkeys(_SETS, _set),
}


def _plain(kind: Any) -> Any:
    """The type without what is noted beside it."""
    return get_args(kind)[0] if get_origin(kind) is typing.Annotated else kind


def _container(kind: Any) -> Any:
    """The class of what holds other values, ``list`` for ``list[int]``."""
    return get_origin(kind) or kind


def _members(kind: Any) -> tuple[Any]:
    """The type of all values in a container."""
    return (get_args(kind) or (Any,))[:1]


def _is_fixed(kind: Any) -> bool:
    """Whether each of so many values has a type of its own, as in ``tuple[float, float]``."""
    return get_origin(kind) is tuple and get_args(kind)[-1:] != (Ellipsis,)


def _choices(kind: Any) -> list[Any]:
    """All values that a type takes, where these can be named."""
    if kind is None or kind is type(None):
        return [None]
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if get_origin(kind) in (typing.Union, types.UnionType):
        each = [_choices(member) for member in get_args(kind)]
        return [choice for choices in each for choice in choices] if all(each) and each != [[None]] else []
    return []


def _described(kind: Any, bounds: Bounds) -> list[str]:
    """What a type takes, in words, one for each of a union's members."""
    kind = _plain(kind)
    if get_origin(kind) in (typing.Union, types.UnionType):
        return list(dict.fromkeys(word for member in get_args(kind) for word in _described(member, bounds)))
    if get_origin(kind) is Literal:
        return [repr(each) for each in get_args(kind)]
    if _is_fixed(kind):
        return [_counted(get_args(kind), bounds)]
    if _container(kind) in _CONTAINERS:
        return [f"a {_gathered(kind, 'list', 'mapping', 'set')}{_range(bounds)}"]
    if (kind, bounds) == (int, (1, None)):
        return ["a positive whole number"]
    word = _WORDS[kind][0] if kind in _WORDS else getattr(kind, "__name__", str(kind))
    return [f"{word}{_range(bounds)}" if kind in (int, float) else word]


def _counted(members: tuple[Any, ...], bounds: Bounds) -> str:
    """A sequence of so many values, in words."""
    if not members:
        return "an empty list"
    if any(member != members[0] for member in members):
        return " and ".join(" or ".join(_described(member, bounds)) for member in members)
    number = "numbers" if members[0] in (int, float) else _many(members[0])
    return f"{_COUNTS.get(len(members), len(members))} {number}{_range(bounds)}"


def _gathered(kind: Any, a_sequence: str, a_mapping: str, a_set: str) -> str:
    """A container with what it holds, by the words for the three kinds of them."""
    held = [_many(member) for member in get_args(kind) if member is not Ellipsis]
    if _container(kind) in _MAPPINGS:
        return f"{a_mapping} of {held[0]} to {held[1]}" if held else a_mapping
    name = a_set if _container(kind) in _SETS else a_sequence
    return f"{name} of {held[0]}" if held else name


def _many(kind: Any) -> str:
    """Values of a type, in words."""
    kind = _plain(kind)
    if get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_many, get_args(kind))))
    if _container(kind) in _CONTAINERS:
        return _gathered(kind, "lists", "mappings", "sets")
    if get_origin(kind) is Literal:
        return " or ".join(_described(kind, (None, None)))
    return _WORDS[kind][1] if kind in _WORDS else "values"


def _range(bounds: Bounds) -> str:
    least, most = bounds
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f", {least:g} or more"
    return f", {most:g} at most" if most is not None else ""
