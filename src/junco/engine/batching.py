"""How many rows a batch takes: a policy without threads and without a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

START = 8
LARGEST = 512
GAIN = 1.05
"""A larger batch must be this much faster by the row to be kept."""


WORTH_KEEPING_S = 0.0002
"""Operators that are quicker by the row find their size again before anyone notices."""


class BatchSize:
    """Finds the batch size at which an operator is fastest by the row.

    It doubles the size as long as that makes rows cheaper, goes back one step when it does not, and stays there.
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
        self.rows = min(known or start, self.max_rows)
        self.is_settled = known is not None or self.rows == self.max_rows
        self._found = found
        self._best_s: float | None = None
        self._observed = 0

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
        """Learn from a batch that ran; only full batches count, and of each size the second (the first warms up)."""
        if self.is_settled or num_rows < self.rows:
            return
        self._observed += 1
        if self._observed < 2:
            return
        self._observed = 0
        per_row_s = seconds / num_rows
        self.is_settled = self._step(per_row_s)
        if self.is_settled and self._found is not None and per_row_s > WORTH_KEEPING_S:
            self._found(self.rows)

    def _step(self, per_row_s: float) -> bool:
        """Go to the next size; whether the search is over."""
        if self._best_s is not None and per_row_s * GAIN > self._best_s:
            self.rows = max(1, self.rows // 2)
            return True
        self._best_s = per_row_s
        self.rows = min(self.rows * 2, self.max_rows)
        return self.rows == self.max_rows

    def lower(self, num_rows: int) -> None:
        """A batch of ``num_rows`` did not fit into memory: never try as many again."""
        self.max_rows = max(1, num_rows // 2)
        self.rows = min(self.rows, self.max_rows)
        self.is_settled = True
