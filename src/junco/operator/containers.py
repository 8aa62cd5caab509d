"""What containers, enumerations' members and references are, as a `Describer` tells them."""

from __future__ import annotations

import enum
import json
import weakref
from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

from junco.operator import reach
from junco.operator.leaves import sha256

if TYPE_CHECKING:
    from junco.operator.describe import Describer


def sha256_of(told: Any) -> str:
    """64 hexadecimal digits over plain values."""
    return sha256(json.dumps(told, sort_keys=True, default=str))


def mapping_parts(describer: Describer, value: Mapping[Any, Any], where: str) -> Any:
    """By its keys, and by their order, in which somebody may go through it."""
    if type(value) is dict and all(isinstance(key, str) for key in value):
        told = {key: describer.value(child, where) for key, child in value.items()}
        return told if [*told] == sorted(told) else {**told, "(order)": [*told]}
    pairs = [[describer.value(key, where), describer.value(child, where)] for key, child in value.items()]
    return _with_class(describer, value, pairs, where, (dict,))


def sequence_parts(describer: Describer, value: Iterable[Any], where: str) -> Any:
    """By its parts, in their order; a list is told as a tuple is, which files cannot tell apart."""
    return _with_class(describer, value, [describer.value(child, where) for child in value], where, (list, tuple))


def set_parts(describer: Describer, value: Set[Any], where: str) -> Any:
    """By its parts, in whatever order."""
    numbers, count, told = describer.numbers, describer.count, []
    for child in value:  # in whatever order, so that none depends on those before it
        describer.numbers, describer.count = dict(numbers), count
        told.append(describer.value(child, where))
    describer.numbers, describer.count = numbers, count
    return [type(value).__name__, sorted(told, key=sha256_of)]


def _with_class(describer: Describer, value: Any, told: list[Any], where: str, plain: tuple[type, ...]) -> Any:
    if type(value) in plain:
        return told
    more = {name: getattr(value, name) for name in ("default_factory", "maxlen") if hasattr(value, name)}
    own = {} if reach.fixed_package(type(value).__module__) == "python" else getattr(value, "__dict__", {})
    held = describer.named_values({**own, **more}, where, id(value))
    return {**describer.value(type(value), where), "items": told, "holds": held}


def member_parts(describer: Describer, value: enum.Enum, where: str) -> Any:
    """A member of an enumeration, by its name and its value."""
    return {**describer.value(type(value), where), "member": value.name, "is": describer.short(value.value, where)}


def reference_parts(describer: Describer, value: weakref.ref[Any], where: str) -> Any:
    """A weak reference, by what it leads to."""
    return {"reference to": describer.value(value(), where)}
