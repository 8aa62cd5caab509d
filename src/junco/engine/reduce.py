"""``reduce``: a callable takes all rows of a scope from an iterator, while they come; memory is its accumulator.

A scope that lies whole in one block is reduced on the spot. Where rows go on in the next block the callable waits in a
thread of its own, which is fed block by block.

Rows are made ahead of it. Which of them failed (`Late`) counts where it asked for more after all rows before: so what
comes out does not depend on how far ahead that was.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from junco.engine.apply import Applier, Failure
from junco.engine.ended import want_no_more
from junco.engine.fields import each_read
from junco.engine.group import GroupStage
from junco.engine.rows import Block, Late, Reject
from junco.engine.stage import StageOptions
from junco.graph.levels import Level
from junco.plan.program import Operation

QUICK_S, NUM_WAITED = 0.005, 4
"""How long a consumer is waited for, with each of the first lists: later it works beside whoever makes the rows."""

Result = tuple[list[Any], list[Failure]]


class _Failed(BaseException):
    """A failure among the rows ends the reduction; only the callable's own clean-up sees it."""


class Reached:
    """Gives a reduction its values, and notes the failures that it came to.

    Args:
        ends: whether one of them is the failure of the whole scope.
        is_place: whether the row keeps its place.
        place: what then stands for its values.
    """

    def __init__(self, ends: Callable[[Late], bool], is_place: Callable[[Late], bool], place: Any) -> None:
        self.lates: list[Late] = []
        self.end: Late | None = None
        self._ends = ends
        self._is_place = is_place
        self._place = place

    def values(self, given: Iterable[Any]) -> Iterator[Any]:
        """The values without the failures among them."""
        for value in given:
            if not isinstance(value, Late):
                yield value
                continue
            if self._ends(value):
                self.end = value
                raise _Failed
            self.lates.append(value)
            if self._is_place(value):
                yield self._place


def _told(lates: Iterable[Late]) -> list[Reject]:
    """What is to be told of failures, each once, however many reductions reach it."""
    rejects = []
    for late in lates:
        if not late.is_told:
            rejects.append(late.reject)
        late.is_told = True
    return rejects


class ReduceStage(GroupStage):
    """All rows of a scope row become one value, through an iterator."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.reduction: Reduction | None = None

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            results: list[Any] = [None] * block.rows(self.scope)
            failed: list[int] = []
            rejects: list[Reject] = []
            for scope_row, (given, failures), reached in self._reduced(block):
                block.rejects += _told(reached.lates)
                self.checked(given, failures)
                if reached.end is not None:
                    failed.append(scope_row)
                    is_only = self.stops or self.waits(self.scope)  # else a reduction beside it may have told it
                    rejects += [reached.end.reject] if is_only else _told([reached.end])
                elif failures:
                    failed.append(scope_row)
                    failure = (scope_row, failures[0].error, "the rows of a scope")
                    rejects += self.rejects(block, self.scope, [failure])
                else:
                    results[scope_row] = given[0]
                if failed and self.stops:
                    break
            self.written(block, self.step.writes, self.scope, results)
            if failed:
                self.put_aside(block, self.scope, failed, rejects)
            yield block

    def _reduced(self, block: Block) -> Iterator[tuple[int, Result, Reached]]:
        """The scope rows that are done with, what was made of each, and the failures that were reached."""
        values, slices = self._values(block)
        sees = self.takes_part(block)
        for scope_row, own in enumerate(slices):
            if not sees[scope_row]:
                continue
            is_complete = self.is_complete(block, scope_row)
            if is_complete and not self.is_continued(block, scope_row):
                reached = self._reached()
                yield scope_row, self._consumed(values[own], reached), reached
                continue
            reduction = self._fed(values[own], is_continued=self.is_continued(block, scope_row))
            if is_complete or (self.stops and reduction.has_failed):
                self.reduction = None
                yield scope_row, reduction.result(), reduction.reached
            elif reduction.is_done:
                want_no_more(block, self.scope, scope_row, self.name)

    def _values(self, block: Block) -> tuple[Sequence[Any], list[slice]]:
        """The values of all scope rows, failures that wait among them, and for each scope row which are its own."""
        level = self.step.level
        members = self.members(block, level, self.step.reads)
        columns = members.columns
        values: Sequence[Any] = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        if (lates := block.late(level, self.scope)) is not None:
            values = [lates[row] or value for row, value in zip(members.chosen, values, strict=True)]
        return values, members.slices

    def _there(self, block: Block, level: Level) -> list[bool] | None:
        there, lates = super()._there(block, level), block.late(level, self.scope)
        if there is None or lates is None:
            return there
        return [is_there or late is not None for is_there, late in zip(there, lates, strict=True)]

    def _fed(self, values: Sequence[Any], *, is_continued: bool) -> Reduction:
        """The reduction of the scope row that goes on, with more of its values."""
        if self.reduction is None or not is_continued:
            self.close()
            self.reduction = Reduction(self._consumed, self._reached())
        self.reduction.put(values)
        return self.reduction

    def _reached(self) -> Reached:
        on_error, level = self.options.on_error, self.step.level
        return Reached(
            lambda late: on_error == "raise" or late.level.is_above(self.scope),
            lambda late: on_error == "none" and late.level is level,
            None if len(self.step.reads) == 1 else (None,) * len(self.step.reads),
        )

    def _consumed(self, given: Iterable[Any], reached: Reached) -> Result:
        reads = self.step.reads
        values = reached.values(given)
        if any(slot.fields for slot in reads):
            values = each_read(values, len(reads))
        return self.apply([[values]], 1, stop=True)

    def close(self) -> None:
        if self.reduction is not None:
            self.reduction.cancel()
            self.reduction = None


class _Cancelled(BaseException):
    """The run ended before the rows did; only the callable's own clean-up sees it."""


