"""``flat_map``: each row becomes as many as its callable yields, piece by piece, so that a long video stays small.

An operator that works in batches is asked for many rows' lists at once, by `OpenStage`, as far as they are small;
`FlatMapStage` then cuts what it gave into pieces, and asks for the rest when its turn has come. Any other callable is
asked row by row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from junco.engine.apply import Applier, Columns, Failure, is_no_value, kinds_of
from junco.engine.counted import drawn_of
from junco.engine.ended import Ended
from junco.engine.maps import MapStage, Part
from junco.engine.pieces import ListsSize, PieceSize, piece
from junco.engine.rows import Block, Table
from junco.engine.sizes import num_bytes_of
from junco.engine.stage import StageOptions, WorkStage, no_rows, no_value, values_picture, wrong_count
from junco.operator.resident import Drawn
from junco.plan.program import Operation


@dataclass(slots=True)
class Children:
    """The new rows of a piece in the making."""

    start: int
    number: int
    values: list[Any] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    failures: list[tuple[int, BaseException, str]] = field(default_factory=list)
    before: list[Any] = field(default_factory=list)
    """The piece before. It goes only when this one is made: memory that is freed at once returns to the system, and
    to get it back for the next frames takes longer than to make them."""

    def next(self, row: int) -> Children:
        """The piece that follows and begins within ``row``."""
        return Children(row, self.number + 1, before=self.values)

    def add(self, row: int, values: Sequence[Any]) -> None:
        self.values.extend(values)
        self.parent.extend([row] * len(values))

    def cut(self, row: int) -> None:
        """Take back what a row that failed has given to this piece."""
        while self.parent and self.parent[-1] == row:
            self.parent.pop()
            self.values.pop()


OPENED = -1
"""Where the results of `OpenStage` stand in a table until they are cut into rows; no column has that number."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Stands for a row that was not worked on: the lists before it are enough, or one of them ends the run.

    Attributes:
        at_once: how many such rows may be asked for together.
    """

    at_once: int


class Measured(Applier):
    """Asks an applier for no more lists of rows than may be in memory together; its results may end early."""

    def __init__(self, applier: Applier, size: ListsSize) -> None:
        self._applier = applier
        self._size = size

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._applier.batch_rows

    @property
    def at_once(self) -> int:
        """Rows whose lists may be in memory together."""
        return self._size.within(self._size.MAX_BYTES, self.batch_rows)

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        """As every applier, but the results may end before the rows do."""
        results: list[Any] = []
        failures: list[Failure] = []
        room = float(self._size.MAX_BYTES)
        while len(results) < num_rows and room > 0 and not (stop and failures):
            start = len(results)
            count = min(self._size.within(room, self.batch_rows), num_rows - start)
            given, failed = self._applier([c[start : start + count] for c in columns], count, stop=stop)
            results += given
            failures += [Failure(start + f.row, f.error) for f in failed]
            room -= self._size.observe(given)
        return results, failures


class OpenStage(MapStage):
    """What an operator gives for rows, in batches across blocks: a list or an iterator for each, or its error."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.apply = self.measured = Measured(self.apply, options.sizes.lists(operation.step))

    def checked(self, results: list[Any], failures: list[Failure]) -> None:
        """Iterators may stand here: the next stage draws from them."""

    def _finish(self, part: Part, results: list[Any], failures: list[Failure]) -> None:
        results += [NotAsked(self.measured.at_once)] * (part.num_rows - len(results))
        for failure in failures:
            results[failure.row] = failure
        part.block.tables[self.step.level].columns[OPENED] = part.spread(results)


