"""`Estimate`: a mean with what it may be by chance: "better" is not noise.

Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979): the items are drawn anew, with repetition, many times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from junco.metrics.ranking import Values

LEVEL = 0.95
"""Share of the draws that lie within an interval."""
NUM_DRAWS = 1_000
Rows = npt.NDArray[np.int64]
"""Numbers of items, one for each that was drawn."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over items, and the interval in which 95 % of the means of items drawn anew lie.

    Attributes:
        mean: over the items that count.
        low, high: the interval's ends.
        num_items: how many count.
    """

    mean: float
    low: float
    high: float
    num_items: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @property
    def is_above_zero(self) -> bool:
        """Whether all of the interval is; of a difference: that it is no noise."""
        return self.low > 0

    @property
    def is_below_zero(self) -> bool:
        """Whether all of the interval is."""
        return self.high < 0


def estimate(values: Values, seed: int = 0) -> Estimate:
    """The mean of a number for each item; NaN ones do not count. The same seed draws the same items."""
    counted = values[~np.isnan(values)]
    return drawn(len(counted), lambda rows: float(counted[rows].mean()), seed)


def difference(after: Values, before: Values, seed: int = 0) -> Estimate:
    """By how much the mean is more, item by item: of items that were hard both ways nothing is made."""
    return estimate(after - before, seed)


def drawn(num_items: int, measure: Callable[[Rows], float], seed: int = 0) -> Estimate:
    """What is measured of items, and of items drawn anew.

    Args:
        num_items: how many there are.
        measure: numbers of items (n,) → what is measured of them.
        seed: of the draws.
    """
    if not num_items:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    rng = np.random.default_rng(seed)
    means = [measure(rng.integers(0, num_items, num_items)) for _ in range(NUM_DRAWS)]
    low, high = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(measure(np.arange(num_items)), float(low), float(high), num_items)
