"""Blocks → results: one for each item, of the shape that the graph decided, in order or as they come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from junco.engine.order import BlockOrder
from junco.engine.row import rows_of
from junco.engine.rows import Block, Reject
from junco.engine.stage import OnError
from junco.errors import ContractError
from junco.graph.levels import Flow


class Results(NamedTuple):
    """Finished items: their positions among the items of the call, and a result for each."""

    positions: Sequence[int]
    values: list[Any]
    num_items: int


class Rows(NamedTuple):
    """Rows of items, which may go on: for each its item's position and the row; ``num_items`` more items are whole.

    All items before the position ``stop`` are whole.
    """

    positions: Sequence[int]
    values: list[Any]
    num_items: int
    stop: int


def as_vectors(values: list[Any], column: str) -> npt.NDArray[Any]:
    """Vectors as one array (n, dim); (0, 0) where there are none.

    Raises:
        ContractError: they are not all of one shape.
    """
    arrays = [np.asarray(value) for value in values]
    if not arrays:
        return np.zeros((0, 0), np.float32)
    kinds = {(array.shape, array.dtype): place for place, array in reversed(list(enumerate(arrays)))}
    if len(kinds) > 1 or arrays[0].ndim != 1:
        told = ", ".join(f"{shape} {dtype} (first at {place})" for (shape, dtype), place in reversed(kinds.items()))
        raise ContractError(f"the column {column!r} holds vectors, all of one shape (dim,), and was given {told}")
    return np.stack(arrays)


@dataclass(slots=True)
class _Arrivals:
    """What has come of one block of the intake."""

    order: BlockOrder[Block] = field(default_factory=BlockOrder)
    values: dict[int, list[Any]] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    next_item: int = -1


class Collector(ABC):
    """Puts blocks in order and gives what is in them; how, its kinds say."""

    def __init__(self, flow: Flow, on_error: OnError, *, ordered: bool, rejected: Callable[[Reject], None]) -> None:
        self.flow = flow
        self.on_error = on_error
        self.ordered = ordered
        self.rejected = rejected
        self.names = [slot.name for slot in flow.outputs]
        self.is_flat = flow.is_single and bool(flow.outputs)
        self.arrivals: dict[int, _Arrivals] = {}
        self.next_number = 0

    def add(self, blocks: Sequence[Block]) -> Iterator[Results | Rows]:
        """What blocks finish; the rejects of a block are told when what the blocks before it gave was taken.

        Raises:
            BaseException: the error that a block carries, after all results that come before it.
        """
        for block in blocks:
            arrived = self.arrivals.setdefault(block.key[0], _Arrivals())
            arrived.order.push(block.key[1:], block)
        del blocks  # each goes when it was read
        while (number := self._turn()) is not None:
            arrived = self.arrivals[number]
            block = arrived.order.next()
            arrived.order.pop(block.ends[1:])
            yield self._plain(block) if self._is_plain(block) else self._taken(arrived, block)
            if block.error is not None:
                raise block.error
            if all(block.ends[1:]):
                del self.arrivals[number]
                self.next_number += 1

    @abstractmethod
    def _plain(self, block: Block) -> Results | Rows:
        """What a block gives of which each row is an item's whole result."""

    @abstractmethod
    def _given(self, arrived: _Arrivals, block: Block, stop: int) -> Results | Rows:
        """What a block gives that makes the items before ``stop`` whole."""

    def _is_plain(self, block: Block) -> bool:
        """Whether each of a block's rows is an item's whole result, none failed."""
        return self.is_flat and len(block.key) == 1 and not block.rejects and bool(block.tables)

    def _values(self, block: Block) -> Iterator[Any]:
        """The results of a block's rows."""
        level = self.flow.out_level
        return rows_of(self.names, [block.column(slot, level) for slot in self.flow.outputs], block.rows(level))

    def _turn(self) -> int | None:
        """The block of the intake whose next piece is here."""
        if self.ordered:
            arrived = self.arrivals.get(self.next_number)
            return self.next_number if arrived and arrived.order.peek() else None
        return next((number for number, arrived in self.arrivals.items() if arrived.order.peek()), None)

    def _taken(self, arrived: _Arrivals, block: Block) -> Results | Rows:
        for reject in block.rejects:
            self.rejected(reject)
            if reject.is_item:
                arrived.failed.add(reject.position)
        if arrived.next_item < 0:
            arrived.next_item = block.first
        stop = max(arrived.next_item, self._stop(arrived, block))
        given = self._given(arrived, block, stop)
        arrived.next_item = stop
        return given

    def _stop(self, arrived: _Arrivals, block: Block) -> int:
        """The position before which all items are whole with this block."""
        if all(block.ends[1:]) or block.error is not None:  # what comes before an error is whole
            return block.first + block.num_items
        is_known = bool(block.positions) and block.tables[self.flow.levels[0]].is_open
        return block.positions[-1] if is_known else arrived.next_item

    def _rows(self, block: Block) -> Iterator[tuple[int, Any]]:
        """The rows of a block, each with its item's position; one ``None`` for all that one failure took away."""
        if not block.tables or not self.names:
            return
        level, root = self.flow.out_level, self.flow.levels[0]
        lineage = block.lineage(level, root)
        fine = block.fine(level)
        seen: set[tuple[int, int]] = set()
        for row, value in enumerate(self._values(block)):
            position = block.positions[lineage[row]]
            if fine is None or fine[row]:
                yield position, value
            elif (failed := self._failed_ancestor(block, row)) not in seen:
                seen.add(failed)
                yield position, None

    def _failed_ancestor(self, block: Block, row: int) -> tuple[int, int]:
        """The highest failed row above an output row (or itself): it stands for one ``None``."""
        level = self.flow.out_level
        for above in level.path:
            index = block.lineage(level, above)[row]
            failed = block.tables[above].failed
            if failed and failed[index]:
                return above.index, index
        return level.index, row


