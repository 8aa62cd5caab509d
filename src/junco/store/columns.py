"""Values → Arrow columns: vectors as fixed-size lists, boxes and other dataclasses as structs, the rest as Arrow does.

Pictures and sound are heavy and are not what a table of vectors is for: of a `VideoFrame` its time, index and kind are
kept, of an `AudioClip` its rate and start.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import MissingExtraError, TargetError
from junco.types import AudioClip, VideoFrame
from junco.wording import picture

if TYPE_CHECKING:
    import pyarrow as pa

_LEFT_OUT = {VideoFrame: {"image"}, AudioClip: {"samples"}}


def arrow() -> Any:
    """The package ``pyarrow``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "a bulk job") from None
    return pa


def table(inputs: Sequence[str], columns: dict[str, list[Any]]) -> pa.Table:
    """A table with the column ``input`` and the others by their names.

    Raises:
        TargetError: values that Arrow cannot hold; the message names the column.
    """
    pa = arrow()
    arrays = {"input": pa.array([storable(name) for name in inputs], pa.string())}
    for name, values in columns.items():
        try:
            array = _array(values)
            arrays[name] = array.cast(same_named(array.type))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            value = next((value for value in values if value is not None), None)
            raise TargetError(
                f"the column {name!r} holds values that cannot be stored, for instance {picture(value)}: "
                f"{str(error).splitlines()[0]}"
            ) from error
    return pa.table(arrays)


def storable(text: str) -> str:
    """A text that is valid Unicode: file names may hold bytes that are not."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def same_named(kind: pa.DataType) -> pa.DataType:
    """The same type with lists' members named as Parquet names them, so that what was read back is what was written."""
    pa = arrow()
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, same_named(field.type)) for field in kind])
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(pa.field("element", same_named(kind.value_type)), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", same_named(kind.value_type)))
    return kind


def wider(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """The schema that holds the rows of both.

    Raises:
        TargetError: a column that cannot.
    """
    pa = arrow()
    fields = [(a.name, same_named(_wider(a.name, a.type, b.type))) for a, b in zip(one, other, strict=True)]
    return pa.schema(fields)


def _wider(name: str, one: pa.DataType, other: pa.DataType) -> pa.DataType:
    pa = arrow()
    if one.equals(other) or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    kinds = (pa.types.is_fixed_size_list, pa.types.is_list)
    if all(any(kind(t) for kind in kinds) for t in (one, other)):
        return pa.list_(_wider(name, one.value_type, other.value_type))
    try:
        schemas = [pa.schema([(name, kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        raise TargetError(f"the column {name!r} holds {one} for some inputs and {other} for others") from None


def _array(values: list[Any]) -> pa.Array:
    """One column; ``None`` stays null."""
    pa = arrow()
    known = next((value for value in values if value is not None), None)
    if isinstance(known, np.ndarray):
        return _of_arrays(values)
    if dataclasses.is_dataclass(known) and not isinstance(known, type):
        names = [f.name for f in dataclasses.fields(known) if f.name not in _LEFT_OUT.get(type(known), ())]
        return _struct(names, values)
    if isinstance(known, tuple) and hasattr(known, "_fields"):
        return _struct(list(known._fields), values)
    if isinstance(known, (list, tuple)):
        return _lists(values)
    if isinstance(known, (str, os.PathLike)):
        return pa.array([value if value is None else storable(os.fspath(value)) for value in values])
    return pa.array([value.item() if isinstance(value, np.generic) else value for value in values])


def _of_arrays(values: list[Any]) -> pa.Array:
    """Vectors; matrices as lists of vectors; anything with more dimensions by its shape and bytes."""
    pa = arrow()
    shapes = {value.shape for value in values if value is not None}
    most = max(map(len, shapes))
    if most == 0:
        return pa.array([None if value is None else value.item() for value in values])
    if most == 2 and all(value is None or value.dtype.kind == "f" for value in values):
        return _lists([None if value is None else list(value) for value in values])
    if most > 1:
        rows = [
            None if v is None else {"shape": list(v.shape), "dtype": str(v.dtype), "data": v.tobytes()} for v in values
        ]
        return pa.array(rows)
    if len(shapes) > 1:
        return pa.array(values)
    (dim,) = shapes.pop()
    blank = next(np.zeros_like(value) for value in values if value is not None)
    flat = np.concatenate([blank if value is None else value for value in values]) if dim else blank
    mask = np.array([value is None for value in values])
    kind = pa.list_(pa.from_numpy_dtype(flat.dtype), dim)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), type=kind, mask=pa.array(mask) if mask.any() else None)


def _struct(names: list[str], values: list[Any]) -> pa.Array:
    pa = arrow()
    fields = [_array([None if value is None else getattr(value, name) for value in values]) for name in names]
    return pa.StructArray.from_arrays(fields, names, mask=pa.array([value is None for value in values]))


def _lists(values: list[Any]) -> pa.Array:
    pa = arrow()
    offsets: list[int] = [0]
    flat: list[Any] = []
    for value in values:
        flat.extend(value or ())
        offsets.append(len(flat))
    mask = pa.array([value is None for value in values])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), _array(flat), mask=mask)
