"""`Stored`: what a target holds, a ``.parquet`` file, a folder of them, an array or a text with what lies beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.store.content import KEY, Content, parts_of
from junco.store.line_files import as_parquet, is_lines
from junco.store.npy import VECTOR, side_of
from junco.store.parquet import Files
from junco.store.vectors import (
    FOLDER,
    NAMED_BY,
    PIPELINE,
    TITLE,
    array_in,
    files_space,
    only_vectors,
    parquet_files,
    rows_of,
    schema_of,
    told_in,
    whole,
)
from junco.types import Vectors

if TYPE_CHECKING:
    import pyarrow as pa

_T = TypeVar("_T")


class WrittenAnewError(InputError):
    """A job has put another target in the place of one that was open."""


class Stored(Content):
    """Rows of a target.

    Args:
        path: where it is.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        InputError: a file is missing, or holds no vectors.
        SpaceError: a folder whose files hold vectors of several spaces.
    """

    schema: pa.Schema

    def __init__(self, path: Path, column: str | None = None) -> None:
        self.folders = (path.absolute().parent,)
        self.shown = path
        self.path = path = as_parquet(path) if is_lines(path) else path
        self._is_array = path.suffix.lower() == ".npy"
        self._places, _ = whole(path, lambda: self._open(column))

    def _open(self, column: str | None) -> None:
        """What there is to know without reading a vector."""
        self._files = self._side() if self._is_array else parquet_files(self.path)
        self.space, told = files_space(self._files)
        self.schema = schema = schema_of(self._files) if self._files else arrow().schema([])
        told_by = partial(told_in, schema.metadata)
        self.title, self.made_by, self.named_by = told_by(TITLE), told_by(PIPELINE), told_by(NAMED_BY)
        self.vector_column = told_by(VECTOR)
        if folder := told_by(FOLDER):
            self.base = (self.folders[0].resolve() / folder).resolve()
        if not self._is_array:
            self.vector_column = column or told or only_vectors(schema, self._files, self.shown)
            if self.vector_column not in schema.names:
                raise InputError(
                    f"{self.shown} has no column {self.vector_column!r}; there are: {', '.join(schema.names)}"
                )
            self.space = self.space if self.vector_column == told else None
        self._has_keys = KEY in schema.names
        self.names = tuple(name for name in schema.names if name not in (KEY, self.vector_column))
        self.num_rows = len(array_in(self.path, mapped=True)) if self._is_array else self._parquet.num_rows
        if self._is_array and self._files and self._parquet.num_rows != self.num_rows:
            raise InputError(  # of a file that does not say what array it belongs to
                f"{self.path} has {self.num_rows:,} vectors, and {self._files[0]} beside it {self._parquet.num_rows:,} "
                "rows: run the job that writes them again"
            )

    @property
    def files(self) -> list[Path]:
        """All files that it lies in."""
        return [self.path, *self._files] if self._is_array else self._files

    @property
    def states(self) -> list[tuple[str, int, int, int, int]]:
        """What changes when any of its files does."""
        found = [(file.name, file.stat()) for file in self.files]
        return [(name, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for name, s in found]

    def check_there(self) -> None:
        """Refuse to go on where another target lies there by now.

        Raises:
            WrittenAnewError: a job has put it there.
        """
        self._read(lambda: None)

    def _side(self) -> list[Path]:
        if not self.path.exists():
            raise InputError(f"{self.path}: no such file or folder")
        side = side_of(self.path, lambda: array_in(self.path, mapped=True))
        return [] if side is None else [side]

    @property
    def _parquet(self) -> Files:
        """Made anew, so that nothing is held open."""
        return Files(self._files)

    @cached_property
    def _keys(self) -> pa.ChunkedArray:
        if not self._has_keys:
            return arrow().chunked_array([arrow().array([str(number) for number in range(self.num_rows)])])
        return self._read(lambda: rows_of(self._files, [KEY]).column(KEY))

    def keys(self) -> pa.ChunkedArray:
        """Read once; a file without inputs has the numbers of its rows."""
        return self._keys

    def vectors(self) -> Vectors:
        """Read anew each time: they may be large."""
        if self._is_array:
            return self._read(lambda: array_in(self.path))
        return matrix(self._column(self.vector_column), self.vector_column, self.shown)

    def pieces(self) -> Iterator[Vectors]:
        """A row group at a time; of an array, what is mapped."""
        if self._is_array:
            yield from parts_of(self._read(lambda: array_in(self.path, mapped=True)))
            return
        for group in self._parquet.groups([self.vector_column]):
            yield matrix(group.column(self.vector_column), self.vector_column, self.shown)
        self.check_there()

    def _column(self, name: str) -> pa.ChunkedArray:
        return self._read(lambda: rows_of(self._files, [name]).column(name))

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Only the row groups that hold them are read."""
        if not self.names:
            return [{} for _ in numbers]
        return self._read(lambda: self._parquet.taken(numbers, self.names))

    def _read(self, read: Callable[[], _T]) -> _T:
        """Read what was opened.

        Raises:
            WrittenAnewError: a job has put another target in its place meanwhile.
        """
        places, found = whole(self.path, read)
        if places != self._places:
            raise WrittenAnewError(f"{self.shown} was written anew since it was opened: open it again")
        return found


def matrix(column: pa.ChunkedArray, name: str, path: Path) -> Vectors:
    """A column of vectors as (rows, dim).

    Raises:
        InputError: not each row holds a vector of the same length.
    """
    if not len(column) and arrow().types.is_null(column.type):  # a job without inputs: nobody knows the dimension
        return np.zeros((0, 0), np.float32)
    if not arrow().types.is_fixed_size_list(column.type) or column.null_count:
        what = "rows without a vector" if column.null_count else f"{column.type}"
        raise InputError(f"{path}: the column {name!r} holds {what}, not one vector in each row")
    flat = column.combine_chunks().flatten()
    array = flat.to_numpy(zero_copy_only=False)
    return np.asarray(array).reshape(len(column), column.type.list_size)
