"""Rows: a `Block` holds one table for each level; a value is never separated from its row.

A block is a contiguous piece of the rows in their order. Its tables know each row's parent by index. Where a long row
is spread over several blocks, the earlier block's table says ``is_open`` (its last row goes on in the next block) and
the later block's ``continues`` (its first row is that same row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, compress
from typing import Any

from junco.engine.fields import read_fields
from junco.errors import OperatorError
from junco.graph.levels import Level, Slot
from junco.plan.program import Mask


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was put aside because an operator failed on it.

    Attributes:
        position: which item of the call it belongs to, from 0.
        node: the step that failed.
        reason: why, in one line.
        is_item: whether the whole item failed (it was on level 0), not a row beneath it.
        error: the `OperatorError`, with its cause.
    """

    position: int
    node: str
    reason: str
    is_item: bool
    error: OperatorError


@dataclass(slots=True)
class Table:
    """Rows of one level: columns by their slot's key, the parent row of each, filters' decisions, failed rows."""

    num_rows: int
    parent: list[int]
    columns: dict[int | tuple[int, tuple[str, ...]], list[Any]] = field(default_factory=dict)
    masks: dict[str, list[bool]] = field(default_factory=dict)
    failed: list[bool] | None = None
    continues: bool = False
    is_open: bool = False

    def map_lists(self, change: Any) -> Table:
        """The same table with ``change`` done to every list but the parents."""
        return replace(
            self,
            columns={index: change(column) for index, column in self.columns.items()},
            masks={name: change(mask) for name, mask in self.masks.items()},
            failed=change(self.failed) if self.failed else None,
        )


