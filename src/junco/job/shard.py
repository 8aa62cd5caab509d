"""`OpenShard`: the inputs of one shard on their way through the engine, and what becomes of them.

Rows are written as they come, so that it does not matter how many an input gives. Those of an input that is not yet
through can be taken back: it may still fail.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from junco.engine.engine import Engine, RunOptions
from junco.engine.results import Rows
from junco.engine.rows import Reject
from junco.engine.sizes import column_bytes
from junco.engine.stage import OnError
from junco.engine.stats import Trace
from junco.errors import InputError, OperatorError, TargetError
from junco.job.ahead import read_ahead
from junco.job.feed import Feed, Todo
from junco.job.inventory import FAILED
from junco.job.ledger import Sealed, named
from junco.operator.lanes import Lane
from junco.store.kinds import OddValueError
from junco.store.shard import Shard
from junco.store.writer import ShardWriter
from junco.wording import picture

LONG_S, ENOUGH_INPUTS, ROWS_AN_INPUT, MANY_BYTES = 60.0, 64, 16, 256_000_000
"""A shard is sealed early when it took so long and has so many inputs, or when these gave so many rows or bytes."""
MOST_PENDING_ROWS, MOST_PENDING_BYTES = 1024, 8_000_000
"""So many rows wait to be written together."""


@dataclass(slots=True)
class _Pending:
    """Rows that were not written yet, each with the position of its input among those that were fed; in order."""

    positions: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    num_bytes: int = 0

    @property
    def is_much(self) -> bool:
        return len(self.values) >= MOST_PENDING_ROWS or self.num_bytes >= MOST_PENDING_BYTES

    def add(self, positions: list[int], values: list[Any]) -> None:
        self.positions += positions
        self.values += values
        self.num_bytes += column_bytes(values)

    def take_back(self, position: int) -> None:
        """Forget the rows of the last input."""
        start = bisect_left(self.positions, position)
        del self.positions[start:], self.values[start:]


class OpenShard:
    """One shard: fed from the source, run by the engine, its rows written as they come.

    Args:
        engine: runs the pipeline.
        feed: gives the inputs that are to be worked on.
        writer: takes the rows.
        remove: is told of inputs of which the target may hold other rows, before the new ones are written.
        most: how many inputs the shard takes.
    """

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        writer: ShardWriter,
        remove: Callable[[Collection[str]], None],
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        flow = engine.plan.flow
        self.engine, self.feed, self.writer, self.remove, self.most, self.clock = (
            *(engine, feed, writer),
            *(remove, most, clock),
        )
        self.names = [slot.name for slot in flow.outputs]
        self.inputs = flow.graph.inputs
        self.todo: list[Todo] = []
        self.fed: list[int] = []
        self.rejects: dict[int, list[tuple[str, str]]] = {}
        self.failed: set[int] = set()
        """Numbers of inputs that gave nothing because they failed."""
        self._counts: list[int] = []
        self._refused: set[int] = set()
        self._pending = _Pending()
        self._whole = 0
        self._unkept: int | None = None
        self._known: deque[str] = deque()  # filled by the thread that reads the source
        self._num_rows = self._num_bytes = 0
        self._started_s = clock()
        self._on_error: OnError = "skip"

    def run(self, on_error: OnError, trace: Trace | None = None) -> None:
        """Work on as many inputs as the shard takes.

        Raises:
            OperatorError: an operator failed and ``on_error`` is "raise"; its position counts from the source's start.
            InputError: the same for an input that could not be read.
            TargetError: the same for a value that cannot be stored; or the target cannot be written.
        """
        self._on_error = on_error
        options = RunOptions(on_error, rejected=self._reject, by_rows=True, trace=trace, lane=Lane.BULK)
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

    def sealed(self) -> Sealed:
        """What the journal notes."""
        counts = [FAILED] * len(self.todo)
        for index, count in zip(self.fed, self._counts, strict=True):
            counts[index] = FAILED if not count and index in self.failed else count
        return Sealed(
            self.writer.number,
            [named(todo.key) for todo in self.todo],
            b"".join(todo.digest for todo in self.todo),
            counts,
            {index: (self.todo[index].key, why) for index, why in self.rejects.items()},
            self.writer.first,
        )

    def is_done(self, index: int) -> bool:
        """Whether an input is through and has not failed."""
        return index not in self.failed and self._whole > 0 and index <= self.fed[self._whole - 1]

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
        is_late = len(self.todo) >= ENOUGH_INPUTS and self.clock() - self._started_s > LONG_S
        num_bytes = self._num_bytes + self._pending.num_bytes
        return is_late or self._num_rows >= self.most * ROWS_AN_INPUT or num_bytes >= MANY_BYTES

    def _take(self, rows: Rows) -> None:
        positions, values = list(rows.positions), rows.values
        if self._refused and not self._refused.isdisjoint(positions):
            kept = [i for i, position in enumerate(positions) if position not in self._refused]
            positions, values = [positions[i] for i in kept], [values[i] for i in kept]
        self._num_rows += len(values)
        self._pending.add(positions, values)
        self._whole = max(self._whole, rows.stop)
        if self._pending.is_much:
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
        pending, self._pending = self._pending, _Pending()
        positions = pending.positions
        if positions:  # rows are in order: what has a later input behind it is whole
            self._whole = max(self._whole, positions[-1])
        if self._unkept is not None and self._unkept < self._whole and self._unkept not in positions[:1]:
            self._keep()
        stop = bisect_left(positions, self._whole)
        if stop:
            self._write_whole(pending, 0, stop)
        if stop < len(positions):
            self._write_open(pending, stop)
        self.feed.progress.worked(0, self.writer.num_bytes - self._num_bytes)
        self._num_bytes = self.writer.num_bytes

    def _write_whole(self, pending: _Pending, start: int, stop: int) -> None:
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

    def _write_open(self, pending: _Pending, start: int) -> None:
        """Write rows of the last input, which goes on."""
        position = pending.positions[-1]
        self._unkept = position
        try:
            self._write_rows(pending, start, len(pending.positions))
        except OddValueError as odd:
            self._refuse(position, odd)

    def _write_rows(self, pending: _Pending, start: int, stop: int) -> None:
        positions, rows = pending.positions[start:stop], pending.values[start:stop]
        inputs = [self.todo[self.fed[position]].key for position in positions]
        columns = {name: self._column(rows, place) for place, name in enumerate(self.names)}
        self.writer.write(Shard(inputs, columns), pending.num_bytes * len(rows) // len(pending.values))
        for position in positions:
            self._counts[position] += 1

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
            self.writer.write(Shard([key], {name: [None] for name in self.names}), 0)
            self._keep()
            self._counts[position] = 1
