"""Rows as a trainer takes them: from files mapped into memory, or made anew each time from their items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.train.task import Row

Places = Sequence[int] | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StackedRows:
    """Rows of one shape.

    Attributes:
        arrays: each (rows, …), in memory or in a file.
    """

    arrays: tuple[npt.NDArray[Any], ...]

    def __len__(self) -> int:
        return len(self.arrays[0]) if self.arrays else 0

    def take(self, places: Places) -> list[Row]:
        """Some of them."""
        blocks = self.block(places)
        return [tuple(np.asarray(block[at]) for block in blocks) for at in range(len(places))]

    def block(self, places: Places) -> Row:
        """Some of them, stacked."""
        chosen = np.asarray(places, np.int64)
        return tuple(np.ascontiguousarray(array[chosen]) for array in self.arrays)


@dataclass(frozen=True, eq=False)
class RaggedRows:
    """Rows of different shapes, as token ids are.

    Attributes:
        flat: for each array of a row the numbers of all rows, one behind the other.
        shapes: for each, the shapes, int64 (rows, axes).
    """

    flat: tuple[npt.NDArray[Any], ...]
    shapes: tuple[npt.NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.shapes[0]) if self.shapes else 0

    def take(self, places: Places) -> list[Row]:
        """Some of them."""
        return [tuple(self._array(column, int(place)) for column in range(len(self.flat))) for place in places]

    def _array(self, column: int, place: int) -> npt.NDArray[Any]:
        starts = self._starts[column]
        return np.array(self.flat[column][starts[place] : starts[place + 1]]).reshape(self.shapes[column][place])

    @cached_property
    def _starts(self) -> list[npt.NDArray[np.int64]]:
        return [np.concatenate([[0], shapes.prod(axis=1).cumsum()]) for shapes in self.shapes]


Stored = StackedRows | RaggedRows


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """Some rows of others, in an order of their own; one may be there several times.

    Attributes:
        rows: the others.
        places: which of them.
    """

    rows: Any
    places: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    def take(self, places: Places) -> list[Row]:
        """Some of them."""
        found: list[Row] = self.rows.take(self.places[np.asarray(places, np.int64)])
        return found


@dataclass(frozen=True, eq=False)
class ChosenStacked(ChosenRows):
    """The same of rows of one shape, which come stacked too."""

    def block(self, places: Places) -> Row:
        """Some of them, stacked."""
        found: Row = self.rows.block(self.places[np.asarray(places, np.int64)])
        return found


@dataclass(frozen=True, eq=False)
class FreshRows:
    """Rows that are too many to be kept: those of a batch are made anew each time.

    Attributes:
        made: items by their numbers → the rows of each.
        items: for each row, the number of its item.
        numbers: for each row, which of the item's rows it is.
    """

    made: Callable[[Sequence[int]], list[list[Row]]]
    items: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)

    def take(self, places: Places) -> list[Row]:
        """Some of them."""
        chosen = np.asarray(places, np.int64)
        items, where = np.unique(self.items[chosen], return_inverse=True)
        made = self.made(items.tolist())
        return [made[at][number] for at, number in zip(where, self.numbers[chosen], strict=True)]


def chosen(rows: Any, places: npt.NDArray[np.int64]) -> Any:
    """Some rows of others; the others themselves where these are all, in their order."""
    if len(places) == len(rows) and bool((places == np.arange(len(places))).all()):
        return rows
    if isinstance(rows, ChosenRows):
        return chosen(rows.rows, rows.places[places])
    return ChosenStacked(rows, places) if isinstance(rows, StackedRows) else ChosenRows(rows, places)
