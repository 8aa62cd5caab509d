"""Grouping steps: ``window_all``, ``window`` and ``time_window``. Memory is bounded by the window or the scope.

Blocks come in order, so only the scope that the last block left open has a state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from junco.engine.apply import Applier, Failure
from junco.engine.ended import Ended
from junco.engine.pieces import piece
from junco.engine.rows import Block, Table, both
from junco.engine.sizes import column_bytes
from junco.engine.stage import StageOptions, WorkStage, values_picture
from junco.engine.windows import Row, RowWindows, TimeWindows, Windows, by_time, is_time
from junco.graph.levels import Level, Side, Slot
from junco.plan.program import Mask, Operation


@dataclass(frozen=True, slots=True)
class Members:
    """The rows of a level that a grouping step sees.

    Attributes:
        slices: for each scope row, which of them are its own.
        columns: the step's input columns; a failed row has ``None`` in all of them.
        times: of a step that asks for them.
    """

    slices: list[slice]
    columns: list[list[Any]]
    times: list[Any]

    def rows(self, scope_row: int) -> list[tuple[Any, ...]]:
        """A scope row's rows, as tuples."""
        own = self.slices[scope_row]
        return list(zip(*(column[own] for column in self.columns), strict=True))

    def values(self, scope_row: int) -> Sequence[Row]:
        """The same, of a single column its values alone."""
        return self.columns[0][self.slices[scope_row]] if len(self.columns) == 1 else self.rows(scope_row)


class GroupStage(WorkStage):
    """Base: finds each scope row's rows in a block."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.scope: Level = operation.step.scope

    def members(self, block: Block, level: Level, reads: Sequence[Slot], timestamp: Slot | None = None) -> Members:
        """The rows of a level that the step sees."""
        times = block.column(timestamp, level) if timestamp is not None else []
        fine = block.fine(level, self._above(self.faults, level))
        chosen = self._chosen(block, level, fine, times)
        lineage = block.lineage(level, self.scope)
        is_whole = len(chosen) == len(lineage)
        owners = lineage if is_whole else [lineage[i] for i in chosen]
        slices, start = [], 0
        for scope_row in range(block.rows(self.scope)):
            stop = bisect_right(owners, scope_row, start)
            slices.append(slice(start, stop))
            start = stop
        columns = [block.column(slot, level) for slot in reads]
        if fine is not None:
            columns = [[v if ok else None for v, ok in zip(c, fine, strict=True)] for c in columns]
        if is_whole:
            return Members(slices, columns, times)
        return Members(slices, [[c[i] for i in chosen] for c in columns], [times[i] for i in chosen] if times else [])

    def is_complete(self, block: Block, scope_row: int) -> bool:
        """Whether all rows of a scope row have come."""
        table = block.tables[self.scope]
        return not (table.is_open and scope_row == table.num_rows - 1)

    def is_continued(self, block: Block, scope_row: int) -> bool:
        """Whether a scope row began in an earlier block."""
        return scope_row == 0 and block.tables[self.scope].continues

    def takes_part(self, block: Block) -> Sequence[bool]:
        """For each scope row, whether the step sees it: neither masked nor failed."""
        masks, faults = self._above(self.masks, self.scope), self._above(self.faults, self.scope)
        chosen = both(block.kept(self.scope, masks), block.fine(self.scope, faults))
        return [True] * block.rows(self.scope) if chosen is None else chosen

    def _chosen(self, block: Block, level: Level, fine: list[bool] | None, times: Sequence[Any]) -> Sequence[int]:
        """The rows that are there; one that has failed is, unless its time is not known."""
        kept = block.kept(level, self._above(self.masks, level))
        if fine is not None:
            kept = both(kept, block.there(level, self._above(self.faults, level)))
            kept = both(kept, [ok or is_time(time) for ok, time in zip(fine, times, strict=True)] if times else None)
        return range(block.rows(level)) if kept is None else [i for i, keep in enumerate(kept) if keep]

    def _above(self, masks: Sequence[Mask], level: Level) -> list[Mask]:
        return [mask for mask in masks if mask.level.is_above(level)]


class WindowAllStage(GroupStage):
    """All rows of a scope row become one value, on the scope's level."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.pending: list[list[Any]] = [[] for _ in operation.step.reads]

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            rows, arguments = self._due(block)
            results, failures = self.apply(arguments, len(rows), stop=self.stops) if rows else ([], [])
            results += [None] * (len(rows) - len(results))
            self.checked(results, failures)
            column: list[Any] = [None] * block.rows(self.scope)
            for row, result in zip(rows, results, strict=True):
                column[row] = result
            self.written(block, self.step.writes, self.scope, column)
            self.fail(
                block,
                self.scope,
                [(rows[f.row], f.error, values_picture([a[f.row] for a in arguments])) for f in failures],
            )
            yield block

    def _due(self, block: Block) -> tuple[list[int], list[list[list[Any]]]]:
        """The scope rows that are complete in this block, and for each input column the list that each gives."""
        own_rows, sees = self.members(block, self.step.level, self.step.reads), self.takes_part(block)
        rows: list[int] = []
        arguments: list[list[list[Any]]] = [[] for _ in own_rows.columns]
        for scope_row, own in enumerate(own_rows.slices):
            if not self.is_continued(block, scope_row):
                self.pending = [[] for _ in arguments]
            for values, column in zip(self.pending, own_rows.columns, strict=True):
                values.extend(column[own])
            if self.is_complete(block, scope_row):
                if sees[scope_row]:
                    rows.append(scope_row)
                    for argument, values in zip(arguments, self.pending, strict=True):
                        argument.append(values)
                self.pending = [[] for _ in arguments]
        return rows, arguments


