"""Values → Arrow columns: vectors as fixed-size lists, boxes and other dataclasses as structs, the rest as Arrow does.

Pictures, sound and whole pages are heavy and are not what a table of vectors is for: of a `VideoFrame` its time, index
and kind are kept, of an `AudioClip` its rate and start, of a `Page` its number. A `SparseVector` is a struct of two
lists, however long each row's are.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.store.arrow import arrow
from junco.store.kinds import OddValueError, same_named, wider_kind
from junco.store.large import find_large, large_metadata
from junco.store.times import fine_type, plain_scalar
from junco.types import SparseVector
from junco.types.media import HEAVY
from junco.wording import brief, picture, placeless

if TYPE_CHECKING:
    import pyarrow as pa


class _MixedError(Exception):
    """Values of several kinds in one column: one of the first, and the one that differs."""

    def __init__(self, first: object, other: object) -> None:
        super().__init__(first, other)
        self.first, self.other = first, other


def table(inputs: Sequence[str], columns: dict[str, list[Any]]) -> pa.Table:
    """A table with the column ``input`` and the others by their names.

    Raises:
        OddValueError: values that Arrow cannot hold, that cannot be looked into, or that are not of one kind; with
            the column.
    """
    pa = arrow()
    arrays = {"input": pa.array([storable(name) for name in inputs], pa.string())}
    for name, values in columns.items():
        try:
            array = _array(values, is_whole=True)
            arrays[name] = array.cast(same_named(array.type))
        except _MixedError as mixed:
            raise OddValueError(name, "", f"{picture(mixed.other)} beside {picture(mixed.first)}") from None
        except Exception as error:  # Arrow's own, or what somebody's class raises when it is looked into
            value = next((value for value in values if value is not None), None)
            raise OddValueError(name, "", f"{picture(value)}: {placeless(brief(error))}") from error
    made = pa.table(arrays)
    return made.replace_schema_metadata(large_metadata(find_large(made)))


def storable(text: str) -> str:
    """A text that is valid Unicode: file names may hold bytes that are not."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _array(values: list[Any], *, is_whole: bool = False) -> pa.Array:
    """One column; ``None`` stays null. ``is_whole`` values are a column's own, not parts of them."""
    pa = arrow()
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {np.uint64}:
        return pa.array(values, pa.uint64())
    if np.uint64 in kinds:
        _check_signs(values)
    if any(issubclass(kind, np.generic) for kind in kinds):
        values = [plain_scalar(value) if isinstance(value, np.generic) else value for value in values]
        kinds = set(map(type, values)) - {type(None)}
    known = next((value for value in values if value is not None), None)
    if len(kinds) > 1 and len(set(map(_family, kinds))) > 1:
        odd = next(value for value in values if value is not None and _family(type(value)) != _family(type(known)))
        raise _MixedError(known, odd)
    if isinstance(known, np.ndarray):
        return _of_arrays(values, is_whole=is_whole)
    if known is not None and _family(type(known)) == "fields":
        return _sparse(values) if kinds == {SparseVector} else _structs(values)
    if isinstance(known, (list, tuple)):
        return _lists(values)
    if isinstance(known, (str, os.PathLike)):
        return pa.array([value if value is None else storable(os.fspath(value)) for value in values])
    if isinstance(known, datetime):
        _check_zones(values, known)
    return pa.array(values, fine_type(known))


def _check_signs(values: list[Any]) -> None:
    """Refuse whole numbers of other types beside those of 64 bits without a sign: no type holds all of both."""
    first = next(value for value in values if isinstance(value, (int, np.integer)))
    for value in values:
        if isinstance(value, (int, np.integer)) and isinstance(value, np.uint64) is not isinstance(first, np.uint64):
            raise _MixedError(first, value)


def _check_zones(values: list[Any], known: datetime) -> None:
    """Refuse times of several zones: Arrow would drop all but the first's."""
    for value in values:
        if value is not None and value.tzinfo != known.tzinfo:
            raise _MixedError(known, value)


def _find_has_fields(kind: Any) -> bool:
    """Whether values of a type are stored field by field: dataclasses, named rows and mappings."""
    return dataclasses.is_dataclass(kind) or hasattr(kind, "_fields") or issubclass(kind, Mapping)


has_fields: Callable[[Any], bool] = cache(_find_has_fields)


def _find_family(kind: Any) -> Any:
    """What values of a type may stand beside: those of the same family."""
    if has_fields(kind):
        return "fields"
    families: dict[str, tuple[type, ...]] = {
        "array": (np.ndarray,),
        "list": (list, tuple),
        "text": (str, os.PathLike),
        "truth": (bool, np.bool_),
        "number": (int, float, np.integer, np.floating),
    }
    return next((name for name, kinds in families.items() if issubclass(kind, kinds)), kind)


