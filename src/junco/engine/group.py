"""Grouping steps: ``window_all``, ``window`` and ``time_window``. Memory is bounded by the window or the scope.

Blocks come in order, so only the scope that the last block left open has a state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from junco.engine.apply import Applier, Failure
from junco.engine.rows import Block, Table, both
from junco.engine.stage import StageOptions, WorkStage, values_picture
from junco.engine.windows import Row, RowWindows, TimeWindows, Windows, by_time
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

    def rows(self, scope_row: int) -> list[Row]:
        """A scope row's rows, as tuples."""
        own = self.slices[scope_row]
        return list(zip(*(column[own] for column in self.columns), strict=True))


class GroupStage(WorkStage):
    """Base: finds each scope row's rows in a block."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.scope: Level = operation.step.scope

    def members(self, block: Block, level: Level, reads: Sequence[Slot], timestamp: Slot | None = None) -> Members:
        """The rows of a level that the step sees."""
        chosen = self._chosen(block, level)
        lineage = block.lineage(level, self.scope)
        is_whole = len(chosen) == len(lineage)
        owners = lineage if is_whole else [lineage[i] for i in chosen]
        slices, start = [], 0
        for scope_row in range(block.rows(self.scope)):
            stop = bisect_right(owners, scope_row, start)
            slices.append(slice(start, stop))
            start = stop
        fine = block.fine(level, self._above(self.faults, level))
        columns = [block.column(slot, level) for slot in reads]
        if fine is not None:
            columns = [[v if ok else None for v, ok in zip(c, fine, strict=True)] for c in columns]
        times = block.column(timestamp, level) if timestamp is not None else []
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

    def _chosen(self, block: Block, level: Level) -> Sequence[int]:
        kept = block.kept(level, self._above(self.masks, level))
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


class WindowStage(GroupStage):
    """Windows over the rows of a scope row: each is a row of a new level beneath the scope."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        node = operation.step.node
        kind: Callable[[Any, Any], Windows] = RowWindows if node.verb == "window" else TimeWindows
        self.new: Callable[[], Windows] = lambda: kind(node.size, node.step)
        self.pending: Windows | None = None

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            parent, windows, broken = self._windows(block)
            places = [place for place, rows in enumerate(windows) if rows is not None]
            arguments = [self._lists(rows) for rows in windows if rows is not None]
            columns = [[argument[i] for argument in arguments] for i in range(len(self.step.reads))]
            given, failures = self.apply(columns, len(places), stop=self.stops) if places else ([], [])
            given += [None] * (len(places) - len(given))
            self.checked(given, failures)
            results: list[Any] = [None] * len(windows)
            for place, result in zip(places, given, strict=True):
                results[place] = result
            block.tables[self.step.out_level] = Table(len(parent), parent)
            self.written(block, self.step.writes, self.step.out_level, results)
            failed = [(places[f.row], f.error, values_picture(arguments[f.row])) for f in failures]
            self._fail(block, failed, broken)
            yield block

    def _fail(self, block: Block, failed: list[tuple[int, BaseException, str]], broken: list[Failure]) -> None:
        rows = [(f.row, f.error, "the timestamps of a scope") for f in broken]
        if rows and (not failed or self.options.on_error != "raise"):
            self.fail(block, self.step.out_level, failed)
            self.fail(block, self.scope, rows)
        else:
            self.fail(block, self.step.out_level, failed)

    def _windows(self, block: Block) -> tuple[list[int], list[list[Row] | None], list[Failure]]:
        """For each window its scope row and its rows (``None``: the place of a scope that failed).

        Also the scopes whose timestamps make no sense.
        """
        sides, sees = self._sides(block), self.takes_part(block)
        fine = block.fine(self.scope, self._above(self.faults, self.scope))
        parent: list[int] = []
        windows: list[list[Row] | None] = []
        broken: list[Failure] = []
        for scope_row in range(block.rows(self.scope)):
            is_complete = self.is_complete(block, scope_row)
            if not self.is_continued(block, scope_row):
                self.pending = self.new()
            if fine is not None and not fine[scope_row] and is_complete:
                parent.append(scope_row)
                windows.append(None)
            if self.pending is None or not sees[scope_row]:
                continue
            try:
                found = self._add(self.pending, sides, scope_row)
                found += self.pending.end() if is_complete else []
            except Exception as error:
                broken.append(Failure(scope_row, error))
                self.pending = None
                continue
            parent += [scope_row] * len(found)
            windows += found
        return parent, windows, broken

    def _sides(self, block: Block) -> list[Members]:
        """The rows of each level that the step looks at."""
        step = self.step
        if not step.sides:
            return [self.members(block, step.level, step.reads)]
        return [
            self.members(block, side.level, [step.reads[i] for i in side.inputs], side.timestamp) for side in step.sides
        ]

    def _add(self, windows: Windows, sides: Sequence[Members], scope_row: int) -> list[list[Row]]:
        """Feed a scope row's rows; those of several levels in the order of their times, each with its side."""
        if len(sides) == 1:
            return windows.add(sides[0].rows(scope_row), sides[0].times[sides[0].slices[scope_row]])
        timed = [zip(side.times[side.slices[scope_row]], side.rows(scope_row), strict=True) for side in sides]
        rows = list(by_time(timed))
        return windows.add([row for _, row in rows], [time for time, _ in rows])

    def _lists(self, window: Sequence[Row]) -> list[list[Any]]:
        """A window's rows as a list for each input column."""
        if len(self.step.sides) < 2:
            return [list(column) for column in zip(*window, strict=True)]
        return lists_of_sides(self.step.sides, window)


def lists_of_sides(sides: Sequence[Side], window: Sequence[Row]) -> list[list[Any]]:
    """The rows of several sides, each with the number of its side, as a list for each input column of the step."""
    lists: dict[int, list[Any]] = {}
    for number, side in enumerate(sides):
        rows = [row for owner, row in window if owner == number]
        lists |= {place: [row[i] for row in rows] for i, place in enumerate(side.inputs)}
    return [lists[place] for place in range(len(lists))]
