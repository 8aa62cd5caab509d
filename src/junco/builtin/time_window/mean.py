"""``time-window.mean``: two kinds of vectors of one window of time → the window and the mean of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.builtin.vector.floats import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Vector
from junco.types.pieces import Segment


class WindowMean(Operator, family="time-window", name="mean"):
    """Makes one row of what is seen and heard in the same seconds, under ``time_window``.

    Windows follow each other, so ``size`` and ``step`` of the step are both ``size_s``. The columns in are the times of
    one kind, its vectors, the times of the other, its vectors; the row is the window and the mean of each kind, ``None``
    for a kind that has nothing in it, as in a video whose sound ends before its pictures.

    Args:
        size_s: length of a window, in seconds.
    """

    size_s: float = option(5.0, least=0.001)

    hints = Hints(thread_safe=True)

    def batch(
        self,
        times: Sequence[list[float]],
        vectors: Sequence[list[Vector]],
        other_times: Sequence[list[float]],
        other_vectors: Sequence[list[Vector]],
    ) -> Sequence[tuple[Segment, Vector, Vector]]:
        rows = zip(times, vectors, other_times, other_vectors, strict=True)
        return [self._row([*first_s, *other_s], first, other) for first_s, first, other_s, other in rows]

    def _row(self, times_s: list[float], vectors: list[Any], others: list[Any]) -> tuple[Segment, Any, Any]:
        start_s = min(times_s) // self.size_s * self.size_s
        return Segment(start_s, start_s + self.size_s), self._mean(vectors), self._mean(others)

    def _mean(self, vectors: list[Any]) -> Vector | None:
        if not vectors:
            return None
        found: Vector = np.mean([checked_vector(each, self.name) for each in vectors], axis=0, dtype=np.float32)
        return found
