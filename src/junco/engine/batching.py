"""How many rows a batch takes: a policy without threads and without a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

START = 8
GROWTH = 4
LARGEST = 512
GAIN = 0.95
"""A larger batch must take at most this part of the time by the row to be worth its memory."""

NUM_LOOKS = 2
"""Full batches that are looked at for each size; the fastest counts, since others disturb."""

LONG_S = 0.03
"""A batch that takes so long has nothing to gain from more rows, and whoever reads the results waits for it."""

WORTH_KEEPING_S = 0.0002
"""Operators that are quicker by the row find their size again before anyone notices."""


class BatchSize:
    """Finds the batch size at which an operator is fastest by the row.

    It tries 8, 32, 128, 512 rows as long as that makes rows cheaper and a batch is not slow, and stays with the last
    size that did.
    ``lower`` takes a bound from an out-of-memory error; ``max_rows`` and ``max_cost`` come from the operator's hints.
    ``known`` is a size that was found before, ``found`` is told when one is.
    """

    def __init__(
        self,
        max_rows: int | None = None,
        max_cost: float | None = None,
        start: int = START,
        known: int | None = None,
        found: Callable[[int], None] | None = None,
    ) -> None:
        self.max_rows = max_rows or LARGEST
        self.max_cost = max_cost
        self.rows = min(max(known or 0, start), self.max_rows)
        self.is_settled = known is not None or self.rows == self.max_rows
        self._found = found
        self._looks: list[float] = []
        self._before: tuple[int, float] | None = None

    def take(self, cost: Callable[..., float], columns: Sequence[Sequence[Any]], start: int, stop: int) -> int:
        """How many rows from ``start`` the next batch takes: at least one."""
        count = min(self.rows, stop - start)
        if self.max_cost is None:
            return count
        total, taken = 0.0, 0
        for item in zip(*(column[start : start + count] for column in columns), strict=True):
            total += cost(*item)
            if taken and total > self.max_cost:
                break
            taken += 1
        return taken

    def observe(self, num_rows: int, seconds: float) -> None:
        """Learn from a batch that ran; only full batches count, and the very first warms up."""
        if self.is_settled or num_rows < self.rows:
            return
        self._looks.append(seconds / num_rows)
        if len(self._looks) < NUM_LOOKS + (self._before is None):
            return
        looks, self._looks = self._looks, []
        row_s = min(looks)
        if self._before is not None and row_s > self._before[1] * GAIN:
            self.rows, row_s = self._before
            self.is_settled = True
        elif self.rows == self.max_rows or row_s * self.rows > LONG_S:
            self.is_settled = True
        else:
            self._before = self.rows, row_s
            self.rows = min(self.rows * GROWTH, self.max_rows)
        if self.is_settled and self._found is not None and row_s > WORTH_KEEPING_S:
            self._found(self.rows)

    def lower(self, num_rows: int) -> None:
        """A batch of ``num_rows`` did not fit into memory: never try as many again."""
        self.max_rows = max(1, num_rows // 2)
        self.rows = min(self.rows, self.max_rows)
        self.is_settled = True
