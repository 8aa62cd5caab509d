"""Of boxes that lie over each other the best: non-maximum suppression.

As ``torchvision.ops.nms`` and ``batched_nms`` do it; to import those costs five seconds and 600 MB, which nothing else
needs where a model runs without torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.intp]


def best_of_all(edges: Floats, scores: Floats, overlap: float) -> Numbers:
    """The numbers of the boxes that stay, best first: none overlaps a better one by more than ``overlap``.

    Args:
        edges: x0, y0, x1, y1 (n, 4).
        scores: (n,).
        overlap: intersection ÷ union.
    """
    return _best(edges, _by_score(scores), overlap, len(scores))


def best_of_each_class(edges: Floats, scores: Floats, classes: Numbers, overlap: float, most: int) -> Numbers:
    """The numbers of the boxes that stay, best first: none overlaps a better one of its class by more than ``overlap``.

    Args:
        edges: x0, y0, x1, y1 (n, 4).
        scores: (n,).
        classes: (n,).
        overlap: intersection ÷ union.
        most: as many stay of a class, and of all.
    """
    by_score = _by_score(scores)
    kept = [_best(edges, by_score[classes[by_score] == each], overlap, most) for each in np.unique(classes)]
    found = np.concatenate([np.zeros(0, np.intp), *kept])
    return found[_by_score(scores[found])][:most]


def _by_score(scores: Floats) -> Numbers:
    """The numbers of the scores, the highest first, of equal ones the first."""
    return np.argsort(-scores, kind="stable")


def _best(edges: Floats, rest: Numbers, overlap: float, most: int) -> Numbers:
    """Of boxes by score."""
    kept: list[np.intp] = []
    while len(rest) and len(kept) < most:
        kept.append(rest[0])
        rest = rest[1:][_overlaps(edges[rest[0]], edges[rest[1:]]) <= overlap]
    return np.array(kept, np.intp)


def _overlaps(box: Floats, others: Floats) -> Floats:
    """Intersection ÷ union of a box and each of others."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + areas - shared
    found: Floats = np.where(union > 0, shared / np.where(union > 0, union, 1), 0)
    return found
