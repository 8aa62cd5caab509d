"""How well cosines of pairs follow what people say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from junco.metrics.ranking import Values
from junco.types import Vectors
from junco.types.unit import unit_rows


def cosines(left: Vectors, right: Vectors) -> Values:
    """Of each pair, (n,)."""
    return np.asarray(np.einsum("nd,nd->n", unit_rows(left), unit_rows(right)), np.float64)


def spearman(found: Values, told: Sequence[float] | Values) -> float:
    """How alike two orders are, from -1 to 1; NaN where one of them has none, all being equal.

    Spearman, "The Proof and Measurement of Association between Two Things" (1904).
    """
    one, other = _ranks(np.asarray(found, np.float64)), _ranks(np.asarray(told, np.float64))
    one, other = one - one.mean(), other - other.mean()
    both = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / both if both else float("nan")


def _ranks(values: Values) -> Values:
    """From 1 up; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places], np.float64)
