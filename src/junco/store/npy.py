"""``.npy``: the vectors as one array; what else there is lies beside it in ``<target>.inputs.parquet``, row by row.

Two files cannot be replaced in one step. So the second one says by a hash which array it belongs to, and while the
first is not yet in its place, what the second displaced lies where both were staged: `side_of` finds the right one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import InputError, TargetError
from junco.store.arrow import arrow
from junco.store.durable import replacing
from junco.store.files import FileSink
from junco.store.parquet import Files, write_table
from junco.store.previous import Previous
from junco.store.sides import sides_of
from junco.types import Space
from junco.types.space import PRECISION

if TYPE_CHECKING:
    import pyarrow as pa

VECTOR = "junco.vector"
"""Of the file beside an array: the column that the array holds."""
_ARRAY = b"junco.array"
"""Of the file beside an array: a hash of its vectors."""
_WHOLE = ("int8", "ubinary")
"""Precisions of vectors whose numbers cannot be NaN."""


class NpyFile(FileSink):
    """One array of shape (rows, dim); the pipeline needs exactly one output that is a vector."""

    def sides(self) -> tuple[Path, ...]:
        """The file with the inputs."""
        return sides_of(self.path)

    def check_missing(self, space: Space | None) -> None:
        """Refuse vectors of a type without NaN, which alone stands for one that is missing."""
        precision = None if space is None else space.parts.get(PRECISION)
        if precision in _WHOLE:
            raise self._no_missing(str(precision))

    def check_rows(self, rows: Sequence[pa.Table], schema: pa.Schema) -> None:
        """Refuse, with the first shard, what is not one vector a row; and a missing one where nothing stands for it."""
        column = self._vector(schema)
        kind = _odd_number(schema.field(column).type)
        if kind is None:
            return
        was_missing = self.schema is not None and arrow().types.is_null(self.schema.field(column).type)
        if was_missing or any(piece.column(column).null_count for piece in rows):
            raise self._no_missing(kind)

    def _no_missing(self, kind: str) -> TargetError:
        return TargetError(
            f"{self.target} takes a vector for each input, since in vectors of {kind} nothing can stand for one "
            "that is missing: leave out what fails (on_error='skip'), or write a .parquet file"
        )

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write the array and the inputs side by side."""
        column = self._vector(schema) if num_rows else ""
        place = {VECTOR: column, "junco.vector_at": str(schema.get_field_index(column))}
        others = arrow().schema([field for field in schema if field.name != column])
        others = others.with_metadata({**{k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}, **place})
        kind = schema.field(column).type if column else None
        if kind is not None and arrow().types.is_null(kind):  # not one input gave a vector
            kind = None
        dtype = np.dtype(kind.value_type.to_pandas_dtype() if kind else np.float32)
        shape = (num_rows, kind.list_size if kind else 0)
        (side,) = self.sides()
        with replacing(self.staged(self.path)) as file, replacing(self.staged(side)) as inputs:
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            content = hashlib.sha256()

            def without_vectors() -> Iterator[pa.Table]:
                for group in groups:
                    if kind is not None:
                        if group.column(column).null_count and (odd := _odd_number(kind)) is not None:
                            raise self._no_missing(odd)
                        vectors = _matrix(group.column(column), dtype).data
                        file.write(vectors)
                        content.update(vectors)
                    yield group.drop_columns([column])

            write_table(inputs, without_vectors(), others, lambda: {_ARRAY.decode(): content.hexdigest()})

    def published(self) -> Previous:
        """The rows of array and inputs together."""
        return _Array(self.path, self.sides()[0])

    def _vector(self, schema: pa.Schema) -> str:
        types = arrow().types
        names = [f.name for f in schema if types.is_fixed_size_list(f.type)]
        names = names or [f.name for f in schema if types.is_null(f.type)][:1]  # outputs come before what is kept
        if len(names) != 1:
            columns = ", ".join(f"{field.name} ({field.type})" for field in schema if field.name != "input")
            raise TargetError(
                f"{self.target} takes one vector a row, and the pipeline gives {columns}: write a .parquet file"
            )
        return str(names[0])


def side_of(path: Path, vectors: Callable[[], np.ndarray[Any, Any]] | None = None) -> Path | None:
    """The file that belongs to an array; ``None`` where none lies beside it.

    Args:
        path: of the array.
        vectors: gives it. Without, it is only asked for where there is a choice, and nothing else is checked.

    Raises:
        InputError: the one that lies beside it belongs to another array.
    """
    (side,) = sides_of(path)
    if not side.exists():
        return None
    sink = NpyFile(path)
    displaced = sink.staged(side)
    if vectors is None and not displaced.exists():
        return side
    array = np.load(path, mmap_mode="r") if vectors is None else vectors()
    wanted = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest().encode()
    found = next((file for file in (side, displaced) if _array_hash(file) in (None, wanted)), None)
    if found is None:
        raise InputError(
            f"{path} and {side.name} beside it do not belong together, or one was damaged: "
            "run the job that writes them again"
        )
    return found


def _array_hash(side: Path) -> bytes | None:
    """What a file says of its array; ``None`` where it says nothing, ``b""`` where it cannot be read."""
    import pyarrow.parquet as pq

    try:
        said: bytes | None = (pq.read_metadata(side).metadata or {}).get(_ARRAY)
    except (OSError, arrow().ArrowException):
        return b""
    return said


def _odd_number(kind: pa.DataType) -> str | None:
    """The type of vectors' numbers, where none of them is NaN."""
    types = arrow().types
    is_odd = types.is_fixed_size_list(kind) and not types.is_floating(kind.value_type)
    return str(kind.value_type) if is_odd else None


def _matrix(column: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A chunked column of vectors as (rows, dim); rows that are null are filled with NaN."""
    array = column.combine_chunks()
    array = array.chunk(0) if hasattr(array, "chunk") else array
    if array.null_count == 0:
        return np.ascontiguousarray(array.flatten().to_numpy(zero_copy_only=False), dtype).reshape(len(array), -1)
    missing = np.full(array.type.list_size, np.nan, dtype)
    return np.stack([missing if row is None else np.array(row, dtype) for row in array.to_pylist()])


class _Array(Previous):
    def __init__(self, path: Path, side: Path) -> None:
        pa = arrow()
        self._array = np.load(path, mmap_mode="r")
        self.num_rows = len(self._array)
        self._inputs = Files([side])
        dim = self._array.shape[1]
        kind = pa.list_(pa.from_numpy_dtype(self._array.dtype), dim) if dim else pa.null()
        self._kind = kind
        self._name, self._at = (
            self._inputs.metadata[VECTOR.encode()].decode(),
            int(self._inputs.metadata[b"junco.vector_at"]),
        )
        self.schema = (
            self._inputs.schema.insert(self._at, pa.field(self._name, kind)) if self._name else self._inputs.schema
        )

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Pieces of both, put together."""
        for piece in self._inputs.rows(start, count):
            part = np.ascontiguousarray(self._array[start : start + piece.num_rows])
            start += piece.num_rows
            yield piece.add_column(self._at, self._name, self._vectors(part))

    def _vectors(self, part: np.ndarray[Any, Any]) -> Any:
        pa = arrow()
        if pa.types.is_null(self._kind):
            return pa.nulls(len(part))
        return pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), type=self._kind)
