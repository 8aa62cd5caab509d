"""`Settle`: rows that were spread over several blocks become whole again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from junco.engine.pieces import merged
from junco.engine.rows import Block, Table
from junco.engine.stage import Stage, StageOptions
from junco.graph.levels import Level


class SettleStage(Stage):
    """Holds back the last row of a level while it is open.

    Where nothing beneath it is needed any more the row simply waits for the block that ends it; otherwise its children
    are kept until it is whole. One block goes out for each that comes in.
    """

    def __init__(self, level: Level, options: StageOptions) -> None:
        super().__init__("settle", options)
        self.level = level
        self.held: list[Block] = []

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            has_children = any(self.level is not other and self.level.is_above(other) for other in block.tables)
            yield self._with_children(block) if has_children else self._alone(block)

    def close(self) -> None:
        self.held = []

    def _alone(self, block: Block) -> Block:
        table = block.tables[self.level]
        if table.is_open:
            block.keep(self.level, _all_but_last(table))
        block.tables[self.level].continues = False
        return block

    def _with_children(self, block: Block) -> Block:
        table = block.tables[self.level]
        if table.is_open and not table.num_rows:  # emptied by a deeper Settle: the row that is held goes on
            return block
        if self._is_middle(block):
            self.held.append(block)
            return _emptied(block)
        if self.held:
            block = merged(_without_lost(self.level, [*self.held, block]))
            self.held = []
        table = block.tables[self.level]
        if table.is_open:
            self.held = [_last_row(block, self.level)]
            block.keep(self.level, _all_but_last(table))
        block.tables[self.level].continues = False
        return block

    def _is_middle(self, block: Block) -> bool:
        """Whether a block holds nothing but more of the row that is held."""
        table = block.tables[self.level]
        return bool(self.held) and table.num_rows == 1 and table.continues and table.is_open


def _all_but_last(table: Table) -> list[bool]:
    return [True] * (table.num_rows - 1) + [False] * (table.num_rows > 0)


def _copied(block: Block) -> Block:
    tables = {level: replace(table.map_lists(list), parent=list(table.parent)) for level, table in block.tables.items()}
    return replace(block, tables=tables, positions=list(block.positions), rejects=[])


def _emptied(block: Block) -> Block:
    """A block in this one's place that has no rows yet: its tables are open. It takes the rejects with it."""
    empty = _copied(block)
    root = next(level for level in empty.tables if level.parent is None)
    empty.keep(root, [False] * empty.rows(root))
    for table in empty.tables.values():
        table.is_open = True
    empty.rejects, block.rejects = block.rejects, []
    return empty


def _last_row(block: Block, level: Level) -> Block:
    """The last row of a level, with its ancestors and all that is beneath it.

    Rows that hang beside it, beneath one of its ancestors, are none of it: they stay where they are, and only there.
    """
    held = _copied(block)
    for beside in [at for at in held.tables if at.parent in level.path[:-1] and at not in level.path]:
        held.keep(beside, [False] * held.rows(beside))
    for at in level.path:
        count = held.rows(at)
        held.keep(at, [False] * (count - 1) + [True])
        held.tables[at].continues = at is not level
    return held


def _without_lost(level: Level, blocks: list[Block]) -> list[Block]:
    """Drop an open row from a block when the next one does not go on with it: it failed there and was put aside."""
    for i in range(len(blocks) - 2, -1, -1):
        before, after = blocks[i].tables[level], blocks[i + 1].tables[level]
        if before.is_open and not after.continues:
            blocks[i].keep(level, _all_but_last(before))
    return blocks
