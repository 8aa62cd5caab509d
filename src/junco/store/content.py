"""`Content`: what a set of vectors holds, wherever that is: keys, vectors, other columns."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.types import Space, Vectors
from junco.vector_store.contract import Condition
from junco.wording import did_you_mean, nearest

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 16_384
"""Of an array, at a time."""
KEY = "input"
"""The column that says which input a row came from."""


def parts_of(array: Vectors) -> Iterator[Vectors]:
    """An array, some rows at a time."""
    return (array[start : start + ROWS] for start in range(0, len(array), ROWS))


class FoundRow(NamedTuple):
    """A row that an index found: its id, the input that it came from, its cosine, its other columns."""

    id: str
    key: str
    score: float
    columns: Mapping[str, Any]


class Content(ABC):
    """Rows of vectors with their keys and other columns. Nothing is read before it is asked for."""

    num_rows: int
    names: tuple[str, ...]
    """Of the columns beside the key and the vector."""
    space: Space | None = None
    """Of the vectors; ``None`` where nobody knows."""
    made_by: str = ""
    """The pipeline that made them, as YAML; empty where nobody knows."""
    named_by: str = ""
    """The column of a table whose values the keys are; empty where they are the inputs themselves."""
    folders: tuple[Path, ...] = ()
    """In which its files lie; empty where it lies in none."""
    schema: pa.Schema | None = None
    """Of all columns; ``None`` where they have no types of their own."""
    has_index: bool = False
    """Whether it finds what is near by itself."""
    dim: int = 0
    """Of the vectors, where that is known without reading them."""
    vector_column: str = ""
    """Which of the pipeline's outputs they are; empty where nobody knows."""
    base: Path | None = None
    """The folder that its inputs are named from; ``None`` where nobody knows."""

    def hold(self) -> None:  # noqa: B027  # most have nothing to hold
        """Keep open what questions are asked of, until `close`."""

    def close(self) -> None:  # noqa: B027
        """Let go of what is open; the next question opens it again."""

    @abstractmethod
    def keys(self) -> pa.ChunkedArray:
        """The input that each row came from."""

    @abstractmethod
    def vectors(self) -> Vectors:
        """All vectors (rows, dim), as they are stored."""

    @abstractmethod
    def pieces(self) -> Iterator[Vectors]:
        """The same, some rows at a time."""

    @abstractmethod
    def _column(self, name: str) -> pa.ChunkedArray:
        """One of the other columns, whole."""

    @abstractmethod
    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The other columns of some rows."""

    def find(self, vectors: Vectors, count: int, where: Sequence[Condition]) -> list[list[FoundRow]] | None:
        """The rows nearest to each of some vectors of length 1, best first, where the content `has_index`.

        ``None`` where that cannot meet one of the conditions.
        """
        return None

    def column(self, name: str) -> pa.ChunkedArray:
        """A column, whole: the keys, or one of the others.

        Raises:
            InputError: there is none of that name.
        """
        if name == KEY or (name == self.named_by and name not in self.names):
            return self.keys()
        if name not in self.names:
            known = [KEY, *self.names]
            near = did_you_mean(nearest(name, known, 1))
            raise InputError(f"the set has no column {name!r}; there are: {', '.join(known)}.{near}")
        return self._column(name)


def place_of(key: str, base: Path | None) -> str:
    """Where the file lies that a key names: beneath the folder that a set's inputs are named from, else as it is."""
    if base is None or os.path.isabs(key):  # noqa: PTH117
        return key
    place = os.path.normpath(base / key)
    is_here = base == Path.cwd()
    return place if not is_here and os.path.lexists(place) else key


class InMemory(Content):
    """Rows that the caller has.

    Args:
        keys: of each row.
        vectors: (rows, dim).
        columns: the others, each as long as the keys.
        space: of the vectors.

    Raises:
        InputError: the lengths differ.
    """

    def __init__(
        self, keys: Sequence[str], vectors: Vectors, columns: Mapping[str, Sequence[Any]], space: Space | None
    ) -> None:
        self._keys, self._vectors, self._columns, self.space = keys, vectors, columns, space
        self.num_rows, self.names = len(vectors), tuple(columns)
        for name, values in {"keys": keys, **columns}.items():
            if len(values) != len(vectors):
                raise InputError(f"a set has one row a vector: {len(vectors):,} vectors, {len(values):,} of {name}")

    def keys(self) -> pa.ChunkedArray:
        """As an Arrow column, which is made once."""
        return self._key_column

    @cached_property
    def _key_column(self) -> pa.ChunkedArray:
        return arrow().chunked_array([arrow().array(self._keys, arrow().string())])

    def vectors(self) -> Vectors:
        """As they were given."""
        return self._vectors

    def pieces(self) -> Iterator[Vectors]:
        """Parts of them, so that nobody makes a copy of all."""
        return parts_of(self._vectors)

    def _column(self, name: str) -> pa.ChunkedArray:
        values = self._columns[name]
        return values if isinstance(values, arrow().ChunkedArray) else arrow().chunked_array([arrow().array(values)])

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """A value of each column for each row."""
        return [{name: _plain(values[number]) for name, values in self._columns.items()} for number in numbers]


def _plain(value: Any) -> Any:
    return value.as_py() if isinstance(value, arrow().Scalar) else value


class Joined(Content):
    """Several sets as one, one after the other; of their columns those that all have.

    Args:
        parts: of one space.
    """

    def __init__(self, parts: Sequence[Content]) -> None:
        self._parts = parts
        self._starts = list(accumulate((part.num_rows for part in parts), initial=0))
        self.num_rows, self.space = self._starts[-1], parts[0].space
        self.names = tuple(name for name in parts[0].names if all(name in part.names for part in parts))
        self.made_by = parts[0].made_by
        self.named_by = next((part.named_by for part in parts if part.named_by), "")
        self.vector_column = parts[0].vector_column
        self.base = parts[0].base if all(part.base == parts[0].base for part in parts) else None
        self.folders = tuple(dict.fromkeys(chain.from_iterable(part.folders for part in parts)))

    def hold(self) -> None:
        """Each of them."""
        for part in self._parts:
            part.hold()

    def close(self) -> None:
        """Each of them."""
        for part in self._parts:
            part.close()

    def keys(self) -> pa.ChunkedArray:
        """Of all, in their order."""
        return _chained([part.keys() for part in self._parts])

    def vectors(self) -> Vectors:
        """Of all, in their order; an empty set has none of any length."""
        filled = [part.vectors() for part in self._parts if part.num_rows]
        return np.concatenate(filled) if filled else self._parts[0].vectors()

    def pieces(self) -> Iterator[Vectors]:
        """Those of each."""
        return chain.from_iterable(part.pieces() for part in self._parts if part.num_rows)

    def _column(self, name: str) -> pa.ChunkedArray:
        return _chained([part.column(name) for part in self._parts])

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """From the set that each lies in."""
        found: list[dict[str, Any]] = [{}] * len(numbers)
        part_of = [bisect_right(self._starts, number) - 1 for number in numbers]
        for part in set(part_of):
            places = [place for place, each in enumerate(part_of) if each == part]
            rows = self._parts[part].rows([numbers[place] - self._starts[part] for place in places])
            for place, row in zip(places, rows, strict=True):
                found[place] = {name: row[name] for name in self.names}
        return found


def _chained(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    tables = [arrow().table({KEY: column}) for column in columns]
    return arrow().concat_tables(tables, promote_options="permissive").column(KEY)
