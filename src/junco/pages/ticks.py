"""An axis: round numbers along it, and places between its ends."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10)
_LEAST_FIXED, _MOST_FIXED = 1e-3, 1e7
"""Between which an axis' largest number is written without a power of ten."""
_LEAST_SHARE = 0.1
"""Of its largest number that an axis is long, so that numbers that are all but equal lie beside each other."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From numbers to places.

    Attributes:
        low, high: numbers at its ends; ``high`` is above ``low``.
        start, end: places of these, in pixels of a drawing.
    """

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, values: Iterable[float], start: float, end: float, *, least: float = 0.0) -> Axis:
        """An axis from round number to round number around all finite ones.

        Args:
            values: numbers that are to have a place.
            start, end: places of its ends.
            least: it is at least so long, so that noise does not fill it.
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        if (short := max(least, _LEAST_SHARE * max(abs(low), abs(high)), 1e-9) - (high - low)) > 0:
            low, high = low - short / 2, high + short / 2
        step = round_step(high - low, 5)
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Round numbers within it, and how they are written."""
        step = round_step(self.high - self.low, most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        largest = max(abs(self.low), abs(self.high))
        return [(number * step, written(number * step, step, largest)) for number in range(first, last + 1)]


def round_step(length: float, most: int) -> float:
    """1, 2 or 5 times a power of ten: the smallest of which no more than ``most`` fit into a length."""
    unit = 10.0 ** math.floor(math.log10(length / most))
    return next(step * unit for step in _STEPS if step * unit * most >= length * (1 - 1e-9))


def written(value: float, step: float, largest: float) -> str:
    """A number of an axis with as many digits as tell it from the next one, a step further.

    Args:
        value: the number.
        step: to the next.
        largest: the largest on the axis, without its sign.
    """
    value = 0.0 if abs(value) < step / 2 else value
    place = math.floor(math.log10(step) + 1e-9)
    if value and (largest < _LEAST_FIXED or largest >= _MOST_FIXED):
        return f"{value:.{max(0, math.floor(math.log10(abs(value)) + 1e-9) - place)}e}"
    return f"{value:,.{max(0, -place)}f}" if value else "0"
