"""`Examples`: what is trained on: rows of each column of items, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from junco.train.task import Row, Side


class Rows(Protocol):
    """The rows of some items, which may lie in memory or in a file, or be made when they are asked for."""

    def __len__(self) -> int: ...

    def take(self, places: Sequence[int]) -> list[Row]:
        """Those of some items, by their places."""


@runtime_checkable
class BlockRows(Rows, Protocol):
    """Rows of one shape, which can be had many at once, with no Python for each."""

    def block(self, places: Sequence[int] | npt.NDArray[np.int64]) -> Row:
        """Those of some items, stacked: arrays (places, …), which nobody else writes to."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What is trained on.

    Attributes:
        columns: one of labelled items; left and right of pairs; anchors, positives and negatives of triplets.
        labels: of items, numbers from 0; ``None``: none are known.
        scores: of pairs, the more the more alike; ``None``: all belong together.
        targets: float32 (n, dim), vectors that another model makes of the items; ``None``: none are to be matched.
        groups: of each column, equal numbers for equal items, which are no negatives of each other.
    """

    columns: tuple[Rows, ...]
    labels: npt.NDArray[np.int64] | None = None
    scores: npt.NDArray[np.float32] | None = None
    targets: npt.NDArray[np.float32] | None = None
    groups: tuple[npt.NDArray[np.int64], ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def num_labels(self) -> int:
        """How many labels there are."""
        return 0 if self.labels is None else int(self.labels.max()) + 1

    @staticmethod
    def side(column: int) -> Side:
        """Of a column."""
        return "left" if column == 0 else "right"


@dataclass(frozen=True, eq=False)
class ArrayRows:
    """Rows that lie in arrays: cached vectors, prepared pictures.

    Attributes:
        arrays: each (items, …).
    """

    arrays: tuple[npt.NDArray[np.generic], ...]

    def __len__(self) -> int:
        return len(self.arrays[0])

    def take(self, places: Sequence[int]) -> list[Row]:
        """Those of some items."""
        return [tuple(np.asarray(array[place]) for array in self.arrays) for place in places]

    def block(self, places: Sequence[int] | npt.NDArray[np.int64]) -> Row:
        """Those of some items, stacked."""
        return tuple(np.ascontiguousarray(array[np.asarray(places, np.int64)]) for array in self.arrays)


@dataclass(frozen=True, eq=False)
class ListedRows:
    """Rows of different shapes, as token ids are."""

    rows: Sequence[Row]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Sequence[int]) -> list[Row]:
        """Those of some items."""
        return [self.rows[place] for place in places]
