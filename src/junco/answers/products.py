"""Exact search by matrix products, block by block: the best rows for some vectors, and pairs of rows that are alike.

Rows have length 1, so that a product is a cosine. No more than a block of products is ever in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from junco.types import Vectors

BLOCK_BYTES = 32_000_000
"""Of products that are in memory at once. The rows are read where they lie, in memory or in a mapped file."""
_ROUNDING = 1e-6
"""By which a product of equal rows in float32 may be less than 1."""
_PAIR_ROWS = 2_048
"""Rows of a block where all are compared with all: their products stay in the processor's cache."""

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


class Nearest(NamedTuple):
    """Row numbers and their cosines, both (n, count), best first."""

    rows: npt.NDArray[np.intp]
    scores: Floats


def best(units: Vectors, wanted: Vectors, count: int, among: Mask | None = None) -> Nearest:
    """The rows with the highest cosines, best first; of equal ones the first.

    Args:
        units: (rows, dim) of length 1, in memory or mapped from a file.
        wanted: (n, dim) of length 1.
        count: how many for each; as many as there are, if there are fewer.
        among: (rows,) which rows count.
    """
    count = min(count, len(units) if among is None else int(among.sum()))
    found = Nearest(np.zeros((len(wanted), count), np.intp), np.full((len(wanted), count), -np.inf, np.float32))
    if count:
        for start, block in _blocks(units, max(1_024, BLOCK_BYTES // (4 * len(wanted)))):
            inside = None if among is None else np.flatnonzero(among[start : start + len(block)])
            _take_better(found, _products(wanted, block), start, inside)
    return found


def best_once(
    units: Vectors, wanted: Vectors, count: int, of_row: npt.NDArray[np.intp], among: Mask | None = None
) -> tuple[list[int], list[float]]:
    """The best rows for any of several vectors, and their cosines: of rows that belong together the best alone.

    Args:
        of_row: (rows,) a number for each row, which those that belong together share.
    """
    num_found, room = -1, count
    while True:
        found = best(units, wanted, room, among)
        rows, scores = found.rows.ravel(), found.scores.ravel()
        order = np.lexsort((rows, -scores))
        _, firsts = np.unique(of_row[rows[order]], return_index=True)
        if len(firsts) >= count or found.rows.size == num_found:
            taken = order[np.sort(firsts)[:count]]
            return rows[taken].tolist(), scores[taken].tolist()
        num_found, room = found.rows.size, room * 4


def pairs_above(units: Vectors, least: float) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]]:
    """All pairs of rows whose cosine is ``least`` or more, the first row below the second: rows, rows, cosines."""
    least -= _ROUNDING
    for start in range(0, len(units), _PAIR_ROWS):
        left = np.asarray(units[start : start + _PAIR_ROWS])
        for other in range(start, len(units), _PAIR_ROWS):
            products = left @ np.asarray(units[other : other + _PAIR_ROWS]).T
            if products.max() < least:
                continue
            one, two = np.nonzero(products >= least)
            if start == other:
                one, two = one[one < two], two[one < two]
            if len(one):
                yield start + one, other + two, products[one, two]


def _blocks(units: Vectors, rows: int) -> Iterator[tuple[int, Vectors]]:
    for start in range(0, len(units), rows):
        yield start, units[start : start + rows]


def _products(wanted: Vectors, block: Vectors) -> Floats:
    """(n, rows). One vector is multiplied as one: BLAS reads the rows once, as fast as memory gives them."""
    if len(wanted) == 1:
        return np.asarray(block @ wanted[0])[np.newaxis]
    return np.asarray(wanted @ block.T)


def _take_better(found: Nearest, products: Floats, start: int, inside: npt.NDArray[np.intp] | None) -> None:
    """Put what a block has better than what there is so far in its place."""
    if inside is not None:
        products = products[:, inside]
    for number, scores in enumerate(products):
        least = found.scores[number, -1]
        better = np.flatnonzero(scores > least)  # a later row with an equal score is no better
        if not len(better):
            continue
        count = found.rows.shape[1]
        if len(better) > count:
            better = _largest(scores, better, count)
        rows = start + (better if inside is None else inside[better])
        rows, scores = np.r_[found.rows[number], rows], np.r_[found.scores[number], scores[better]]
        order = np.lexsort((rows, -scores))[:count]
        found.rows[number], found.scores[number] = rows[order], scores[order]


def _largest(scores: Floats, among: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Those of the ``count`` highest scores, with all that equal the last of them."""
    values = scores[among]
    least = np.partition(values, len(values) - count)[len(values) - count]
    return np.asarray(among[values >= least])
