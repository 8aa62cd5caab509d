"""`OpenShard`: the inputs of one shard on their way through the engine, and what becomes of them.

Rows are written as they come, so that it does not matter how many an input gives. Those of an input that is not yet
through can be taken back: it may still fail. Where inputs take long, those that are through are sealed while the others
go on, as a shard of their own: the engine is not held up, and whoever kills the job loses seconds.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np

from junco.engine.counted import Sums
from junco.engine.engine import Engine
from junco.engine.options import RunOptions
from junco.engine.results import Rows
from junco.engine.rows import Reject
from junco.engine.stage import OnError
from junco.engine.trace import Trace
from junco.errors import InputError, OperatorError, TargetError
from junco.job.ahead import read_ahead
from junco.job.feed import Feed, Todo
from junco.job.inventory import FAILED
from junco.job.ledger import Sealed
from junco.job.pending import Pending
from junco.operator.lanes import Lane
from junco.store.finite import check_finite
from junco.store.kinds import OddValueError
from junco.store.shard import Shard
from junco.store.writer import ShardWriter
from junco.wording import picture

ROWS_AN_INPUT, MANY_BYTES = 16, 256_000_000
"""A shard takes no more inputs when those that it has gave so many rows, for each that it might take, or bytes."""
SEAL_S, SEAL_SHARE = 10.0, 0.01
"""What is done is sealed when so many seconds have passed since it last was, or more: no larger share of the time."""


class OpenShard:
    """One shard: fed from the source, run by the engine, its rows written as they come.

    Args:
        engine: runs the pipeline.
        feed: gives the inputs that are to be worked on.
        writers: gives what takes the rows, anew after each sealing.
        note: is told what was sealed, and of which inputs.
        remove: is told of inputs of which the target may hold other rows, before the new ones are written.
        most: how many inputs the shard takes.
    """

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        writers: Callable[[], ShardWriter],
        note: Callable[[Sealed, Sequence[Todo]], None],
        remove: Callable[[Collection[str]], None],
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        flow = engine.plan.flow
        self.engine, self.feed, self.remove, self.most, self.clock = engine, feed, remove, most, clock
        self.writers, self.note, self.writer = writers, note, writers()
        self.names = [slot.name for slot in flow.outputs]
        self.inputs = flow.graph.inputs
        self.todo: list[Todo] = []
        self.fed: list[int] = []
        self.rejects: dict[int, list[tuple[str, str]]] = {}
        """What was put aside, but for inputs that are sealed."""
        self.failed: set[int] = set()
        """Numbers of inputs that gave nothing because they failed."""
        self._counts: list[int] = []
        self._refused: set[int] = set()
        self._pending = Pending()
        self._whole = 0
        self._unkept: int | None = None
        self._known: deque[str] = deque()  # filled by the thread that reads the source
        self._num_rows = self._num_bytes = self._num_sealed = self._num_told = self._told_bytes = 0
        self._sealed_s, self._seal_after_s = clock(), SEAL_S
        self._on_error: OnError = "skip"

    def run(self, on_error: OnError, trace: Trace | None = None, sums: Sums | None = None) -> None:
        """Work on as many inputs as the shard takes, and seal them; in ``sums`` is counted what operators note.

        Raises:
            OperatorError: an operator failed and ``on_error`` is "raise"; its position counts from the source's start.
            InputError: the same for an input that could not be read.
            TargetError: the same for a value that cannot be stored; or the target cannot be written.
        """
        self._on_error = on_error
        try:
            self._work(trace, sums)
            self._seal(len(self.todo))
        except BaseException as error:
            self.writer.abandon(error)
            raise

    def is_done(self, index: int) -> bool:
        """Whether an input is through and has not failed."""
        return index not in self.failed and self._whole > 0 and index <= self.fed[self._whole - 1]

    def _work(self, trace: Trace | None, sums: Sums | None) -> None:
        options = RunOptions(
            self._on_error, rejected=self._reject, by_rows=True, trace=trace, lane=Lane.BULK, sums=sums
        )
        run = self.engine.run(self._values(), options)
        num_told = 0
        try:
            for rows in run:
                assert isinstance(rows, Rows)
                self._take(rows)
                num_told += rows.num_items
                self.feed.progress.worked(rows.num_items)
            self._whole = len(self.fed)
            self._write()
            self.feed.progress.worked(len(self.todo) - num_told)  # those that could not be read
        except OperatorError as error:
            at = self.todo[self.fed[error.position]].number
            raise OperatorError(error.node, error.operator, at, error.value, error.reason) from error.__cause__
        finally:
            run.close(wait=False)

    def _is_late(self) -> bool:
        """Whether it is time to seal, and there is something that can be."""
        is_open = self._unkept is not None and self._unkept >= self._whole
        has_done = self._whole > 0 and self.fed[self._whole - 1] >= self._num_sealed
        return has_done and not is_open and self.clock() - self._sealed_s >= self._seal_after_s

    def _seal(self, stop: int) -> None:
        """Make the inputs before ``stop`` safe, which are through, with all that was written."""
        start, begun_s = self._num_sealed, self.clock()
        if start == stop:
            return
        self._tell_written(stop)
        self.writer.seal()
        self.note(self._sealed(start, stop), self.todo[start:stop])
        for index in range(start, stop):
            self.rejects.pop(index, None)
        self.writer, self._num_sealed = self.writers(), stop
        self._num_rows = self._num_bytes = self._told_bytes = 0
        self._sealed_s = self.clock()
        self._seal_after_s = max(SEAL_S, (self._sealed_s - begun_s) / SEAL_SHARE)

    def _sealed(self, start: int, stop: int) -> Sealed:
        """What the journal notes."""
        todos, counts = self.todo[start:stop], [FAILED] * (stop - start)
        for index, count in zip(self.fed[: self._whole], self._counts, strict=False):  # others may be fed meanwhile
            if index >= start:
                counts[index - start] = FAILED if not count and index in self.failed else count
        return Sealed(
            self.writer.number,
            b"".join(todo.digest for todo in todos),
            np.array(counts, np.int32),
            {at: (todo.key, self.rejects[start + at]) for at, todo in enumerate(todos) if start + at in self.rejects},
            self.writer.first,
            self.writer.checksum,
        )

    def _values(self) -> Iterator[Any]:
        for todo, read in read_ahead(self._todos()):
            self.todo.append(todo)
            index = len(self.todo) - 1
            if todo.is_known:
                self._known.append(todo.key)
            try:
                value = self._checked(read())
            except Exception as error:  # whatever an address or a file may raise: this input only
                if self._on_error == "raise":
                    raise InputError(f"{todo.key} cannot be read: {type(error).__name__}: {error}") from error
                self._put_aside(index, "input", f"{type(error).__name__}: {error}")
                self.failed.add(index)
                continue
            self.fed.append(index)
            self._counts.append(0)
            yield value

    def _todos(self) -> Iterator[Todo]:
        """The inputs of this shard."""
        for _ in range(self.most):
            if self._is_long() or self.feed.limit.is_reached(self) or (todo := self.feed.next_todo()) is None:
                return
            yield todo

    def _checked(self, value: Any) -> Any:
        """What goes into the pipeline, if it can."""
        num_columns = len(self.inputs)
        if num_columns > 1 and not (isinstance(value, (tuple, list)) and len(value) == num_columns):
            raise InputError(f"the pipeline takes {', '.join(self.inputs)}, not {picture(value)}")
        return value

    def _is_long(self) -> bool:
        num_bytes = self._num_bytes + self._pending.num_bytes
        return self._num_rows >= self.most * ROWS_AN_INPUT or num_bytes >= MANY_BYTES

    def _take(self, rows: Rows) -> None:
        positions, values = list(rows.positions), rows.values
        if self._refused and not self._refused.isdisjoint(positions):
            kept = [i for i, position in enumerate(positions) if position not in self._refused]
            positions, values = [positions[i] for i in kept], [values[i] for i in kept]
        self._num_rows += len(values)
        self._pending.add(positions, values)
        self._whole = max(self._whole, rows.stop)
        if self._pending.is_much or self._is_late():
            self._write()

    def _reject(self, reject: Reject) -> None:
        index = self.fed[reject.position]
        self._put_aside(index, reject.node, reject.reason)
        if reject.is_item:
            self.failed.add(index)
            self._pending.take_back(reject.position)
            self._take_back(reject.position)

    def _put_aside(self, index: int, stage: str, reason: str) -> None:
        self.feed.progress.rejected()
        self.rejects.setdefault(index, []).append((stage, reason))

    def _write(self) -> None:
        """Write what is pending: whole inputs to stay, the rows of one that goes on so that they can be taken back."""
        if known := [self._known.popleft() for _ in range(len(self._known))]:
            self.remove(known)
        pending, self._pending = self._pending, Pending()
        positions = pending.positions
        if positions:  # rows are in order: what has a later input behind it is whole
            self._whole = max(self._whole, positions[-1])
        if self._unkept is not None and self._unkept < self._whole and self._unkept not in positions[:1]:
            self._keep()
        stop = bisect_left(positions, self._whole)
        if stop:
            self._write_whole(pending, 0, stop)
        self._num_bytes = self.writer.num_bytes
        if self._whole and self._unkept is None:
            self._tell_written(self.fed[self._whole - 1] + 1)
        if self._is_late():
            self._seal(self.fed[self._whole - 1] + 1)
        if stop < len(positions):
            self._write_open(pending, stop)
            self._num_bytes = self.writer.num_bytes

    def _tell_written(self, stop: int) -> None:
        """Tell of the inputs before ``stop`` that the rows of all of them, and no others, are written."""
        self.feed.progress.wrote(stop - self._num_told, self.writer.num_bytes - self._told_bytes)
        self._num_told, self._told_bytes = stop, self.writer.num_bytes

    def _write_whole(self, pending: Pending, start: int, stop: int) -> None:
        """Write the rows of whole inputs; where they have an odd value among them, in halves."""
        positions = pending.positions
        try:
            self._write_rows(pending, start, stop)
        except OddValueError as odd:
            middle = bisect_left(positions, positions[(start + stop) // 2], start, stop)
            if middle == start:
                middle = bisect_right(positions, positions[start], start, stop)
            if middle == stop:
                self._refuse(positions[start], odd)
                return
            self._write_whole(pending, start, middle)
            self._write_whole(pending, middle, stop)
        else:
            self._keep()

    def _write_open(self, pending: Pending, start: int) -> None:
        """Write rows of the last input, which goes on."""
        position = pending.positions[-1]
        self._unkept = position
        try:
            self._write_rows(pending, start, len(pending.positions))
        except OddValueError as odd:
            self._refuse(position, odd)

    def _write_rows(self, pending: Pending, start: int, stop: int) -> None:
        positions, rows = pending.positions[start:stop], pending.values[start:stop]
        todos = [self.todo[self.fed[position]] for position in positions]
        columns = {name: self._column(rows, place) for place, name in enumerate(self.names)}
        check_finite(columns)
        shard = Shard([todo.key for todo in todos], columns | self._kept(todos))
        self.writer.write(shard, pending.num_bytes * len(rows) // len(pending.values))
        for position in positions:
            self._counts[position] += 1

    def _kept(self, todos: Sequence[Todo]) -> dict[str, list[Any]]:
        """What rows bring with them of the table that their inputs came from."""
        return {name: [todo.item.kept[name] for todo in todos] for name in self.feed.kept}

    def _column(self, rows: list[Any], place: int) -> list[Any]:
        return rows if len(self.names) == 1 else [None if row is None else row[place] for row in rows]

    def _keep(self) -> None:
        self.writer.keep()
        self._unkept = None

    def _take_back(self, position: int) -> None:
        """Take back what was written of an input."""
        if self._unkept == position:
            self.writer.undo()
            self._unkept = None
            self._counts[position] = 0

    def _refuse(self, position: int, odd: OddValueError) -> None:
        """Put an input aside that has a value which its column cannot hold."""
        index = self.fed[position]
        key = self.todo[index].key
        if self._on_error == "raise":
            raise TargetError(f"{key} cannot be stored: {odd}") from odd
        self._take_back(position)
        self._refused.add(position)
        self.failed.add(index)
        self._put_aside(index, "store", str(odd))
        if self._on_error == "none":
            self._write_blank(self.todo[index])
            self._keep()
            self._counts[position] = 1

    def _write_blank(self, todo: Todo) -> None:
        """Write a row without outputs; without what is kept too, where that is what cannot be held."""
        blank: dict[str, list[Any]] = {name: [None] for name in self.names}
        try:
            self.writer.write(Shard([todo.key], blank | self._kept([todo])), 0)
        except OddValueError:
            self.writer.write(Shard([todo.key], blank | {name: [None] for name in self.feed.kept}), 0)