_family: Callable[[Any], Any] = cache(_find_family)


def _of_arrays(values: list[Any], *, is_whole: bool) -> pa.Array:
    """Vectors; matrices as lists of vectors; anything with more dimensions by its shape and bytes."""
    known = [value for value in values if value is not None]
    first = known[0]
    form = _form(first, is_whole)
    if len({_form(value, is_whole) for value in known}) > 1:
        raise _MixedError(first, next(value for value in known if _form(value, is_whole) != form))
    if first.ndim == 0:
        return arrow().array([None if value is None else value.item() for value in values])
    if first.ndim == 1:
        return _vectors(values, first)
    if form == "matrix":
        return _lists([None if value is None else list(value) for value in values])
    rows = [None if v is None else {"shape": list(v.shape), "dtype": str(v.dtype), "data": v.tobytes()} for v in values]
    return arrow().array(rows)


def _form(array: np.ndarray[Any, Any], is_whole: bool) -> Hashable:
    """How an array is stored; those of one column are stored in one way."""
    if array.ndim == 1 and is_whole:
        return array.shape, array.dtype
    if array.ndim < 2:
        return array.ndim
    return "matrix" if array.ndim == 2 and array.dtype.kind == "f" else "bytes"


def _vectors(values: list[Any], first: np.ndarray[Any, Any]) -> pa.Array:
    pa = arrow()
    if len({value.dtype for value in values if value is not None}) > 1:
        values = _of_one_type(values)
    if any(value is not None and value.shape != first.shape for value in values):
        return pa.array(values)
    blank = np.zeros_like(next(value for value in values if value is not None))
    flat = np.concatenate([blank if value is None else value for value in values]) if len(first) else blank
    mask = np.array([value is None for value in values])
    kind = pa.list_(pa.from_numpy_dtype(flat.dtype), len(first))
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), type=kind, mask=pa.array(mask) if mask.any() else None)


def _of_one_type(values: list[Any]) -> list[Any]:
    """Vectors within values, of the one type that holds the numbers of all."""
    pa = arrow()
    first, *others = {value.dtype: value for value in values if value is not None}.values()
    widest = pa.from_numpy_dtype(first.dtype)
    for other in others:
        widest = wider_kind(widest, pa.from_numpy_dtype(other.dtype))
        if widest is None:
            raise _MixedError(first, other)
    return [None if value is None else pa.array(value).cast(widest).to_numpy() for value in values]


def _structs(values: list[Any]) -> pa.Array:
    """Dataclasses, named rows and mappings. Those of several kinds have the fields of all, if they share some."""
    pa = arrow()
    rows = [None if value is None else fields_of(value) for value in values]
    names: dict[str, None] = {}
    for value, row in zip(values, rows, strict=True):
        if row and names and names.keys().isdisjoint(row):
            raise _MixedError(next(value for value in values if value is not None), value)
        names.update(dict.fromkeys(row or ()))
    if not names:
        return pa.nulls(len(values))
    parts = [_array([None if row is None else row.get(name) for row in rows]) for name in names]
    return pa.StructArray.from_arrays(parts, list(names), mask=pa.array([row is None for row in rows]))


def _sparse(values: list[Any]) -> pa.Array:
    """Sparse vectors, as lists of their own length each."""
    pa = arrow()
    kinds = {"indices": pa.int32(), "values": pa.float32()}
    parts = [
        pa.array([None if value is None else getattr(value, name) for value in values], pa.list_(kind))
        for name, kind in kinds.items()
    ]
    return pa.StructArray.from_arrays(parts, [*kinds], mask=pa.array([value is None for value in values]))


def fields_of(value: Any) -> Mapping[str, Any]:
    """What a value holds that is stored, by name."""
    if isinstance(value, Mapping):
        return value
    if hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    return {name: getattr(value, name) for name in _names(type(value))}


def _find_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that are stored."""
    return tuple(each.name for each in dataclasses.fields(kind) if each.name != HEAVY.get(kind))


_names: Callable[[Any], tuple[str, ...]] = cache(_find_names)


def _lists(values: list[Any]) -> pa.Array:
    pa = arrow()
    offsets: list[int] = [0]
    flat: list[Any] = []
    for value in values:
        flat.extend(value or ())
        offsets.append(len(flat))
    mask = pa.array([value is None for value in values])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), _array(flat), mask=mask)
