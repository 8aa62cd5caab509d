"""What is loaded: rows of items, of sets to train on, and of sets to measure by; and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import DataError
from junco.labelled.sets import LabelledSet, PairSet, TrainSet
from junco.pages.letters import amount
from junco.train.examples import Examples, Rows
from junco.tuning.measuring import Asked
from junco.types import Vectors
from junco.wording import and_listed

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that nothing could be made of.

    Attributes:
        name: what it is called.
        reason: why.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class LoadedItems:
    """The rows of some items.

    Attributes:
        rows: of all that could be read.
        places: of each row, which of the items it came of.
        rejects: by the place of an item, why there is none of it.
        told: what was decided, a line each.
    """

    rows: Rows
    places: npt.NDArray[np.int64]
    rejects: Mapping[int, str]
    told: tuple[str, ...] = ()

    @property
    def row_of(self) -> dict[int, int]:
        """By the place of an item its first row."""
        return {int(place): row for row, place in reversed(list(enumerate(self.places)))}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A set as it is trained on.

    Attributes:
        data: what could be read, a row for each example: where a loader makes several of an item, it is there as often.
        columns: the rows of each column of items.
        places: of each example, which row of the given set it came of.
        groups: of each column, equal numbers for equal contents.
        rejects: what could not be read.
        told: what was decided, a line each.
    """

    data: TrainSet
    columns: tuple[Rows, ...]
    places: npt.NDArray[np.int64]
    groups: tuple[npt.NDArray[np.int64], ...]
    rejects: tuple[Unreadable, ...]
    told: tuple[str, ...]

    @property
    def label_names(self) -> list[Any]:
        """The labels, in the order of their numbers; empty where there are none."""
        return sorted(self.data.counts) if isinstance(self.data, LabelledSet) else []

    def examples(self, targets: Vectors | None = None) -> Examples:
        """For a trainer.

        Args:
            targets: another model's vectors of the examples, float32 (n, dim).
        """
        labels = scores = None
        if isinstance(self.data, LabelledSet):
            numbers = {label: number for number, label in enumerate(self.label_names)}
            labels = np.array([numbers[label] for label in self.data.labels], np.int64)
        if isinstance(self.data, PairSet) and len(self.data.scores):
            scores = np.asarray(self.data.scores, np.float32)
        return Examples(self.columns, labels, scores, targets, self.groups)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A set by which is measured.

    Attributes:
        asked: the set, its items numbers.
        rows: for each side those of its items, in the order of their numbers.
        rejects, told: as in `Loaded`.
    """

    asked: Asked
    rows: tuple[Rows, ...]
    rejects: tuple[Unreadable, ...]
    told: tuple[str, ...]


def check_labels(data: TrainSet, left: TrainSet, rejects: Sequence[Unreadable]) -> None:
    """Refuse to learn where nothing is left of a label.

    Raises:
        DataError: with these labels.
    """
    if not (isinstance(data, LabelledSet) and isinstance(left, LabelledSet)):
        return
    there = left.counts
    if gone := [label for label in data.counts if label not in there]:
        which = f"{amount(len(gone), 'label')} nothing can be read ({_some(map(str, gone))})"
        raise DataError(f"of {which}: {listed_rejects(rejects)}. Mend the items, or take the labels out")


def told_rejects(rejects: Sequence[Unreadable]) -> tuple[str, ...]:
    """What is said of what was left out, if anything was."""
    if not rejects:
        return ()
    return (f"{amount(len(rejects), 'item')} cannot be read, and left out: {listed_rejects(rejects)}",)


def listed_rejects(rejects: Sequence[Unreadable]) -> str:
    """The first of them, with their reasons."""
    more = f"; and {len(rejects) - _MOST_NAMED:,} more" if len(rejects) > _MOST_NAMED else ""
    return "; ".join(map(str, rejects[:_MOST_NAMED])) + more


def _some(names: Iterable[str]) -> str:
    listed = [*names]
    return and_listed(
        [*listed[:_MOST_NAMED], *([f"{len(listed) - _MOST_NAMED:,} more"] if listed[_MOST_NAMED:] else [])]
    )
