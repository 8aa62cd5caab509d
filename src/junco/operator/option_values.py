"""Values of declared options, checked against their types; each refusal says what would be right."""

from __future__ import annotations

import collections.abc
import math
import os
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any, Literal, get_args, get_origin

from junco.errors import ParameterError
from junco.wording import did_you_mean, nearest, picture

Check = Callable[[Any, str], Any]
"""A value and the operator's name → the value, or a `ParameterError`."""
Bounds = tuple[float | None, float | None]
"""The least and the most that a number may be."""

_SEQUENCES = (list, tuple, Sequence, collections.abc.Sequence)
_REFUSED: Any = object()
"""Stands for a value that a type does not take."""


def checked(value: Any, kind: Any, name: str, owner: str, bounds: Bounds = (None, None)) -> Any:
    """The value as the operator gets it.

    ``bool`` takes nothing but ``True`` and ``False`` (a text such as ``"false"`` would be taken for true), ``int`` no
    ``bool``, ``float`` whole numbers too; ``Path`` a text; a sequence becomes a tuple. Types that this file does not
    know take everything.

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
    origin = get_origin(kind)
    if kind is None or kind is type(None):
        return None if value is None else _REFUSED
    if origin is typing.Annotated:
        return _taken(value, get_args(kind)[0], bounds)
    if origin in (typing.Union, types.UnionType):
        tried = (_taken(value, member, bounds) for member in get_args(kind))
        return next((each for each in tried if each is not _REFUSED), _REFUSED)
    if origin is Literal:
        is_one = any(type(value) is type(each) and value == each for each in get_args(kind))
        return value if is_one else _REFUSED
    if origin in _SEQUENCES and get_args(kind):
        return _sequence(value, kind, bounds)
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
    members = _members(kind, len(value))
    if len(members) != len(value):
        return _REFUSED
    found = tuple(_taken(each, member, bounds) for each, member in zip(value, members, strict=True))
    return _REFUSED if any(each is _REFUSED for each in found) else found


def _members(kind: Any, count: int) -> tuple[Any, ...]:
    """The type of each value in a sequence: ``tuple[float, float]`` has two, all others as many as there are."""
    members = get_args(kind)
    is_fixed = get_origin(kind) is tuple and members[-1] is not Ellipsis
    return members if is_fixed else (members[0],) * count


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
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return list(dict.fromkeys(word for member in get_args(kind) for word in _described(member, bounds)))
    if origin is Literal:
        return [repr(each) for each in get_args(kind)]
    if origin in _SEQUENCES:
        members = get_args(kind)
        is_fixed = origin is tuple and members[-1] is not Ellipsis
        number = "numbers" if members[0] in (int, float) else "values"
        count = {2: "two ", 3: "three ", 4: "four "}.get(len(members), f"{len(members)} ") if is_fixed else "a list of "
        return [f"{count}{number}{_range(bounds)}"]
    words: dict[Any, str] = {
        bool: "True or False",
        str: "a text",
        bytes: "bytes",
        Path: "a path",
        type(None): "None",
        None: "None",
    }
    if (kind, bounds) == (int, (1, None)):
        return ["a positive whole number"]
    words |= {int: f"a whole number{_range(bounds)}", float: f"a number{_range(bounds)}"}
    return [words.get(kind, getattr(kind, "__name__", str(kind)))]


def _range(bounds: Bounds) -> str:
    least, most = bounds
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f", {least:g} or more"
    return f", {most:g} at most" if most is not None else ""