class Reduction:
    """A consumer of an iterator in a thread of its own, given its values list by list."""

    def __init__(self, consume: Callable[[Iterable[Any], Reached], Result], reached: Reached) -> None:
        self.reached = reached
        self._lists: queue.Queue[Sequence[Any] | None] = queue.Queue(maxsize=2)
        self._is_cancelled = False
        self._done = threading.Event()
        self._is_hungry = threading.Event()
        self._num_sent = 0
        self._result: Result = [], []
        self._thread = threading.Thread(target=self._run, args=(consume,), name="junco-reduce", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether the consumer has returned."""
        return self._done.is_set()

    @property
    def has_failed(self) -> bool:
        """Whether a failure among its rows has ended it."""
        return self.is_done and self.reached.end is not None

    def put(self, values: Sequence[Any]) -> None:
        """Hand over values; waits while two lists are waiting already, and returns at once when nobody listens.

        A quick consumer is waited for at first: it may want no more, and then no more are made.
        """
        self._is_hungry.clear()
        self._send(values)
        self._num_sent += 1
        if self._num_sent <= NUM_WAITED and not self.is_done:
            self._is_hungry.wait(QUICK_S)

    def result(self) -> Result:
        """End the values and wait for what the consumer makes of them."""
        self._send(None)
        self._thread.join()
        return self._result

    def cancel(self) -> None:
        """Let the consumer end when it asks for its next value; does not wait, since it may be at work for long."""
        self._is_cancelled = True
        with contextlib.suppress(queue.Full):  # then it is not waiting for a list
            self._lists.put_nowait(None)

    def _send(self, values: Sequence[Any] | None) -> None:
        while not self._done.is_set():
            try:
                self._lists.put(values, timeout=0.05)
                return
            except queue.Full:
                continue

    def _run(self, consume: Callable[[Iterable[Any], Reached], Result]) -> None:
        try:
            self._result = consume(self._values(), self.reached)
        except _Cancelled:
            pass
        finally:
            self._done.set()
            self._is_hungry.set()

    def _values(self) -> Iterator[Any]:
        while (values := self._next()) is not None and not self._is_cancelled:
            yield from values
        if self._is_cancelled:
            raise _Cancelled

    def _next(self) -> Sequence[Any] | None:
        if self._lists.empty():
            self._is_hungry.set()
        return self._lists.get()
