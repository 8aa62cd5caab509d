"""How many bytes values take, measured on a few of them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from types import FunctionType, MethodType, ModuleType
from typing import Any

from junco.wording import NOT_OURS

MOST_PARTS, FEW_PARTS = 16, 4
"""Parts of a value that are looked at: all of a record's, few of a longer list's. Half as many of each part's."""

_SHARED = (type, ModuleType, FunctionType, MethodType)
_ATOMS = frozenset({int, float, bool, type(None)})
_HEAD = 64
"""Bytes of a container besides its parts, roughly."""

Measure = Callable[[Any, int], int]


def num_bytes_of(value: Any) -> int:
    """Bytes of a value: the buffer of an array, the length of bytes and text, the parts of containers and records.

    Large ones are measured by some of their parts, deep ones down to a bounded depth; the rest is a rough figure.
    """
    return _bytes_of(value, MOST_PARTS)


def column_bytes(values: Sequence[Any]) -> int:
    """Bytes of a column, from its first, middle and last values."""
    if not values:
        return 0
    sample = {0, len(values) // 2, len(values) - 1}
    return sum(_bytes_of(values[i], MOST_PARTS) for i in sample) * len(values) // len(sample)


def _bytes_of(value: Any, most: int) -> int:
    """``most``: parts that may be looked at."""
    try:
        nbytes = getattr(value, "nbytes", None)
        if isinstance(nbytes, int):
            return nbytes
        measure = _measure_of(type(value)) if most else None  # type: ignore[arg-type]  # a class is hashable
        return sys.getsizeof(value, _HEAD) if measure is None else measure(value, most)
    except NOT_OURS:  # of somebody else's attributes, or of a container that another thread changes
        return _HEAD


@lru_cache(256)
def _measure_of(kind: type) -> Measure | None:
    """How values of a type are measured by their parts; ``None``: they have none that count."""
    if issubclass(kind, (str, bytes, bytearray, int, float, *_SHARED)):
        return None
    if issubclass(kind, (list, tuple)):
        return _of_sequence
    if issubclass(kind, Mapping):
        return _of_mapping
    if issubclass(kind, (set, frozenset, deque)):
        return _of_collection
    if hasattr(kind, "getbands"):
        return _of_picture
    names = tuple(name for base in kind.__mro__ for name in _slots_of(base))
    return partial(_of_record, names) if names or kind.__dictoffset__ else None


def _slots_of(kind: type) -> Iterable[str]:
    slots = kind.__dict__.get("__slots__", ())
    return [name for name in ((slots,) if isinstance(slots, str) else slots) if not name.startswith("__")]


def _of_record(names: Sequence[str], value: Any, most: int) -> int:
    """Of an object with attributes: a dataclass, with slots or without, or anybody's own."""
    parts = [getattr(value, name, None) for name in names[:most]]
    parts += islice(getattr(value, "__dict__", {}).values(), most)
    return _HEAD + _of_parts([part for part in parts if not isinstance(part, _SHARED)], most)


def _of_parts(parts: Iterable[Any], most: int) -> int:
    return sum(32 if type(part) in _ATOMS else _bytes_of(part, most // 2) for part in parts)


def _of_sequence(values: Sequence[Any], most: int) -> int:
    parts = values if len(values) <= most else values[:: -(-len(values) // FEW_PARTS)]
    return _HEAD + _of_parts(parts, most) * len(values) // max(1, len(parts))


def _of_mapping(values: Mapping[Any, Any], most: int) -> int:
    return _of_collection(values, most) + _of_collection(values.values(), most)


def _of_collection(values: Collection[Any], most: int) -> int:
    parts = list(islice(values, most))
    return _HEAD + _of_parts(parts, most) * len(values) // max(1, len(parts))


def _of_picture(image: Any, most: int) -> int:
    """One of Pillow's: a byte for each pixel of a band, more in a few modes."""
    width, height = image.size
    num_pixels: int = width * height * len(image.getbands())
    return _HEAD + num_pixels * (4 if image.mode in ("I", "F") else 1)
