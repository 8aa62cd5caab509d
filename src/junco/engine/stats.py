"""What the engine has seen of its stages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class StageStats:
    """Totals of one stage."""

    name: str
    num_tasks: int = 0
    num_rows: int = 0
    num_items: int = 0
    seconds: float = 0.0

    def observe(self, num_rows: int, num_items: int, seconds: float) -> None:
        """Count a task."""
        self.num_tasks += 1
        self.num_rows += num_rows
        self.num_items += num_items
        self.seconds += seconds
