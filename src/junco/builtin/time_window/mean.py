"""``time-window.mean``: two kinds of vectors of one window of time → the window and the mean of each kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from junco.errors import InputError, ParameterError
from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space, Vector
from junco.types.pieces import Segment
from junco.wording import picture


class WindowMean(Operator, family="time-window", name="mean"):
    """Makes one row of what is seen and heard in the same seconds, under ``time_window``.

    The columns in are the times of one kind, its vectors, the times of the other, its vectors; the row is the window
    and the mean of each kind, and ``None`` for a kind that has nothing in it, as in a video whose sound ends before its
    pictures. Windows follow each other: of some that overlap a row's times do not tell which it is. Size and step are
    those of the ``time_window``, and need not be given.

    Args:
        size_s: length of a window, in seconds.
        step_s: from one window to the next, in seconds: as long.
    """

    size_s: float = option(5.0, least=0.001)
    step_s: float = option(5.0, least=0.001)

    hints = Hints(thread_safe=True)
    from_step = {"size_s": "size", "step_s": "step"}

    def check_options(self) -> None:
        if self.step_s != self.size_s:
            raise ParameterError(
                f"{self.name!r}: windows of {self.size_s:g} s that begin every {self.step_s:g} s: size and step "
                "must be the same"
            )

    def spaces(self, *inputs: Space | None) -> Sequence[Space | None]:
        """None of the window; those of the two kinds, pooled."""
        _, first, _, other = inputs
        return [None, *(_pooled(space) for space in (first, other))]

    def batch(
        self,
        times: Sequence[list[float]],
        vectors: Sequence[list[Vector]],
        other_times: Sequence[list[float]],
        other_vectors: Sequence[list[Vector]],
    ) -> Sequence[tuple[Segment, Vector, Vector]]:
        rows = zip(times, vectors, other_times, other_vectors, strict=True)
        return [
            self._row([*first_s, *other_s], first, other) for first_s, first, other_s, other in map(self._lists, rows)
        ]

    def _lists(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        for value in row:
            if not isinstance(value, (list, tuple)):
                raise InputError(f"{self.name!r} takes the times and vectors of a window, lists, not {picture(value)}")
        return row

    def _row(self, times_s: list[float], vectors: list[Any], others: list[Any]) -> tuple[Segment, Any, Any]:
        if not times_s:
            raise InputError(f"{self.name!r}: a window without any time")
        number, size_s = math.floor(_exact(min(times_s)) / _exact(self.size_s)), _exact(self.size_s)
        window = Segment(float(number * size_s), float((number + 1) * size_s))
        return window, self._mean(vectors), self._mean(others)

    def _mean(self, vectors: list[Any]) -> Vector | None:
        if not vectors:
            return None
        found: Vector = np.mean([checked_vector(each, self.name) for each in vectors], axis=0, dtype=np.float32)
        return found


def _exact(seconds: float) -> Fraction:
    """As it is written: 0.3 is the beginning of the fourth window of 0.1 s."""
    return Fraction(repr(float(seconds)))


def _pooled(space: Space | None) -> Space | None:
    """As `vector.pool` has it."""
    return None if space is None or space.is_packed else space.pooled("mean")
