"""`Weight`: what a target's own file makes of rows, learned from the first of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weight:
    """What some rows were in memory, and what the target's own writer made of them.

    Attributes:
        num_rows: how many there were, a row group at most.
        fixed_bytes: what a file takes without any.
        share: bytes in the file for each byte in memory.
    """

    num_rows: int
    fixed_bytes: int
    share: float

    def of(self, num_bytes: float) -> float:
        """Bytes of a target whose rows are so many in memory."""
        return self.fixed_bytes + self.share * num_bytes
