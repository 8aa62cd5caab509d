"""`Shard`: rows that are handed to a target together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from junco.types import Space


@dataclass(frozen=True, slots=True)
class Shard:
    """Rows that are written together: the input that each came from, and a list of values for each output column.

    An input that gives very many rows may have them in several shards, which follow each other. ``space`` is that of
    the vectors, ``None`` where it is unknown.
    """

    inputs: list[str]
    columns: dict[str, list[Any]]
    space: Space | None = None
