"""What an inspection keeps of an item: the places of rows, copies of the first values, what these are parts of.

Each row carries its place in a hidden column of its table, wherever it goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from junco.engine.rows import Block
from junco.engine.sizes import num_bytes_of
from junco.errors import InputError
from junco.graph.levels import Flow, Level, Slot, Step
from junco.pages.inspection import Place, SeenRow, SeenValue
from junco.pages.letters import size
from junco.pages.snapshot import copied, reduced
from junco.pages.spans import Span, span_of, spans_of_row
from junco.pages.values import LINE, box_of, is_chunk, is_frame, is_sound, line, pixels, shape_of, type_of
from junco.wording import NOT_OURS, printable

PLACE = -2
"""The hidden column of each table: its rows' places, a tuple of numbers. No other column has that number."""


@dataclass(frozen=True, slots=True)
class LookLimits:
    """How much is looked at, and how much of it is kept.

    Attributes:
        rows: rows of each step whose values are kept.
        most_rows: rows that a step may make of the item, all together.
        within_s: seconds after which no more rows are drawn.
        most_bytes: bytes of rows that a step may make of the item.
        kept_bytes: bytes of values that are kept.
        value_bytes: bytes of one value that is kept whole.
    """

    rows: int = 20
    most_rows: int = 10_000
    within_s: float = 60.0
    most_bytes: int = 1_000_000_000
    kept_bytes: int = 256_000_000
    value_bytes: int = 16_000_000

    def __post_init__(self) -> None:
        for name in ("rows", "most_rows", "within_s"):
            value, kind = getattr(self, name), (int, float) if name == "within_s" else int
            if isinstance(value, bool) or not isinstance(value, kind) or not value > 0:
                raise InputError(f"{name}={value!r} must be a number above 0")


