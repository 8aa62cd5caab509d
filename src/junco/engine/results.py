"""Blocks → results: one for each item, of the shape that the graph decided, in order or as they come."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from junco.engine.order import BlockOrder
from junco.engine.rows import Block, Reject
from junco.engine.stage import OnError
from junco.graph.levels import Flow


class Results(NamedTuple):
    """Finished items: their positions among the items of the call, and a result for each."""

    positions: Sequence[int]
    values: list[Any]


@cache
def row_type(fields: tuple[str, ...]) -> type[tuple[Any, ...]]:
    """The type of a named row: a named tuple that can be asked by column name too, ``row["vector"]``."""
    base: Any = namedtuple("Row", list(fields), rename=True)  # type: ignore[misc]  # known at run time

    def __getitem__(self: Any, index: Any) -> Any:
        if isinstance(index, str):
            try:
                return tuple.__getitem__(self, fields.index(index))
            except ValueError:
                raise KeyError(index) from None
        return tuple.__getitem__(self, index)

    def __reduce__(self: Any) -> Any:
        return _rebuilt_row, (fields, tuple(self))

    def _repr_html_(self: Any) -> str:
        from junco.pages.tables import row_html

        return row_html(fields, self)

    body = {"__slots__": (), "__getitem__": __getitem__, "__reduce__": __reduce__, "__doc__": "A row of results."}
    body["_repr_html_"] = _repr_html_
    return type("Row", (base,), body)


def _rebuilt_row(fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return row_type(fields)._make(values)  # type: ignore[attr-defined]


def row_maker(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """What makes a result of the output columns' values: the value itself, or a named row."""
    if len(names) == 1:
        return lambda values: values[0]
    return row_type(tuple(names))._make  # type: ignore[attr-defined,no-any-return]


@dataclass(slots=True)
class _Source:
    """What has come of one source block."""

    order: BlockOrder[Block] = field(default_factory=BlockOrder)
    values: dict[int, list[Any]] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    next_item: int = -1


class Collector:
    """Puts blocks in order and their rows together to items."""

    def __init__(self, flow: Flow, on_error: OnError, *, ordered: bool, rejected: Callable[[Reject], None]) -> None:
        self.flow = flow
        self.on_error = on_error
        self.ordered = ordered
        self.rejected = rejected
        self.make = row_maker([slot.name for slot in flow.outputs])
        self.is_flat = flow.is_single
        self.sources: dict[int, _Source] = {}
        self.next_source = 0

    def add(self, blocks: Sequence[Block]) -> Iterator[Results]:
        """The items that blocks finish.

        Raises:
            BaseException: the error that a block carries, after all results that come before it.
        """
        for block in blocks:
            source = self.sources.setdefault(block.key[0], _Source())
            source.order.push(block.key[1:], block)
        while (number := self._turn()) is not None:
            source = self.sources[number]
            block = source.order.next()
            source.order.pop(block.ends[1:])
            yield self._rows(block) if self._is_plain(block) else self._taken(source, block)
            if block.error is not None:
                raise block.error
            if all(block.ends[1:]):
                del self.sources[number]
                self.next_source += 1

    def _is_plain(self, block: Block) -> bool:
        """Whether each of a block's rows is an item's whole result, none failed."""
        return self.is_flat and len(block.key) == 1 and not block.rejects and bool(block.tables)

    def _rows(self, block: Block) -> Results:
        columns = [block.column(slot, self.flow.out_level) for slot in self.flow.outputs]
        values = columns[0] if len(columns) == 1 else list(map(self.make, zip(*columns, strict=True)))
        return Results(block.positions, values)

    def _turn(self) -> int | None:
        """The source block whose next piece is here."""
        if self.ordered:
            source = self.sources.get(self.next_source)
            return self.next_source if source and source.order.peek() else None
        return next((number for number, source in self.sources.items() if source.order.peek()), None)

    def _taken(self, source: _Source, block: Block) -> Results:
        for reject in block.rejects:
            self.rejected(reject)
            if reject.is_item:
                source.failed.add(reject.position)
        if block.tables:
            self._gather(source, block)
        if source.next_item < 0:
            source.next_item = block.first
        root = self.flow.levels[0]
        stop = block.first + block.num_items
        if not all(block.ends[1:]) and block.error is None:  # what comes before an error is whole
            is_known = bool(block.positions) and block.tables[root].is_open
            stop = block.positions[-1] if is_known else source.next_item
        items = [item for position in range(source.next_item, stop) for item in self._item(source, position)]
        source.next_item = max(source.next_item, stop)
        return Results([position for position, _ in items], [value for _, value in items])

    def _gather(self, source: _Source, block: Block) -> None:
        """Put the rows of a block to their items."""
        flow, root = self.flow, self.flow.levels[0]
        level = flow.out_level
        columns = [block.column(slot, level) for slot in flow.outputs]
        lineage = block.lineage(level, root)
        fine = block.fine(level)
        values = map(self.make, zip(*columns, strict=True))
        if fine is None:
            for row, value in zip(lineage, values, strict=True):
                source.values.setdefault(block.positions[row], []).append(value)
            return
        seen: set[tuple[int, int]] = set()
        for row, value in enumerate(values):
            held = source.values.setdefault(block.positions[lineage[row]], [])
            if fine[row]:
                held.append(value)
            elif (failed := self._failed_ancestor(block, row)) not in seen:
                seen.add(failed)
                held.append(None)

    def _failed_ancestor(self, block: Block, row: int) -> tuple[int, int]:
        """The highest failed row above an output row (or itself): it stands for one ``None``."""
        level = self.flow.out_level
        for above in level.path:
            index = block.lineage(level, above)[row]
            failed = block.tables[above].failed
            if failed and failed[index]:
                return above.index, index
        return level.index, row

    def _item(self, source: _Source, position: int) -> Iterator[tuple[int, Any]]:
        values = source.values.pop(position, None)
        if position in source.failed:
            if self.on_error == "none":
                yield position, None
        elif not self.flow.is_single:
            yield position, values or []
        elif values:
            yield position, values[0]