@dataclass(slots=True)
class Block:
    """Some rows on their way.

    Attributes:
        key: place in the order of blocks; a stage that makes several blocks of one adds a component.
        ends: for each component of ``key``, whether no sibling comes after.
        first: position of the first input row among the items of the call.
        num_items: input rows that the block began with; known to the end, whatever was dropped.
        positions: for each row of level 0, its position among the items.
        tables: by level.
        rejects: rows that failed and were put aside, for the report.
        error: the run ends with this error after the rows of this block.
    """

    key: tuple[int, ...]
    ends: tuple[bool, ...]
    first: int
    num_items: int
    positions: list[int]
    tables: dict[Level, Table]
    rejects: list[Reject] = field(default_factory=list)
    error: BaseException | None = None
    num_bytes: int = 0
    since_s: float = 0.0

    @property
    def num_new_items(self) -> int:
        """Items that begin in this block."""
        return len(self.positions) - any(table.continues for at, table in self.tables.items() if at.parent is None)

    def rows(self, level: Level) -> int:
        """How many rows of a level there are."""
        return self.tables[level].num_rows

    def lineage(self, level: Level, above: Level) -> Sequence[int]:
        """For each row of ``level``, the index of its ancestor on the level ``above``."""
        if level is above:
            return range(self.tables[level].num_rows)
        index: Sequence[int] = self.tables[level].parent
        parent = level.parent
        while parent is not above:
            assert parent is not None
            upper = self.tables[parent].parent
            index = [upper[i] for i in index]
            parent = parent.parent
        return index

    def column(self, slot: Slot, level: Level) -> list[Any]:
        """A column's value, or that of a field, for each row of ``level``; shallower values are repeated."""
        columns = self.tables[slot.level].columns
        values = columns.get(slot.key)
        if values is None:
            values = read_fields(columns[slot.index], slot)
        if slot.level is level:
            return values
        return [values[i] for i in self.lineage(level, slot.level)]

    def kept(self, level: Level, masks: Sequence[Mask]) -> list[bool] | None:
        """Which rows of ``level`` masks keep, here and above; ``None`` for all."""
        chosen: list[bool] | None = None
        for mask in masks:
            if (kept := self.tables[mask.level].masks.get(mask.name)) is not None:
                chosen = both(chosen, [kept[i] for i in self.lineage(level, mask.level)])
        return chosen

    def fine(self, level: Level, faults: Sequence[Mask] = ()) -> list[bool] | None:
        """Which rows of ``level`` have not failed, here or above; ``None`` for all."""
        chosen = self.kept(level, faults)
        for above in level.path:
            failed = self.tables[above].failed
            if failed:
                chosen = both(chosen, [not failed[i] for i in self.lineage(level, above)])
        return chosen

    def there(self, level: Level, faults: Sequence[Mask] = ()) -> list[bool] | None:
        """Which rows of ``level`` a group sees: beneath none that has failed, where they are but its place."""
        above = level.parent
        fine = None if above is None else self.fine(above, [mask for mask in faults if mask.level.is_above(above)])
        return None if fine is None else [fine[i] for i in self.tables[level].parent]

    def mask(self, mask: Mask, rows: Sequence[int]) -> None:
        """Note that a mask does not keep some rows."""
        table = self.tables[mask.level]
        kept = table.masks.setdefault(mask.name, [True] * table.num_rows)
        for row in rows:
            kept[row] = False

    def mark_failed(self, level: Level, rows: Sequence[int]) -> None:
        """Note rows that failed and stay as ``None``."""
        table = self.tables[level]
        table.failed = table.failed or [False] * table.num_rows
        for row in rows:
            table.failed[row] = True
        self._give_places(level, rows)

    def _give_places(self, level: Level, rows: Sequence[int]) -> None:
        """Give failed rows that have nothing beneath them a row there, where their ``None`` can stand."""
        for child in [other for other in self.tables if other.parent is level]:
            below = self.tables[child]
            bare = sorted(set(rows) - set(below.parent))
            if not bare:
                continue
            known = [(parent, index) for index, parent in enumerate(below.parent)]
            order = sorted([*known, *((row, -1) for row in bare)], key=lambda pair: pair[0])
            self.tables[child] = _rearranged(below, order)
            moved = {index: place for place, (_, index) in enumerate(order)}
            for deeper in [other for other in self.tables if other.parent is child]:
                table = self.tables[deeper]
                self.tables[deeper] = replace(table, parent=[moved[i] for i in table.parent])
            self._give_places(child, [place for place, (_, index) in enumerate(order) if index < 0])

    def keep(self, level: Level, kept: Sequence[bool]) -> None:
        """Drop the rows of ``level`` that are not kept, with everything beneath them."""
        if all(kept):
            return
        table = self.tables[level]
        self.tables[level] = _compressed(table, kept)
        if level.parent is None:
            self.positions = list(compress(self.positions, kept))
        children = [other for other in self.tables if other.parent is level]
        moved = list(accumulate(kept, initial=0)) if children else []
        for child in children:
            below = self.tables[child]
            self.keep(child, [kept[i] for i in below.parent])
            below = self.tables[child]
            self.tables[child] = replace(below, parent=[moved[i] for i in below.parent])

    def drop(self, mask: Mask, *, as_failed: bool) -> None:
        """Drop the rows that a mask does not keep, or let them stay as failed ones; failed rows keep their place."""
        table = self.tables[mask.level]
        kept = table.masks.pop(mask.name, None)
        if kept is None:
            return
        if as_failed:
            self.mark_failed(mask.level, [row for row, keep in enumerate(kept) if not keep])
        else:
            self.keep(mask.level, [a or b for a, b in zip(kept, table.failed, strict=True)] if table.failed else kept)

    def forget(self, levels: Sequence[Level], slots: Sequence[Slot]) -> None:
        """Let go of whole levels and of single columns."""
        for level in levels:
            self.tables.pop(level, None)
        for slot in slots:
            if slot.level in self.tables:
                self.tables[slot.level].columns.pop(slot.index, None)

    def end_with(self, error: BaseException, position: int) -> None:
        """Keep only the items before ``position`` and let the run end with ``error`` after them."""
        root = next(level for level in self.tables if level.parent is None)
        self.keep(root, [p < position for p in self.positions])
        self.error = error
        self.num_items = max(0, position - self.first)


def source_block(number: int, first: int, items: Sequence[Sequence[Any]], slots: Sequence[Slot], root: Level) -> Block:
    """A block of input rows; ``items`` are one list for each input column."""
    num_items = len(items[0])
    columns = {slot.key: list(values) for slot, values in zip(slots, items, strict=True)}
    table = Table(num_items, [], columns)
    return Block((number,), (False,), first, num_items, list(range(first, first + num_items)), {root: table})


def _rearranged(table: Table, order: Sequence[tuple[int, int]]) -> Table:
    """A table's rows in another order, each with its parent; -1 makes a row that holds nothing."""
    rows = [index for _, index in order]
    made = table.map_lists(lambda values: [values[i] if i >= 0 else None for i in rows])
    made.masks = {name: [keep is not False for keep in mask] for name, mask in made.masks.items()}
    made.parent, made.num_rows = [parent for parent, _ in order], len(order)
    return made


def _compressed(table: Table, kept: Sequence[bool]) -> Table:
    part = table.map_lists(lambda values: list(compress(values, kept)))
    part.parent = list(compress(table.parent, kept))
    part.num_rows = sum(kept)
    part.continues = table.continues and kept[0]
    part.is_open = table.is_open and kept[-1]
    return part


def both(one: list[bool] | None, other: list[bool] | None) -> list[bool] | None:
    """Rows chosen by both; ``None`` chooses all."""
    if one is None or other is None:
        return other if one is None else one
    return [a and b for a, b in zip(one, other, strict=True)]
