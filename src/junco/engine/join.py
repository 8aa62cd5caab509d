"""`Join`: rows of several levels meet in windows of time, each level made only as far as the windows ask for it.

For one row of the scope at a time, each level is fed by stages of its own, which pass blocks on when the next one asks.
So there is never more in memory than a window, and a block of each level.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from junco.engine.apply import PlainApplier
from junco.engine.counted import Counted, counted_for, now_counted
from junco.engine.ended import Ended
from junco.engine.expand import Children, FlatMapStage
from junco.engine.group import lists_of_sides
from junco.engine.rows import Block, Reject, Table
from junco.engine.stage import Stage, StageOptions
from junco.engine.stats import StageStats
from junco.engine.windows import Row, TimeWindows, by_time, is_time
from junco.errors import OperatorError
from junco.forks import ForkedLock
from junco.graph.levels import Level, Step
from junco.plan.joins import Supply
from junco.plan.program import Join, Operation, operations_of

Counts = dict[str, StageStats]
"""What the stages of supplies have done, by the step's name."""


class _SideFailed(Exception):
    """The scope's row failed in a step that feeds one of the levels."""

    def __init__(self, error: OperatorError) -> None:
        self.error = error
        super().__init__(str(error))


class JoinStage(FlatMapStage):
    """Each row of the scope becomes windows: for each input a list of the rows that lie in one.

    Args:
        join: the instruction.
        stages: for each supply, what makes its stages.
        counts: where to note what they do.
        options: as of every stage.
    """

    def __init__(
        self, join: Join, stages: Sequence[Callable[[], list[Stage]]], counts: Counts, options: StageOptions
    ) -> None:
        operation = Operation(join.step, may_split=join.may_split, ended_by=join.ended_by)
        super().__init__(operation, PlainApplier(self._windows, None), options)
        self.window = join.window
        self.supplies = [supply for supply, _ in join.supplies]
        self._operations = [operation for _, inner in join.supplies for operation in operations_of(inner)]
        self._stages = stages
        self._counts = counts
        self._positions: Sequence[int] = ()
        self._position = 0
        self._rejects: list[Reject] = []

    @property
    def supply_counts(self) -> list[StageStats]:
        """What the steps of the supplies have done, in their order."""
        return [self._counts[operation.step.node.name] for operation in self._operations]

    def _pieces(self, block: Block) -> Iterator[Block]:
        lineage = block.lineage(self.step.level, self.step.level.path[0])
        self._positions = [block.positions[root] for root in lineage]
        return super()._pieces(block)

    def _wanted(self, chosen: Sequence[tuple[int, bool]], ended: Ended) -> Iterator[tuple[int, bool]]:
        for row, is_worked in super()._wanted(chosen, ended):
            self._position = self._positions[row]
            yield row, is_worked

    def _windows(self, *item: Any) -> Iterator[tuple[list[Any], ...]]:
        """The windows of one scope row."""
        node = self.window.node
        assert node.size is not None
        assert node.step is not None
        windows = TimeWindows(node.size, node.step)
        values = {slot.key: value for slot, value in zip(self.step.reads, item, strict=True)}
        sides = [self._side(supply, make(), values) for supply, make in zip(self.supplies, self._stages, strict=True)]
        for timestamp, row in by_time(sides):
            yield from map(self._lists, windows.add([row], [timestamp]))
        yield from map(self._lists, windows.end())

    def _lists(self, window: Sequence[Row]) -> tuple[list[Any], ...]:
        return tuple(lists_of_sides(self.window.sides, window))

    def _side(self, supply: Supply, stages: list[Stage], values: dict[Any, Any]) -> Iterator[tuple[Any, Row]]:
        """A level's rows with their times, one by one."""
        *reads, timestamp = supply.outputs(self.window)
        level = supply.side.level
        blocks = flowing(stages, scope_block(supply, self.window, values), self._counts)
        with closing(blocks):
            for block in blocks:
                self._heed(supply, block)
                fine, there = block.fine(level), block.there(level)
                columns = [block.column(slot, level) for slot in (timestamp, *reads)]
                for row, (when, *cells) in enumerate(zip(*columns, strict=True)):
                    if fine is None or fine[row]:
                        yield when, tuple(cells)
                    elif (there is None or there[row]) and is_time(when):
                        yield when, (None,) * len(cells)

    def _heed(self, supply: Supply, block: Block) -> None:
        """What went wrong in a supply: it ends the run, or the scope's row, or is put aside."""
        if isinstance(block.error, OperatorError):
            raise _SideFailed(block.error)
        if block.error is not None:
            raise block.error
        for reject in block.rejects:
            if reject.node in supply.scope_names:
                raise _SideFailed(reject.error)
            error = reject.error.at(self._position)
            self._rejects.append(Reject(self._position, reject.node, reject.reason, is_item=False, error=error))

    def _piece(self, block: Block, children: Children, stop: int, *, is_last: bool) -> Block:
        made = super()._piece(block, children, stop, is_last=is_last)
        made.rejects += self._rejects
        self._rejects = []
        return made

    def _note(self, children: Children, row: int, error: BaseException, value: str) -> None:
        super()._note(children, row, error, "the timestamps of a scope")

    def operator_error(self, position: int, error: BaseException, value: str) -> OperatorError:
        """The error of the step that failed, which may be one that supplies a level."""
        if type(error) is _SideFailed:
            return error.error.at(position)
        return super().operator_error(position, error, value)


def scope_block(supply: Supply, window: Step, values: dict[Any, Any]) -> Block:
    """A block of one row of the scope, with those above it."""
    tables: dict[Level, Table] = {}
    for level in window.scope.path:
        columns = {slot.key: [values[slot.key]] for slot in supply.inputs if slot.level is level}
        tables[level] = Table(1, [0] if level.parent is not None else [], columns)
    return Block((0,), (True,), 0, 1, [0], tables)


def flowing(stages: Sequence[Stage], block: Block, counts: Counts) -> Generator[Block, None, None]:
    """A block on its way through stages, each of which works when the next one asks."""
    blocks = _one(block)
    for stage in stages:
        blocks = _through(stage, blocks, counts.get(stage.name))
    return blocks


def _one(block: Block) -> Generator[Block, None, None]:
    yield block


def _next(work: Iterator[Block], counts: StageStats | None) -> Block | None:
    """A stage's next block; what is noted meanwhile is the stage's, and not that of the windows."""
    whole = now_counted()
    own = None if counts is None else whole.of(counts) if whole is not None else Counted(counts)
    with counted_for(own):
        return next(work, None)


_counting = ForkedLock()


def _through(
    stage: Stage, blocks: Generator[Block, None, None], counts: StageStats | None
) -> Generator[Block, None, None]:
    is_first = True
    try:
        for block in blocks:
            num_rows, seconds, started = stage.rows_of(block), 0.0, time.perf_counter()
            work = stage.run([block])
            while (made := _next(work, counts)) is not None:
                seconds += time.perf_counter() - started
                yield made
                started = time.perf_counter()
            seconds += time.perf_counter() - started
            if counts is not None:
                with _counting():  # several runs may be under way
                    counts.observe(num_rows, int(is_first), seconds)
            is_first = False
    finally:
        blocks.close()
        stage.close()
