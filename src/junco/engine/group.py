"""Grouping steps: ``window_all``, ``window`` and ``time_window``. Memory is bounded by the window or the scope.

Blocks come in order, so only the scope that the last block left open has a state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from junco.engine.apply import Applier, Failure
from junco.engine.rows import Block, Table, both
from junco.engine.stage import StageOptions, WorkStage, values_picture
from junco.engine.windows import Row, RowWindows, TimeWindows, Windows
from junco.graph.levels import Level
from junco.plan.program import Operation


class GroupStage(WorkStage):
    """Base: finds each scope row's rows in a block."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        assert operation.step.scope is not None
        self.scope: Level = operation.step.scope

    def scopes(self, block: Block) -> list[slice]:
        """For each scope row, the slice of `chosen` rows that are its own."""
        self.chosen = self._chosen(block)
        lineage = block.lineage(self.step.level, self.scope)
        owners = lineage if len(self.chosen) == len(lineage) else [lineage[i] for i in self.chosen]
        slices, start = [], 0
        for scope_row in range(block.rows(self.scope)):
            stop = bisect_right(owners, scope_row, start)
            slices.append(slice(start, stop))
            start = stop
        return slices

    def columns(self, block: Block) -> list[list[Any]]:
        """The step's input columns for the chosen rows; a failed row has ``None`` in all of them."""
        fine = block.fine(self.step.level, self.faults)
        columns = [block.column(slot, self.step.level) for slot in self.step.reads]
        if fine is not None:
            columns = [[v if ok else None for v, ok in zip(c, fine, strict=True)] for c in columns]
        if len(self.chosen) == block.rows(self.step.level):
            return columns
        return [[column[i] for i in self.chosen] for column in columns]

    def is_complete(self, block: Block, scope_row: int) -> bool:
        """Whether all rows of a scope row have come."""
        table = block.tables[self.scope]
        return not (table.is_open and scope_row == table.num_rows - 1)

    def is_continued(self, block: Block, scope_row: int) -> bool:
        """Whether a scope row began in an earlier block."""
        return scope_row == 0 and block.tables[self.scope].continues

    def takes_part(self, block: Block) -> Sequence[bool]:
        """For each scope row, whether the step sees it: neither masked nor failed."""
        masks = [mask for mask in self.masks if mask.level.is_above(self.scope)]
        faults = [mask for mask in self.faults if mask.level.is_above(self.scope)]
        chosen = both(block.kept(self.scope, masks), block.fine(self.scope, faults))
        return [True] * block.rows(self.scope) if chosen is None else chosen

    def _chosen(self, block: Block) -> Sequence[int]:
        kept = block.kept(self.step.level, self.masks)
        return range(block.rows(self.step.level)) if kept is None else [i for i, keep in enumerate(kept) if keep]


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
        slices, columns, sees = self.scopes(block), self.columns(block), self.takes_part(block)
        rows: list[int] = []
        arguments: list[list[list[Any]]] = [[] for _ in columns]
        for scope_row, own in enumerate(slices):
            if not self.is_continued(block, scope_row):
                self.pending = [[] for _ in columns]
            for values, column in zip(self.pending, columns, strict=True):
                values.extend(column[own])
            if self.is_complete(block, scope_row):
                if sees[scope_row]:
                    rows.append(scope_row)
                    for argument, values in zip(arguments, self.pending, strict=True):
                        argument.append(values)
                self.pending = [[] for _ in columns]
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
            arguments = [[list(column) for column in zip(*rows, strict=True)] for rows in windows if rows is not None]
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
        slices, columns, sees = self.scopes(block), self.columns(block), self.takes_part(block)
        fine = block.fine(self.scope, [mask for mask in self.faults if mask.level.is_above(self.scope)])
        rows = list(zip(*columns, strict=True))
        times = self._times(block)
        parent: list[int] = []
        windows: list[list[Row] | None] = []
        broken: list[Failure] = []
        for scope_row, own in enumerate(slices):
            if not self.is_continued(block, scope_row):
                self.pending = self.new()
            if fine is not None and not fine[scope_row] and self.is_complete(block, scope_row):
                parent.append(scope_row)
                windows.append(None)
            if self.pending is None or not sees[scope_row]:
                continue
            try:
                found = self.pending.add(rows[own], times[own])
                found += self.pending.end() if self.is_complete(block, scope_row) else []
            except Exception as error:
                broken.append(Failure(scope_row, error))
                self.pending = None
                continue
            parent += [scope_row] * len(found)
            windows += found
        return parent, windows, broken

    def _times(self, block: Block) -> list[Any]:
        slot = self.step.timestamp
        if slot is None:
            return []
        times = block.column(slot, self.step.level)
        return [times[i] for i in self.chosen]
