"""Shares: which lane is next where several wait for each other, so that neither starves the other."""

from __future__ import annotations

from collections.abc import Iterable

from junco.operator.lanes import Lane

SHARES = {Lane.ONLINE: 12, Lane.BATCH: 3, Lane.BULK: 1}
"""Rows of each lane, of those that are worked on while all of them wait."""


class Shares:
    """Which lane is next: the one that has had least of its share. A policy: it owns no thread, no lock, no clock."""

    def __init__(self) -> None:
        self._had = dict.fromkeys(Lane, 0.0)
        """What each has had, by its share."""
        self._now = 0.0
        """What the lane that was served last had had before."""

    def came(self, one: Lane) -> None:
        """A lane begins to wait. What it did not want before is not made up for."""
        self._had[one] = max(self._had[one], self._now)

    def next(self, lanes: Iterable[Lane]) -> Lane:
        """Of the lanes that wait the next one; of two with the same claim the more urgent."""
        return min(lanes, key=lambda one: (self._had[one], one))

    def served(self, one: Lane, num_rows: int) -> None:
        """So many rows of a lane were worked on while others waited."""
        self._now = max(self._now, self._had[one])
        self._had[one] += num_rows / SHARES[one]