class FlatMapStage(WorkStage):
    """Each row becomes 0..n rows of a new level.

    Args:
        is_opened: an `OpenStage` before it has asked for the rows.
    """

    may_split = True

    def __init__(
        self,
        operation: Operation,
        applier: Applier,
        options: StageOptions,
        clock: Callable[[], float] = time.perf_counter,
        *,
        is_opened: bool = False,
    ) -> None:
        super().__init__(operation, applier, options)
        self.splits = operation.may_split
        self.size = options.sizes.piece(self.step)
        self.takers, self.own_takers = operation.ended_by, operation.wanted_by
        self.clock = clock
        self.is_opened = self.is_second_half = is_opened

    def num_made(self, block: Block) -> int:
        table = block.tables.get(self.step.out_level)
        return table.num_rows if table is not None else 0

    def bound(self, row_bytes: float) -> None:
        self.size.bound(row_bytes)

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            yield from self._pieces(block)

    def _pieces(self, block: Block) -> Iterator[Block]:
        level, node = self.step.level, self.step.node
        self._leave_out(block)
        columns = [block.column(slot, level) for slot in self.step.reads]
        opened = block.tables[level].columns.pop(OPENED, None) if self.is_opened else None
        chosen = self._chosen(block)
        self.announce(block, [row for row, is_worked in chosen if is_worked])
        children = Children(0, 0)
        started = self.clock()
        ended = Ended(block, level, self.takers)
        for row, is_worked in self._wanted(chosen, ended):
            if not is_worked:
                children.add(row, [None])  # its place
                continue
            item = [column[row] for column in columns]
            iterator, error = self._opened(item) if opened is None else self._taken_out(opened, row, columns)
            had, is_over = 0, False
            try:
                while not (is_over or ended.at(row)):
                    drawn = drawn_of(item, self._more, children, row, iterator) if error is None else (0, True, error)
                    count, is_over, error = drawn
                    had += count
                    if error is not None:
                        if self._gives_first(children, row):
                            yield self._piece(block, children, row, is_last=False)
                            children = children.next(row)
                        self._note(children, row, error, values_picture(item))
                        had += 1
                        if self.stops:
                            yield self._piece(block, children, row, is_last=True)
                            return
                    elif self.splits and len(children.parent) >= self.size.rows:
                        row_bytes = num_bytes_of(children.values[-1]) if children.values else 0
                        self.size.observe(len(children.parent), self.clock() - started, row_bytes)
                        yield self._piece(block, children, row, is_last=False)
                        children = children.next(row)
                        started = self.clock()
            finally:
                if isinstance(iterator, Drawn):  # nobody draws from it any more
                    iterator.close()
                del iterator
            if not had and node.keep_empty:
                children.add(row, [None])
        yield self._piece(block, children, block.rows(level) - 1, is_last=True)

    def _leave_out(self, block: Block) -> None:
        """Drop the rows that came before it was known that nobody wants them."""
        if self.own_takers:
            ended = Ended(block, self.step.level, self.own_takers)
            block.keep(self.step.level, [not ended.at(row) for row in range(block.rows(self.step.level))])

    def _chosen(self, block: Block) -> list[tuple[int, bool]]:
        """The rows that are not masked, and whether each is worked on or only the place of one that failed."""
        level = self.step.level
        kept, fine = block.kept(level, self.masks), block.fine(level, self.faults)
        rows = range(block.rows(level))
        return [(row, fine is None or fine[row]) for row in rows if kept is None or kept[row]]

    def _wanted(self, chosen: Sequence[tuple[int, bool]], ended: Ended) -> Iterator[tuple[int, bool]]:
        """The chosen rows, each when its turn comes, without those that nobody wants any more by then."""
        for row, is_worked in chosen:
            if not ended.at(row):
                yield row, is_worked
            elif is_worked:
                self.scoped.skip((0,))

    def _opened(self, item: Sequence[Any]) -> tuple[Iterator[Any], BaseException | None]:
        """What a row's callable gives, or why it gives nothing."""
        results, failures = self.apply([[value] for value in item], 1, stop=True)
        if failures:
            return iter(()), failures[0].error
        return self._iterated(results[0])

    def _taken_out(
        self, opened: list[Any], row: int, columns: Sequence[list[Any]]
    ) -> tuple[Iterator[Any], BaseException | None]:
        """The same where it was asked before; it is taken out, so that a list of large rows goes once it is cut."""
        if isinstance(opened[row], NotAsked):
            self._ask(opened, row, columns)
        found, opened[row] = opened[row], None
        return (iter(()), found.error) if isinstance(found, Failure) else self._iterated(found)

    def _ask(self, opened: list[Any], row: int, columns: Sequence[list[Any]]) -> None:
        """Ask for the lists of the next rows, as many as may be in memory at once."""
        waiting = (at for at in range(row, len(opened)) if isinstance(opened[at], NotAsked))
        rows = list(islice(waiting, opened[row].at_once))
        results, failures = self.apply([[column[at] for at in rows] for column in columns], len(rows), stop=self.stops)
        for at, result in zip(rows, results, strict=False):  # with `stops` they end before the one that failed
            opened[at] = result
        for failure in failures:
            opened[rows[failure.row]] = failure

    def _iterated(self, result: Any) -> tuple[Iterator[Any], BaseException | None]:
        """The rows that a result stands for, or why it stands for none."""
        if not (hasattr(result, "__iter__") or hasattr(result, "__getitem__")):
            return iter(()), no_rows(self.step.node, result)
        try:
            return iter(result), None
        except Exception as error:
            return iter(()), error

    def _more(self, children: Children, row: int, iterator: Iterator[Any]) -> tuple[int, bool, BaseException | None]:
        """Take as many children of a row as there is room for: how many there were, whether all, and what failed."""
        room = max(1, self.size.rows - len(children.parent)) if self.splits else PieceSize.LARGEST
        values, error = self.apply.draw(iterator, room)
        wrong = self._first_wrong(values)
        if wrong is not None:
            is_iterator = is_no_value(type(values[wrong]))
            problem = no_value(self.step.node, values[wrong]) if is_iterator else wrong_count(self.step, values[wrong])
            values, error = values[:wrong], problem
        children.add(row, values)
        return len(values), error is not None or len(values) < room, error

    def _first_wrong(self, values: Sequence[Any]) -> int | None:
        """Which value is no row: it has not one part for each output column, or can be read only once."""
        count = len(self.step.writes)
        if count < 2:
            wrong = {kind for kind in kinds_of(values) if is_no_value(kind)}
            return next((i for i, v in enumerate(values) if type(v) in wrong), None) if wrong else None
        return next((i for i, v in enumerate(values) if not isinstance(v, (tuple, list)) or len(v) != count), None)

    def _gives_first(self, children: Children, row: int) -> bool:
        """Whether rows of one that fails go out before its failure, so that their number depends on no piece."""
        return self.splits and not self.stops and children.parent[-1:] == [row]

    def _note(self, children: Children, row: int, error: BaseException, value: str) -> None:
        children.failures.append((row, error, value))
        children.cut(row)
        if self.options.on_error == "none":
            children.add(row, [None])

    def _piece(self, block: Block, children: Children, stop: int, *, is_last: bool) -> Block:
        """A block of the rows up to ``stop`` with their children beneath them."""
        level, start = self.step.level, children.start
        is_first = children.number == 0
        if is_first and is_last:
            made = block
            made.key, made.ends = (*block.key, 0), (*block.ends, True)
            offset = 0
        else:
            made = piece(block, level, start, stop, children.number, is_first=is_first, is_last=is_last)
            offset = 0 if is_first else start
        parent = [row - offset for row in children.parent] if offset else children.parent
        made.tables[self.step.out_level] = Table(len(parent), parent)
        self.written(made, self.step.writes, self.step.out_level, children.values)
        self.fail(made, level, [(row - offset, error, value) for row, error, value in children.failures])
        return made
