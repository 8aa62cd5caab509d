"""`Ended`: which rows nobody takes any more, since the reductions that they are for have returned.

Each row of a reduction's scope carries a set in a hidden column, wherever its pieces go: the names of the reductions
that want no more of what is beneath it. Whoever makes rows looks there before the next ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.engine.rows import Block
from junco.graph.levels import Level
from junco.plan.endings import Taker

SATED = -3
"""The hidden column of a scope's table; no other has that number."""


class Ended:
    """What a stage asks before it makes more rows of those of a block.

    Args:
        block: what it works on.
        level: of the rows that it makes rows of.
        takers: the reductions that these are for; none, where somebody takes all of them.
    """

    def __init__(self, block: Block, level: Level, takers: Sequence[Taker]) -> None:
        self._sated: list[tuple[str, list[Any], Sequence[int]]] = []
        for taker in takers:
            assert taker.scope is not None
            table = block.tables[taker.scope]
            column = table.columns.setdefault(SATED, [set() for _ in range(table.num_rows)])
            self._sated.append((taker.reduction, column, block.lineage(level, taker.scope)))

    def at(self, row: int) -> bool:
        """Whether what is beneath a row of the level is nobody's any more."""
        return bool(self._sated) and all(name in column[lineage[row]] for name, column, lineage in self._sated)


def want_no_more(block: Block, scope: Level, row: int, reduction: str) -> None:
    """Note that a reduction has returned for a row of its scope, more of which is to come."""
    if (column := block.tables[scope].columns.get(SATED)) is not None:
        column[row].add(reduction)
