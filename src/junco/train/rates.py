"""`found_rate`: the highest rate of a run, by a short test in which it rises until the loss does."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

RANGE_OF_A_HEAD, RANGE_OF_A_NETWORK = (1e-5, 1e-1), (1e-6, 1e-2)
STEPS_OF_A_HEAD, STEPS_OF_A_NETWORK = 24, 16
_SMOOTHING, _RISEN, _BELOW_THE_LOWEST = 0.7, 1.5, 5.0
_LEAST_FALL = 1e-3
"""Of the loss, as a share of it, that counts as one."""


def found_rate(loss_at: Callable[[float], float], lowest: float, highest: float, steps: int) -> float | None:
    """The rate at which a loss falls most steeply, well below that at which it is lowest.

    Smith, "Cyclical Learning Rates for Training Neural Networks" (2017): it rises evenly in its logarithm, a step at
    each; the test ends when the loss is half as high again as at first, or no number.

    Args:
        loss_at: gives the loss, then makes a step at a rate.
        lowest: the first rate.
        highest: the last.
        steps: from one to the other.

    Returns:
        ``None`` where the loss fell nowhere.
    """
    rates = np.geomspace(lowest, highest, steps)
    losses: list[float] = []
    smooth = 0.0
    for i, rate in enumerate(rates):
        loss = loss_at(float(rate))
        if not math.isfinite(loss):
            break
        smooth = _SMOOTHING * smooth + (1 - _SMOOTHING) * loss
        losses.append(smooth / (1 - _SMOOTHING ** (i + 1)))
        if losses[-1] > losses[0] + (_RISEN - 1) * abs(losses[0]) + 1e-6:
            break
    at_lowest = int(np.argmin(losses)) if losses else 0  # after steps at the rates before it
    if at_lowest < 2 or losses[0] - losses[at_lowest] < _LEAST_FALL * abs(losses[0]):
        return None
    steepest = int(np.argmin(np.diff(losses[: at_lowest + 1])))  # from the step at this rate
    return float(min(rates[steepest], rates[at_lowest - 1] / _BELOW_THE_LOWEST))
