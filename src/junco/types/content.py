"""`digest_of_value`: a hash of what a value holds, by which a job knows an input again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import hashlib
import os
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np

DIGEST_BYTES = 16
MOST_NESTED = 64
"""Values that are nested deeper have no digest."""

_TOLD_BY_REPR = (
    *(int, complex, range, Decimal, Fraction, UUID),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo),
)


class _NoContentError(Exception):
    """A value, or a part of one, whose content nobody can tell."""


def digest_of_value(value: object, extra: Callable[[str], str | None] = lambda text: None) -> bytes | None:
    """A hash of a value's content, 16 bytes; ``None`` where it cannot be told.

    Told are plain values, arrays, dataclasses and named tuples field by field, mappings and sets (in whatever order),
    sequences, pictures of Pillow, scalars of Arrow, and objects that are an array and nothing besides. The names of
    types count: ``1`` is not ``True``. A value that holds itself, or one of another kind, has no digest.

    Args:
        value: anything.
        extra: what else counts of a text or path, for instance the size and time of the file that it names.
    """
    try:
        return _Content(extra).digest(value)
    except _NoContentError:
        return None


class _Content:
    def __init__(self, extra: Callable[[str], str | None]) -> None:
        self.more = extra
        self.above: set[int] = set()

    def digest(self, value: Any) -> bytes:
        """Hash one value with all that is in it."""
        if id(value) in self.above or len(self.above) > MOST_NESTED:
            raise _NoContentError
        kind = type(value)
        told = hashlib.blake2b(f"{kind.__module__}.{kind.__qualname__}\0".encode(), digest_size=DIGEST_BYTES)
        self.above.add(id(value))
        try:
            for part in self._parts(value):
                told.update(part)
        finally:
            self.above.discard(id(value))
        return told.digest()

    def _parts(self, value: Any) -> Iterable[Any]:
        if value is None or isinstance(value, bool):
            return (repr(value).encode(),)
        for kinds, tell in _TELLERS:
            if isinstance(value, kinds):
                return tell(self, value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value)
        return self._foreign(value)

    def _number(self, value: float) -> Iterable[bytes]:
        return (struct.pack("<d", value),)

    def _repr(self, value: object) -> Iterable[bytes]:
        return (repr(value).encode(),)

    def _member(self, value: enum.Enum) -> Iterable[bytes]:
        return (value.name.encode("utf-8", "surrogatepass"), self.digest(value.value))

    def _text(self, value: str | os.PathLike[Any]) -> Iterable[bytes]:
        text = os.fsdecode(os.fspath(value))
        return (f"{text}\0{self.more(text) or ''}".encode("utf-8", "surrogatepass"),)

    def _bytes(self, value: bytes | bytearray | memoryview) -> Iterable[Any]:
        return (value.tobytes() if isinstance(value, memoryview) else value,)

    def _array(self, value: np.ndarray[Any, Any] | np.generic) -> Iterable[Any]:
        if isinstance(value, np.ma.MaskedArray):
            return (self.digest(np.asarray(value.data)), self.digest(np.ma.getmaskarray(value)))
        if not isinstance(value, (np.generic, np.memmap)) and getattr(value, "__dict__", None):
            raise _NoContentError
        array = np.asarray(value)
        head = f"{array.dtype.descr if array.dtype.names else array.dtype.str} {array.shape}\0".encode()
        if array.dtype.hasobject:
            return (head, *(self.digest(each) for each in array.ravel().tolist()))
        return (head, np.ascontiguousarray(array).tobytes())

    def _dataclass(self, value: Any) -> Iterable[bytes]:
        fields = {each.name: getattr(value, each.name, None) for each in dataclasses.fields(value)}
        return self._mapping({**getattr(value, "__dict__", {}), **fields})

    def _mapping(self, value: Mapping[Any, Any]) -> Iterable[bytes]:
        return sorted(self.digest(key) + self.digest(child) for key, child in value.items())

    def _sequence(self, value: Iterable[Any]) -> Iterable[bytes]:
        parts = [self.digest(each) for each in value]
        return [*parts, self.digest(vars(value))] if getattr(value, "__dict__", None) else parts

    def _set(self, value: Set[Any]) -> Iterable[bytes]:
        return sorted(map(self.digest, value))

    def _foreign(self, value: Any) -> Iterable[Any]:
        """Pictures, Arrow's scalars, and what is an array and nothing besides."""
        if isinstance(value, _class_in("PIL.Image", "Image")):
            return self._picture(value)
        if isinstance(value, _class_in("pyarrow", "Scalar")):
            return (str(value.type).encode(), self.digest(value.as_py()))
        is_array = hasattr(value, "__array__") or hasattr(value, "__array_interface__")
        if not is_array or isinstance(value, type) or _has_more(value):
            raise _NoContentError
        try:
            array = np.asarray(value)
        except Exception as error:  # whatever a stranger's conversion raises
            raise _NoContentError from error
        if array.dtype.hasobject:
            raise _NoContentError
        return (self.digest(array),)

    def _picture(self, value: Any) -> Iterable[Any]:
        try:
            pixels = value.tobytes()
        except Exception as error:  # a file that is cut off, for instance
            raise _NoContentError from error
        palette = value.getpalette() if value.mode in ("P", "PA") else None
        return (value.mode.encode(), self.digest((value.size, palette, dict(value.info))), pixels)


_TELLERS: tuple[tuple[Any, Callable[[_Content, Any], Iterable[Any]]], ...] = (
    ((np.ndarray, np.generic), _Content._array),
    (enum.Enum, _Content._member),
    (float, _Content._number),
    (_TOLD_BY_REPR, _Content._repr),
    ((str, os.PathLike), _Content._text),
    ((bytes, bytearray, memoryview), _Content._bytes),
    (Mapping, _Content._mapping),
    ((list, tuple, deque), _Content._sequence),
    (Set, _Content._set),
)


def _class_in(module: str, name: str) -> Any:
    """A class of a package, or nothing where nobody has imported that."""
    return getattr(sys.modules.get(module), name, ())


def _has_more(value: object) -> bool:
    """Whether an object has attributes of its own, which its array may not tell of, or an index, as a table has."""
    has_slots = any(getattr(base, "__slots__", ()) for base in type(value).__mro__)
    return bool(getattr(value, "__dict__", None)) or has_slots or hasattr(value, "index") or isinstance(value, Sequence)
