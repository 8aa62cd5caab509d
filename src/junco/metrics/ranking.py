"""What the order of items says: for each query recall, nDCG, average precision, reciprocal rank.

Each is one number a query, so that a mean has an interval, and two ways can be compared query by query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from junco.types import Vectors
from junco.types.unit import unit_rows

Values = npt.NDArray[np.float64]
"""A number for each query, (n,); NaN where a query has nothing that could be found."""
_BLOCK_BYTES = 64_000_000
"""Of products that are in memory at once."""


def blocks(queries: Vectors, gallery: Vectors) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Cosines of some queries with all of a gallery, block after block: which queries, (rows, len(gallery))."""
    size = max(1, _BLOCK_BYTES // (4 * max(1, len(gallery))))
    for start in range(0, len(queries), size):
        rows = slice(start, min(start + size, len(queries)))
        yield rows, queries[rows] @ gallery.T


def retrieval(
    queries: Vectors, gallery: Vectors, relevant: Sequence[Mapping[int, float]], at: Sequence[int] = (1, 10)
) -> dict[str, Values]:
    """How well each query finds what answers it.

    Args:
        queries: (n, dim).
        gallery: (m, dim), what is searched.
        relevant: for each query the rows of the gallery that answer it, each with its gain above 0.
        at: the ranks up to which is counted.

    Returns:
        ``recall@k``, the share of what answers a query among the first k; ``ndcg@k``, the same with gains, of which
        those further down count less (Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques",
        2002); ``map``, the mean over what answers it of the share of answers down to each; ``mrr``, one over the
        first's rank. NaN for a query that nothing answers. Of rows with equal cosines the first in the gallery counts
        as nearer.
    """
    names = (*(f"{kind}@{k}" for kind in ("recall", "ndcg") for k in at), "map", "mrr")
    found = {name: np.full(len(queries), np.nan) for name in names}
    for rows, cosines in blocks(unit_rows(queries), unit_rows(gallery)):
        order = np.argsort(-cosines, axis=1, kind="stable")
        for number, ranked in enumerate(order, rows.start):
            gains = np.zeros(len(gallery))
            gains[list(relevant[number])] = list(relevant[number].values())
            for name, value in _of_one(gains[ranked], at).items():
                found[name][number] = value
    return found


def _of_one(gains: Values, at: Sequence[int]) -> dict[str, float]:
    """Of a query, given the gains of all rows in the order in which they were found."""
    places = np.flatnonzero(gains > 0)
    if not len(places):
        return {}
    best = np.sort(gains)[::-1]
    found = {"map": float((np.arange(1, len(places) + 1) / (places + 1)).mean()), "mrr": 1 / (places[0] + 1.0)}
    for k in at:
        found[f"recall@{k}"] = float((places < k).mean())
        found[f"ndcg@{k}"] = _discounted(gains[:k]) / _discounted(best[:k])
    return found


def _discounted(gains: Values) -> float:
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())