@dataclass(slots=True)
class Windowed:
    """The windows of a piece in the making, and what was made of them.

    Attributes:
        start: the scope row within which the piece begins.
        number: of the piece in its block.
        parent: for each window its scope row.
        results: for each window that was worked on.
        waiting: the rows of the others (``None``: the place of a scope that failed).
        num_cells: how many rows these have.
        failed: windows that failed: which, why, and a picture of it.
        broken: scope rows whose timestamps make no sense.
    """

    start: int = 0
    number: int = 0
    parent: list[int] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    waiting: list[list[Row] | None] = field(default_factory=list)
    num_cells: int = 0
    failed: list[tuple[int, BaseException, str]] = field(default_factory=list)
    broken: list[Failure] = field(default_factory=list)

    def add(self, scope_row: int, window: list[Row] | None) -> None:
        self.parent.append(scope_row)
        self.waiting.append(window)
        self.num_cells += len(window or ())

    def give_up(self, failure: Failure) -> None:
        """Note a scope row that failed, and take back its windows."""
        self.broken.append(failure)
        while self.parent and self.parent[-1] == failure.row:
            self.parent.pop()
            (self.waiting or self.results).pop()
        self.failed = [one for one in self.failed if one[0] < len(self.parent)]


class WindowStage(GroupStage):
    """Windows over the rows of a scope row: each is a row of a new level beneath the scope.

    They are made and worked on some at a time. Where nothing but them and their scope goes on, each such piece leaves
    as a block of its own; else they stay together, with what the callable made of them alone.
    """

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        node = operation.step.node
        kind: Callable[[Any, Any], Windows] = RowWindows if node.verb == "window" else TimeWindows
        self.new: Callable[[], Windows] = lambda: kind(node.size, node.step)
        self.pending: Windows | None = None
        self.may_split = operation.may_split
        self.takers = operation.ended_by
        self.size = options.sizes.windows(operation.step)

    def num_made(self, block: Block) -> int:
        table = block.tables.get(self.step.out_level)
        return table.num_rows if table is not None else 0

    def bound(self, row_bytes: float) -> None:
        self.size.bound(row_bytes)

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            yield from self._pieces(block)

    def _pieces(self, block: Block) -> Iterator[Block]:
        made = Windowed()
        for scope_row, found in self._found(block):
            if isinstance(found, Failure):
                if self._gives_first(made, scope_row):
                    self._work_on(made)
                    yield self._piece(block, made, scope_row, is_last=False)
                    made = Windowed(scope_row, made.number + 1)
                made.give_up(found)
            else:
                made.add(scope_row, found)
            is_full = len(made.waiting) >= self.size.rows or made.num_cells >= self.size.MAX_CELLS
            if is_full:
                self._work_on(made)
            if self.stops and (made.failed or made.broken):
                break
            if is_full and self.may_split:
                yield self._piece(block, made, scope_row, is_last=False)
                made = Windowed(scope_row, made.number + 1)
        self._work_on(made)
        yield self._piece(block, made, block.rows(self.scope) - 1, is_last=True)

    def _gives_first(self, made: Windowed, scope_row: int) -> bool:
        """Whether windows of a scope that fails go out before its failure, so that their number depends on no piece."""
        return self.may_split and not self.stops and made.parent[-1:] == [scope_row]

    def _work_on(self, made: Windowed) -> None:
        """Let the callable work on the windows that wait."""
        start, windows = len(made.results), made.waiting
        places = [place for place, rows in enumerate(windows) if rows is not None]
        arguments = [self._lists(rows) for rows in windows if rows is not None]
        columns = [[argument[i] for argument in arguments] for i in range(len(self.step.reads))]
        given, failures = self.apply(columns, len(places), stop=self.stops) if places else ([], [])
        given += [None] * (len(places) - len(given))
        self.checked(given, failures)
        results: list[Any] = [None] * len(windows)
        for place, result in zip(places, given, strict=True):
            results[place] = result
        made.results += results
        made.failed += [(start + places[f.row], f.error, values_picture(arguments[f.row])) for f in failures]
        made.waiting, made.num_cells = [], 0
        if given:
            self.size.observe(column_bytes(given) / len(given))

    def _piece(self, block: Block, made: Windowed, stop: int, *, is_last: bool) -> Block:
        """A block of the scope's rows up to ``stop`` with their windows beneath them."""
        part, offset = block, 0
        if made.number or not is_last:
            is_first = not made.number
            part = piece(block, self.scope, made.start, stop, made.number, is_first=is_first, is_last=is_last)
            offset = 0 if is_first else made.start
        elif self.may_split:
            part.key, part.ends = (*block.key, 0), (*block.ends, True)
        part.tables[self.step.out_level] = Table(len(made.parent), [row - offset for row in made.parent])
        self.written(part, self.step.writes, self.step.out_level, made.results)
        broken = [(f.row - offset, f.error, "the timestamps of a scope") for f in made.broken]
        self.fail(part, self.step.out_level, made.failed)
        if not made.failed or not self.stops:
            self.fail(part, self.scope, broken)
        return part

    def _found(self, block: Block) -> Iterator[tuple[int, list[Row] | Failure | None]]:
        """The windows of each scope row, one by one as they are asked for.

        ``None`` is the place of a scope that failed, a `Failure` ends one whose timestamps make no sense.
        """
        sides, sees = self._sides(block), self.takes_part(block)
        fine = block.fine(self.scope, self._above(self.faults, self.scope))
        ended = Ended(block, self.scope, self.takers)
        for scope_row in range(block.rows(self.scope)):
            is_complete = self.is_complete(block, scope_row)
            if not self.is_continued(block, scope_row):
                self.pending = self.new()
            if fine is not None and not fine[scope_row] and is_complete:
                yield scope_row, None
            if ended.at(scope_row):
                self.pending = None
            if self.pending is None or not sees[scope_row]:
                continue
            try:
                for window in self._added(self.pending, sides, scope_row):
                    yield scope_row, window
                for window in self.pending.end() if is_complete else ():
                    yield scope_row, window
            except Exception as error:
                self.pending = None
                yield scope_row, Failure(scope_row, error)

    def _sides(self, block: Block) -> list[Members]:
        """The rows of each level that the step looks at."""
        step = self.step
        if not step.sides:
            return [self.members(block, step.level, step.reads)]
        return [
            self.members(block, side.level, [step.reads[i] for i in side.inputs], side.timestamp) for side in step.sides
        ]

    def _added(self, windows: Windows, sides: Sequence[Members], scope_row: int) -> Iterator[list[Row]]:
        """Feed a scope row's rows; those of several levels in the order of their times, each with its side."""
        if len(sides) == 1:
            return windows.add(sides[0].values(scope_row), sides[0].times[sides[0].slices[scope_row]])
        timed = [zip(side.times[side.slices[scope_row]], side.rows(scope_row), strict=True) for side in sides]
        rows = list(by_time(timed))
        return windows.add([row for _, row in rows], [time for time, _ in rows])

    def _lists(self, window: list[Row]) -> list[list[Any]]:
        """A window's rows as a list for each input column.

        No object is made for each row: as many windows as rows, each of many rows, would keep the garbage collector
        busy.
        """
        if len(self.step.sides) > 1:
            return lists_of_sides(self.step.sides, window)
        count = len(self.step.reads)
        return [window] if count == 1 else [[row[i] for row in window] for i in range(count)]


def lists_of_sides(sides: Sequence[Side], window: Sequence[Row]) -> list[list[Any]]:
    """The rows of several sides, each with the number of its side, as a list for each input column of the step."""
    lists: dict[int, list[Any]] = {}
    for number, side in enumerate(sides):
        rows = [row for owner, row in window if owner == number]
        lists |= {place: [row[i] for row in rows] for i, place in enumerate(side.inputs)}
    return [lists[place] for place in range(len(lists))]
