"""How many rows a batch takes: a policy without threads and without a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

START = 8
GROWTH = 4
LARGEST = 512
GAIN = 0.95
"""A larger batch must take at most this part of the time by the row to be worth its memory."""

LONG_S = 0.03
LONG_GAIN = 0.9
"""What takes longer than ``LONG_S`` must gain more: whoever reads the results, or makes the rows, waits for it."""

MOST_S = 10.0
"""No size is tried that may take longer than this."""

SAME = 1.02
"""A smaller batch may take this part of the time by the row and still be preferred."""

NUM_LOOKS = 2
"""Full batches that are looked at for each size. Of short ones the fastest counts, since others disturb; a long one
that does not gain says enough."""

FULL = 0.75
"""A batch of at least this part of its size tells as much as a full one: memory may keep it from being larger."""

NUM_SHORT = 4
"""So many batches that are not full, and no other: that is all the rows that there will be at a time."""

ODD = 1.5
"""A batch that costs so much more by the row than the best size was disturbed, or is much too large."""

SETTLED_LOOKS = 9
"""Full batches of a settled size to whose median another size is compared."""

AGAIN, SOON = 100, 25
"""Full batches after which a settled size is looked at again; sooner where an earlier process found it."""

TRIALS_SHARE = 0.02
"""Of the time, what trials that lose may cost in the long run: after a dear one the next waits longer."""

WORTH_KEEPING_S = 0.0002
"""Operators that are quicker by the row, and take no long batches, find their size again before anyone notices."""


class BatchSize:
    """Finds the batch size at which an operator is fastest by the row.

    It tries 8, 32, 128, 512 rows as long as that makes rows cheaper, and stays with the last size that did (or with
    twice as many, where four times were too many). Now and then it tries half and twice as many again: a busy moment
    does not decide for ever, nor the state of the machine at the beginning.

    ``lower`` takes a bound from an out-of-memory error; ``max_rows`` and ``max_cost`` come from the operator's hints.
    ``known`` is a size that was found before, ``found`` is told when another one is.
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
        self._least = min(start, self.max_rows)
        self._told, self._found = known, found
        self._is_warm = False
        self._looks: list[float] = []
        """Seconds by the row of batches of this size: all while it is tried, the last ones once it is settled."""
        self._short: list[int] = []
        self._best: tuple[int, float] | None = None
        """While another size is tried: what it must beat, and its seconds by the row."""
        self._is_growing, self._is_again, self._is_last = True, False, False
        self._num_again = 0
        self._left, self._wait = AGAIN if known is None else SOON, AGAIN

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
        """Learn from a batch that ran; only batches that are nearly full count, and the very first warms up."""
        if num_rows > self.rows or self._least == self.max_rows:
            return
        if num_rows < FULL * self.rows:
            self._fell_short(num_rows)
            return
        if not self._is_warm:
            self._is_warm = True
            return
        self._looks.append(seconds / num_rows)
        if not self.is_settled:
            if self._has_seen_enough():
                self._judge()
            return
        self._left -= 1
        del self._looks[:-SETTLED_LOOKS]
        if self._left <= 0:
            self._look_again()

    def lower(self, num_rows: int) -> None:
        """A batch of ``num_rows`` did not fit into memory: never try as many again."""
        self.max_rows = max(1, num_rows // 2)
        self._least = min(self._least, self.max_rows)
        rows = self._best[0] if self._is_again and self._best else self.rows
        self._stay(min(rows, self.max_rows))

    def _fell_short(self, num_rows: int) -> None:
        """Where the size that is tried never comes about, try what does, if that is more than the best one."""
        self._short = [*self._short, num_rows][-NUM_SHORT:]
        if self.is_settled or self._looks or self._best is None or len(self._short) < NUM_SHORT:
            return
        if max(self._short) > self._best[0]:
            self.rows, self._short = max(self._short), []
        elif self._is_again:
            self._stay(self._best[0])

    def _has_seen_enough(self) -> bool:
        """Whether the size that is tried can be judged: what must win with every look has lost with the first."""
        look = self._looks[-1]
        if len(self._looks) == NUM_LOOKS or self._best is None:
            return self._is_long(look) or len(self._looks) == NUM_LOOKS
        is_plain = self._is_again or (self._is_long(look) and look <= self._best[1] * ODD)
        return is_plain and not self._wins(look)

    def _judge(self) -> None:
        """Compare the size that is tried to the best one so far."""
        looks, row_s = self._looks, min(self._looks)
        self._looks, self._short = [], []
        if self._best is None or self._wins(self._counted(looks)):
            self._best, self._wait = (self.rows, row_s), AGAIN
            rows = self.rows if self._is_last else self._next(GROWTH)
            self._is_again = self._is_again and not self._is_growing
        elif self._is_again:
            self._wait = self._wait_after(sum(looks) * self.rows)
            rows = self._best[0]
        else:
            is_too_large = row_s > self._best[1] and not self._is_last and self._next(2) < self.rows
            rows = self._next(2) if is_too_large else self._best[0]
            self._is_last = True
        if rows == self._best[0]:
            self._settle(*self._best)
        else:
            self.rows = rows

    def _wins(self, row_s: float) -> bool:
        """Whether the size that is tried is better than the best one, if its rows take ``row_s``."""
        assert self._best is not None
        if self.rows < self._best[0]:
            return row_s <= self._best[1] * SAME
        return row_s <= self._best[1] * (LONG_GAIN if self._is_long(row_s) else GAIN)

    def _counted(self, looks: list[float]) -> float:
        """Of some looks at the size that is tried the one that decides."""
        assert self._best is not None
        plain = [look for look in looks if look <= self._best[1] * ODD]
        must_all_win = self._is_again or self._is_long(min(looks))
        return max(plain) if plain and must_all_win else min(looks)

    def _is_long(self, row_s: float) -> bool:
        return row_s * self.rows > LONG_S

    def _next(self, growth: int) -> int:
        """The size to try after the best one: itself where there is none."""
        assert self._best is not None
        rows, row_s = self._best
        if not self._is_growing:
            return max(rows // 2, self._least)
        while growth > 1 and rows * row_s * growth > MOST_S:
            growth //= 2
        return min(rows * growth, self.max_rows)

    def _look_again(self) -> None:
        """Try more rows, the next time less."""
        self._best = self.rows, sorted(self._looks)[len(self._looks) // 2]
        self._is_again = True
        for _ in range(2):
            self._is_growing = self._num_again % 2 == 0
            self._num_again += 1
            if (rows := self._next(2)) != self.rows:
                self.rows, self.is_settled, self._looks, self._short = rows, False, [], []
                return
        self._stay(self.rows)

    def _wait_after(self, rows_s: float) -> int:
        """Batches until the next trial, after one of ``self.rows`` that lost; a busy moment at most doubles them."""
        assert self._best is not None
        rows, row_s = self._best
        lost = rows_s / (rows * row_s or 1.0) - self.rows / rows
        return max(AGAIN, min(int(lost / TRIALS_SHARE), 2 * self._wait))

    def _settle(self, rows: int, row_s: float) -> None:
        self._stay(rows)
        is_worth_it = row_s > WORTH_KEEPING_S or self._is_long(row_s) or self._told is not None
        if self._found is not None and rows != self._told and is_worth_it:
            self._told = rows
            self._found(rows)

    def _stay(self, rows: int) -> None:
        self.rows, self.is_settled, self._looks, self._best = rows, True, [], None
        self._is_growing, self._is_again, self._is_last = True, False, False
        self._left = self._wait