class ItemCollector(Collector):
    """Puts the rows of each item together."""

    def _plain(self, block: Block) -> Results:
        values = list(self._values(block))
        return Results(block.positions, values, len(values))

    def _given(self, arrived: _Arrivals, block: Block, stop: int) -> Results:
        for position, value in self._rows(block):
            arrived.values.setdefault(position, []).append(value)
        items = [item for position in range(arrived.next_item, stop) for item in self._item(arrived, position)]
        return Results([position for position, _ in items], [value for _, value in items], len(items))

    def _item(self, arrived: _Arrivals, position: int) -> Iterator[tuple[int, Any]]:
        values = arrived.values.pop(position, None)
        if position in arrived.failed:
            if self.on_error == "none":
                yield position, None
        elif not self.names:
            yield position, None
        elif not self.flow.is_single:
            yield position, values or []
        elif values:
            yield position, values[0]


class RowCollector(Collector):
    """Passes rows on as they come, so that it does not matter how long an item is.

    An item that fails after some of its rows were given gives no more of them: its reject is told after the last of
    them. With ``on_error="none"`` one ``None`` follows.
    """

    def _plain(self, block: Block) -> Rows:
        values = list(self._values(block))
        return Rows(block.positions, values, block.num_items, block.first + block.num_items)

    def _given(self, arrived: _Arrivals, block: Block, stop: int) -> Rows:
        rows = list(self._rows(block))
        whole = range(arrived.next_item, stop)
        if arrived.failed:
            rows = [row for row in rows if row[0] not in arrived.failed]
            if self.on_error == "none":
                rows = sorted([*rows, *((at, None) for at in whole if at in arrived.failed)], key=itemgetter(0))
        if not self.names:
            rows = [(at, None) for at in whole if self.on_error == "none" or at not in arrived.failed]
        return Rows([position for position, _ in rows], [value for _, value in rows], len(whole), stop)