@dataclass(slots=True)
class Look:
    """What is known of the item so far, and room for the values that are kept."""

    flow: Flow
    limits: LookLimits
    started_s: float = field(default_factory=time.monotonic)
    num_kept: int = 0
    """Bytes of values that are kept."""
    last: dict[Level, tuple[tuple[int, ...], int]] = field(default_factory=dict)
    """For each level, whose child the last row was, and its number."""
    values: dict[tuple[object, Place], SeenValue] = field(default_factory=dict)
    """What is kept, by column and row."""
    makers: dict[int, Step] = field(default_factory=dict)
    """For each column, the step that made it; a filter only passes columns on."""

    def __post_init__(self) -> None:
        self.makers = {
            slot.index: step
            for step in self.flow.steps
            for slot in step.writes
            if not any(slot.index == read.index for read in step.reads)
        }

    def number(self, block: Block) -> None:
        """Give the rows of new tables their places; siblings follow each other, also over several blocks."""
        for level, table in block.tables.items():
            if PLACE in table.columns:
                continue
            if level.parent is None:
                table.columns[PLACE] = [()] * table.num_rows
                continue
            above = block.tables[level.parent].columns[PLACE]
            table.columns[PLACE] = [self._next(level, above[parent]) for parent in table.parent]

    def _next(self, level: Level, parent: tuple[int, ...]) -> tuple[int, ...]:
        known, number = self.last.get(level, ((), -1))
        number = number + 1 if known == parent else 0
        self.last[level] = parent, number
        return (*parent, number)

    def place(self, block: Block, level: Level, row: int) -> Place:
        """Where a row is, by the names of what opened its levels."""
        self.number(block)
        numbers = block.tables[level].columns[PLACE][row]
        return tuple(zip(map(self._row_name, level.path[1:]), numbers, strict=True))

    def _row_name(self, level: Level) -> str:
        """What a row of a level is called: by the first column that the step gave which opened it."""
        node = self.flow.graph.node(level.opened_by)
        return printable(node.outputs[0] if node.outputs else node.name)

    def rows(self, block: Block, slots: Sequence[Slot], level: Level, rows: Sequence[int]) -> list[SeenRow]:
        """Rows of a level with what they have in some columns."""
        columns = [block.column(slot, level) for slot in slots] if rows else []
        return [self._row(block, level, row, slots, [column[row] for column in columns]) for row in rows]

    def spans(self, block: Block, slots: Sequence[Slot], level: Level, rows: Sequence[int]) -> list[Span]:
        """When each of some rows is, of those whose columns hold shots, segments, clips or frames."""
        names, columns = names_of(slots), [block.column(slot, level) for slot in slots] if rows else []
        return [span for row in rows for span in spans_of_row(names, [column[row] for column in columns])]

    def _row(self, block: Block, level: Level, row: int, slots: Sequence[Slot], values: Sequence[Any]) -> SeenRow:
        pairs = list(zip(slots, values, strict=True))
        place = self.place(block, level, row)
        seen = tuple(self._value(slot, place, value) for slot, value in pairs)
        sources = (self._source(block, level, row, slot, value) for slot, value in pairs)
        return SeenRow(place, seen, source=next(filter(None, sources), None))

    def _value(self, slot: Slot, place: Place, value: Any) -> SeenValue:
        """What a row has in a column; a value that several rows share is kept once."""
        key = self._key(slot, place)
        if key not in self.values:
            self.values[key] = self._kept(value)
        return self.values[key]

    @staticmethod
    def _key(slot: Slot, place: Place) -> tuple[object, Place]:
        return slot.key, place[: slot.level.depth]

    def _source(self, block: Block, level: Level, row: int, slot: Slot, value: Any) -> SeenValue | None:
        """The picture that a box in this column was found in, the text that a chunk is of, the sound of a segment."""
        is_wanted = _source_of(value)
        if is_wanted is None:
            return None
        place = self.place(block, level, row)
        for origin in self._origins(slot):
            if not origin.level.is_above(level):
                continue
            known = self.values.get(self._key(origin, place))
            if known is not None and is_wanted(known.value):  # its column may be gone by now
                return known
            if origin.level in block.tables and origin.index in block.tables[origin.level].columns:
                found = block.column(origin, level)[row]
                if is_wanted(found):
                    return self._value(origin, place, found)
        return None

    def _origins(self, slot: Slot) -> Iterator[Slot]:
        """The columns that a column was made of, then those that these were made of."""
        waiting = [slot]
        for made in waiting:
            maker = self.makers.get(made.index)
            new = [read for read in maker.reads if read not in waiting] if maker is not None else []
            yield from new
            waiting += new

    def _kept(self, value: Any) -> SeenValue:
        """A value's line, type and shape, and as much of a copy as there is room for."""
        text, kind, shape = line(value, 4 * LINE), printable(type(value).__name__), None
        try:
            kind, shape = type_of(value), shape_of(value)
            room = min(self.limits.value_bytes, self.limits.kept_bytes - self.num_kept)
            amount = num_bytes(value)
            if amount <= room:
                copy, note = copied(value), ""
            else:
                copy, note = reduced(value)
                note = f"of {size(amount)}, {note}"
                amount = num_bytes(copy)
        except NOT_OURS as error:  # somebody else's class that cannot be copied
            return SeenValue(text, kind, shape, None, f"nothing, {type(error).__name__} while it was copied")
        self.num_kept += amount
        return SeenValue(text, kind, shape, copy, note)


def num_bytes(value: Any) -> int:
    """Bytes of a value, as far as its class says."""
    try:
        return num_bytes_of(value)
    except NOT_OURS:
        return 0


def _source_of(value: Any) -> Callable[[Any], bool] | None:
    """What the value that this one is a part of looks like; ``None`` where it stands alone."""
    if box_of(value) is not None:
        return partial(_is_so, lambda other: pixels(other) is not None)
    if _is_so(is_chunk, value):
        return partial(_is_so, lambda other: isinstance(other, str))
    if not _is_so(is_sound, value) and not _is_so(is_frame, value) and span_of(value) is not None:
        return partial(_is_so, is_sound)
    return None


def _is_so(is_one: Callable[[Any], bool], value: Any) -> bool:
    """Whether a value is of a kind; one of somebody else's class, which cannot be asked, is not."""
    try:
        return is_one(value)
    except NOT_OURS:
        return False


def names_of(slots: Sequence[Slot]) -> tuple[str, ...]:
    """Names of columns that are safe on a terminal."""
    return tuple(printable(slot.name) for slot in slots)
