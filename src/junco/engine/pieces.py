"""Pieces: a block whose long row is spread over several is cut, and such blocks are made one again.

`PieceSize` says how large they are: a policy without threads and without a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from junco.engine.rows import Block, Table
from junco.engine.sizes import num_bytes_of
from junco.graph.levels import Level, Step


class RowsAtOnce:
    """How many rows are made at once: no more than their largest form in a later stage allows."""

    SMALLEST, START, LARGEST = 1, 8, 2048
    MAX_LATER_BYTES = 32_000_000
    """What they may become in a later stage."""

    def __init__(self) -> None:
        self.rows = self.START
        self._most = self.LARGEST

    def bound(self, row_bytes: float) -> None:
        """Learn how large a row becomes in a later stage."""
        self._most = self._within(row_bytes)
        self.rows = min(self.rows, self._most)

    def _within(self, row_bytes: float) -> int:
        """Rows of that size that may be there together."""
        return max(self.SMALLEST, min(self._most, int(self.MAX_LATER_BYTES / max(1.0, row_bytes))))


class PieceSize(RowsAtOnce):
    """How many rows a piece takes: more while pieces are made quickly, fewer when they are slow or large."""

    QUICK_S, SLOW_S = 0.005, 0.050
    MAX_BYTES = 5_000_000

    def observe(self, num_rows: int, seconds: float, row_bytes: int) -> None:
        """Learn from a piece that was made."""
        if seconds > self.SLOW_S:
            self.rows = max(self.SMALLEST, min(self.rows, num_rows) // 2)
        elif seconds < self.QUICK_S:
            self.rows = min(self._most, self.rows * 4)
        self.rows = max(self.SMALLEST, min(self.rows, self.MAX_BYTES // max(1, row_bytes)))


class WindowsSize(RowsAtOnce):
    """How many windows are worked on at once: no more than a bounded number of their rows, and bounded results."""

    START = 64
    MAX_CELLS = 250_000
    """Rows in windows; one that lies in several counts in each."""

    def observe(self, row_bytes: float) -> None:
        """Learn from what was made of some windows."""
        self.rows = self._within(row_bytes)


class ListsSize:
    """How many rows an operator is asked for their lists at once: no more than may be in memory together.

    How large they are is learned from those that came; the first batch is a small one.
    """

    FIRST = 8
    MAX_BYTES = 32_000_000
    NUM_LOOKS = 8
    """Lists of a batch that are measured."""

    def __init__(self) -> None:
        self._list_bytes = 0.0

    def within(self, room: float, most: int) -> int:
        """Rows of a batch whose lists fit into so many bytes: at least one, and no more than ``most``."""
        if not self._list_bytes:
            return self.FIRST
        return max(1, min(most, int(room / self._list_bytes)))

    def observe(self, lists: Sequence[Any]) -> float:
        """Learn from lists that came, and forget a large one slowly; how many bytes they are."""
        looks = [num_bytes_of(rows) for rows in lists[:: -(-len(lists) // self.NUM_LOOKS) or 1]]
        mean = sum(looks) / max(1, len(looks))
        self._list_bytes = max(1.0, mean, self._list_bytes / 2)
        return mean * len(lists)


@dataclass(frozen=True, slots=True)
class RowSizes:
    """What makes the policies of the steps of one run.

    Attributes:
        piece: of the pieces into which a ``flat_map`` cuts the rows that it makes.
        windows: of the windows that are worked on at once.
        lists: of the lists of rows that an operator is asked for at once.
    """

    piece: Callable[[Step], PieceSize] = lambda step: PieceSize()
    windows: Callable[[Step], WindowsSize] = lambda step: WindowsSize()
    lists: Callable[[Step], ListsSize] = lambda step: ListsSize()


def piece(block: Block, level: Level, start: int, stop: int, number: int, *, is_first: bool, is_last: bool) -> Block:
    """The part of a block with rows ``start`` to ``stop`` (inclusive) of ``level``, which is its deepest.

    Pieces overlap by one row on each level: the last row of one is open and continues as the first row of the next.
    """
    tables: dict[Level, Table] = {}
    low, high = start, stop
    for at in reversed(level.path):
        table = block.tables[at]
        low = 0 if is_first else low
        high = table.num_rows - 1 if is_last else high
        cut = slice(low, high + 1)
        part = table.map_lists(lambda values, cut=cut: values[cut])
        part.num_rows = high + 1 - low
        part.continues = table.continues if is_first else True
        part.is_open = table.is_open if is_last else True
        next_low, next_high = (table.parent[low], table.parent[high]) if at.parent else (low, high)
        if at.parent:
            base = 0 if is_first else next_low
            part.parent = [i - base for i in table.parent[cut]]
        else:
            positions = block.positions[cut]
        tables[at] = part
        low, high = next_low, next_high
    ordered = {at: tables[at] for at in level.path}
    return Block(
        (*block.key, number),
        (*block.ends, is_last),
        block.first,
        block.num_items,
        positions,
        ordered,
        block.rejects if is_first else [],  # known before any item that they belong to is given
        block.error if is_last else None,
        block.num_bytes,
    )


def merged(blocks: Sequence[Block]) -> Block:
    """Blocks that follow each other as one block; rows that were spread over them become one row each."""
    last = blocks[-1]
    tables: dict[Level, Table] = {}
    starts: dict[Level, list[int]] = {}
    for level in last.tables:
        tables[level], starts[level] = _merged_tables([b.tables[level] for b in blocks], starts.get(level.parent))  # type: ignore[arg-type]
    root = next(iter(tables))
    positions: list[int] = []
    for block, start in zip(blocks, starts[root], strict=True):
        positions[start:] = block.positions
    rejects = [reject for block in blocks for reject in block.rejects]
    return replace(last, tables=tables, positions=positions, rejects=rejects)


def _merged_tables(tables: Sequence[Table], parent_starts: list[int] | None) -> tuple[Table, list[int]]:
    """One table of several, and where in it each began. A continued row takes the later table's values."""
    whole, *others = tables
    whole = replace(whole.map_lists(list), parent=list(whole.parent))
    starts = [0]
    for i, table in enumerate(others, 1):
        start = whole.num_rows - 1 if table.continues and whole.num_rows else whole.num_rows
        starts.append(start)
        offset = parent_starts[i] if parent_starts else 0
        if table.failed or whole.failed:
            whole.failed = whole.failed or [False] * whole.num_rows
            whole.failed[start:] = table.failed or [False] * table.num_rows
        for index, column in table.columns.items():
            whole.columns[index][start:] = column
        for name in {*table.masks, *whole.masks}:  # faults are there only where something failed
            whole.masks.setdefault(name, [True] * whole.num_rows)[start:] = table.masks.get(
                name, [True] * table.num_rows
            )
        whole.parent[start:] = [p + offset for p in table.parent]
        whole.num_rows = start + table.num_rows
    whole.is_open = tables[-1].is_open
    return whole, starts
