"""`Pending`: rows on their way to the target."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from junco.engine.sizes import column_bytes

MOST_PENDING_ROWS, MOST_PENDING_BYTES = 1024, 8_000_000
"""So many rows wait to be written together."""


@dataclass(slots=True)
class Pending:
    """Rows that were not written yet, each with the position of its input among those that were fed; in order."""

    positions: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    num_bytes: int = 0

    @property
    def is_much(self) -> bool:
        return len(self.values) >= MOST_PENDING_ROWS or self.num_bytes >= MOST_PENDING_BYTES

    def add(self, positions: list[int], values: list[Any]) -> None:
        self.positions += positions
        self.values += values
        self.num_bytes += column_bytes(values)

    def take_back(self, position: int) -> None:
        """Forget the rows of the last input."""
        start = bisect_left(self.positions, position)
        del self.positions[start:], self.values[start:]
