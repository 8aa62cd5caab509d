"""Which held-out items are mistaken, and for what: by their neighbours, by searches, by pairs. On arrays alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from junco.metrics.ranking import blocks
from junco.types import Vectors
from junco.types.unit import unit_rows

NEIGHBOURS = 5
"""That vote."""
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What the neighbours of each item say of it.

    Attributes:
        near: (n, k), the items nearest to each, the nearest first; nobody is his own neighbour.
        cosines: (n, k), of these.
        taken: (n,), the label that most of them have; of equal votes that of the nearest.
        margins: (n,), how much nearer the nearest item of an own label is than the nearest of another, by cosines;
            NaN where nobody else has the label, or everybody has.
    """

    near: Numbers
    cosines: npt.NDArray[np.float32]
    taken: Numbers
    margins: npt.NDArray[np.float64]


def votes(vectors: Vectors, codes: Numbers, neighbours: int = NEIGHBOURS) -> Votes:
    """What the neighbours of each item among all others say of its label.

    Args:
        vectors: (n, dim), of two items or more.
        codes: (n,), labels as numbers.
        neighbours: how many vote.
    """
    rows, count = unit_rows(vectors), len(vectors)
    most = min(neighbours, count - 1)
    near, found = np.zeros((count, most), np.intp), np.zeros((count, most), np.float32)
    margins = np.full(count, np.nan)
    for part, cosines in blocks(rows, rows):
        each = np.arange(len(cosines))
        cosines[each, each + part.start] = -np.inf
        near[part] = _nearest(cosines, most)
        found[part] = np.take_along_axis(cosines, near[part], axis=1)
        own = codes[part, None] == codes[None, :]
        apart = np.where(own, cosines, -np.inf).max(axis=1) - np.where(own, -np.inf, cosines).max(axis=1)
        margins[part] = np.where(np.isfinite(apart), apart, np.nan)
    return Votes(near, found, _of_most(codes[near]), margins)


def _nearest(cosines: npt.NDArray[np.float32], most: int) -> Numbers:
    """The columns of the highest numbers of each row, the highest first, of equal ones the first."""
    some = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    some.sort(axis=1)
    order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(some, order, axis=1), np.intp)


def _of_most(labels: Numbers) -> Numbers:
    """Of each row the number that is there most often, of several the first."""
    often = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
    return np.asarray(labels[np.arange(len(labels)), often.argmax(axis=1)], np.intp)


def coded(labels: Sequence[object]) -> tuple[list[str], Numbers]:
    """The names of labels in their order, and each label as its place among them."""
    kinds = sorted(set(labels), key=_in_order)
    numbers = {label: number for number, label in enumerate(kinds)}
    return [str(label) for label in kinds], np.array([numbers[label] for label in labels], np.intp)


def _in_order(label: object) -> list[tuple[bool, float, str]]:
    """By letters, with the numbers in a label by what they count: 9 before 10."""
    parts = re.split(r"(\d{1,15})", str(label))
    return [(not part.isdecimal(), float(part) if part.isdecimal() else 0.0, part) for part in parts if part]


def confusion(codes: Numbers, taken: Numbers, num_labels: int) -> npt.NDArray[np.int64]:
    """How often items of each label (row) are taken for each (column), (labels, labels)."""
    found = np.zeros((num_labels, num_labels), np.int64)
    np.add.at(found, (codes, taken), 1)
    return found


def most_confused(codes: Numbers, taken: Numbers, most: int = 10) -> list[tuple[int, int, int]]:
    """Two labels and how many items of either are taken for the other, those of most first; however many labels."""
    wrong = np.flatnonzero(codes != taken)
    both = np.sort(np.stack([codes[wrong], taken[wrong]], axis=1), axis=1)
    pairs, counts = np.unique(both, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return [(*map(int, pairs[at]), int(counts[at])) for at in order]  # type: ignore[misc]


def num_confused(codes: Numbers, taken: Numbers, one: int, other: int) -> int:
    """How many items of two labels are taken for the other of them."""
    there, back = ((codes == each) & (taken == its) for each, its in ((one, other), (other, one)))
    return int((there | back).sum())


def mistaken(found: Votes, codes: Numbers) -> Numbers:
    """Items that are taken for something else though somebody has their label, the most mistaken first."""
    rows = np.flatnonzero((found.taken != codes) & ~np.isnan(found.margins))
    return rows[np.lexsort((rows, found.margins[rows]))]


def suspected(before: Votes, after: Votes, codes: Numbers) -> Numbers:
    """Items whose label may be wrong: before and after all their neighbours have the same label, and it is another.

    Who learned the label by force would draw the item away from these neighbours; of fewer than three nothing follows.
    """
    if before.near.shape[1] < 3:
        return np.zeros(0, np.intp)
    agree = np.stack([(codes[each.near] == each.taken[:, None]).all(axis=1) for each in (before, after)]).all(axis=0)
    return np.flatnonzero(agree & (before.taken == after.taken) & (after.taken != codes))


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """How far down each query's first answer is.

    Attributes:
        ranks: (n,), from 1; 0 where nothing answers it.
        first: (n,), the row of the gallery that was found first.
    """

    ranks: Numbers
    first: Numbers


def searches(queries: Vectors, gallery: Vectors, relevant: Sequence[Collection[int]]) -> Searches:
    """Look for what answers each query.

    Args:
        queries: (n, dim).
        gallery: (m, dim).
        relevant: of each query the rows that answer it.
    """
    ranks, first = np.zeros(len(queries), np.intp), np.zeros(len(queries), np.intp)
    for part, cosines in blocks(unit_rows(queries), unit_rows(gallery)):
        first[part] = cosines.argmax(axis=1)
        for number, row in enumerate(cosines, part.start):
            if wanted := list(relevant[number]):
                best = min(wanted, key=lambda at: (-row[at], at))
                before = (row > row[best]) | ((row == row[best]) & (np.arange(len(row)) < best))
                ranks[number] = 1 + int(before.sum())
    return Searches(ranks, first)


def misplaced(cosines: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far from its place in the told order each pair is in that of cosines, (n,), as a share of all places.

    Above 0 it is found more alike than it is told to be.
    """
    places = [np.argsort(np.argsort(each, kind="stable"), kind="stable") for each in (cosines, scores)]
    return np.asarray((places[0] - places[1]) / max(1, len(scores) - 1), np.float64)
