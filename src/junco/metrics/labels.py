"""How well vectors keep items of a label together: each item asks for those nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.metrics.ranking import Values, blocks
from junco.types import Vectors
from junco.types.unit import unit_rows


def labelled(
    vectors: Vectors,
    labels: Sequence[Any],
    *,
    gallery: tuple[Vectors, Sequence[Any]] | None = None,
    at: Sequence[int] = (1, 10),
    neighbours: int = 5,
) -> dict[str, Values]:
    """What the items nearest to each say of its label.

    Args:
        vectors: (n, dim).
        labels: of each.
        gallery: vectors and labels of those that are asked; else all others of the same set.
        at: the ranks up to which is looked.
        neighbours: how many vote in ``knn``.

    Returns:
        ``recall@k``: 1 where one of the k nearest has the label, else 0; ``map``: over all others of the label, the
        mean of the share of it down to each; ``knn@k``: 1 where most of the k nearest have the label, of equal votes
        that of the nearest. NaN for an item whose label nobody else has.
    """
    rows, others = unit_rows(vectors), unit_rows(gallery[0] if gallery else vectors)
    codes, other_codes = coded(labels, gallery[1] if gallery else labels)
    names = (*(f"recall@{k}" for k in at), "map", f"knn@{neighbours}")
    found = {name: np.full(len(rows), np.nan) for name in names}
    for part, cosines in blocks(rows, others):
        if gallery is None:  # nobody asks himself
            cosines[np.arange(len(cosines)), np.arange(part.start, part.stop)] = -np.inf
        ranked = other_codes[np.argsort(-cosines, axis=1, kind="stable")]
        if gallery is None:
            ranked = ranked[:, :-1]
        for number, near in enumerate(ranked, part.start):
            for name, value in _of_one(near, codes[number], at, neighbours).items():
                found[name][number] = value
    return found


def silhouette(vectors: Vectors, labels: Sequence[Any]) -> Values:
    """How much nearer each item is to its own label than to the nearest other one, from -1 to 1, by cosines.

    Rousseeuw, "Silhouettes: a Graphical Aid to the Interpretation and Validation of Cluster Analysis" (1987). Mean
    distances to a label follow from the sum of its rows, so that no pair is compared. An item whose label nobody else
    has gets 0, as there.
    """
    rows = unit_rows(vectors).astype(np.float64)
    codes, _ = coded(labels, ())
    counts = np.bincount(codes).astype(np.float64)
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, codes, rows)
    each = np.arange(len(rows))
    distances = 1 - rows @ sums.T / counts
    own = (counts[codes] - 1 - np.einsum("nd,nd->n", rows, sums[codes] - rows)) / np.maximum(counts[codes] - 1, 1)
    distances[each, codes] = np.inf
    other = distances.min(axis=1)
    return np.where(counts[codes] > 1, (other - own) / np.maximum(np.maximum(own, other), 1e-12), 0.0)


def coded(labels: Sequence[Any], others: Sequence[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Labels of any kind as numbers, the same label the same number in both."""
    numbers: dict[Any, int] = {}
    return tuple(  # type: ignore[return-value]
        np.array([numbers.setdefault(label, len(numbers)) for label in each], np.intp) for each in (labels, others)
    )


def _of_one(near: npt.NDArray[np.intp], label: int, at: Sequence[int], neighbours: int) -> dict[str, float]:
    """Of an item, given the labels of all others, the nearest first."""
    places = np.flatnonzero(near == label)
    if not len(places):
        return {}
    found = {f"recall@{k}": float(places[0] < k) for k in at}
    found["map"] = float((np.arange(1, len(places) + 1) / (places + 1)).mean())
    found[f"knn@{neighbours}"] = float(_vote(near[:neighbours]) == label)
    return found


def _vote(labels: npt.NDArray[np.intp]) -> int:
    """The label of most; of several that as many have, the one that comes first."""
    counts = np.bincount(labels)
    return int(next(label for label in labels if counts[label] == counts.max()))
