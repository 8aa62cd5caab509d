"""``reduce``: a callable takes all rows of a scope from an iterator, while they come; memory is its accumulator.

A scope that lies whole in one block is reduced on the spot. Where rows go on in the next block the callable waits in a
thread of its own, which is fed block by block.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from junco.engine.apply import Applier, Failure
from junco.engine.ended import want_no_more
from junco.engine.fields import each_read
from junco.engine.group import GroupStage
from junco.engine.rows import Block
from junco.engine.stage import StageOptions
from junco.plan.program import Operation

QUICK_S, NUM_WAITED = 0.005, 4
"""How long a consumer is waited for, with each of the first lists: later it works beside whoever makes the rows."""

Result = tuple[list[Any], list[Failure]]
Values = Sequence[Any] | None
"""Of a scope, as they come; ``None`` ends them."""
Wait = Callable[[], Values]


class ReduceStage(GroupStage):
    """All rows of a scope row become one value, through an iterator."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, applier, options)
        self.reduction: Reduction | None = None

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            own_rows, sees = self.members(block, self.step.level, self.step.reads), self.takes_part(block)
            columns = own_rows.columns
            values = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
            results: list[Any] = [None] * block.rows(self.scope)
            failed: list[tuple[int, BaseException, str]] = []
            for scope_row, own in enumerate(own_rows.slices):
                if not sees[scope_row]:
                    continue
                reduced = self._reduced(
                    values[own], self.is_continued(block, scope_row), self.is_complete(block, scope_row)
                )
                if reduced is None:
                    if self.reduction is not None and self.reduction.is_done:
                        want_no_more(block, self.scope, scope_row, self.name)
                    continue
                given, failures = reduced
                self.checked(given, failures)
                if failures:
                    failed.append((scope_row, failures[0].error, "the rows of a scope"))
                    if self.stops:
                        break
                else:
                    results[scope_row] = given[0]
            self.written(block, self.step.writes, self.scope, results)
            self.fail(block, self.scope, failed)
            yield block

    def _reduced(self, values: Sequence[Any], is_continued: bool, is_complete: bool) -> Result | None:
        if not is_continued and is_complete:
            return self._consumed(iter(values))
        if not is_continued or self.reduction is None:
            self.reduction = Reduction(self._consumed, self.apply.outside)
        self.reduction.put(values)
        if not is_complete:
            return None
        reduction, self.reduction = self.reduction, None
        return reduction.result()

    def _consumed(self, values: Iterator[Any]) -> Result:
        reads = self.step.reads
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
    """A consumer of an iterator in a thread of its own, given its values list by list.

    Args:
        consume: makes a result of an iterator.
        outside: has the consumer wait with its place open to others: rows that it waits for may need the same one.
    """

    def __init__(self, consume: Callable[[Iterator[Any]], Result], outside: Callable[[Wait], Values]) -> None:
        self._outside = outside
        self._lists: queue.Queue[Values] = queue.Queue(maxsize=2)
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

    def _send(self, values: Values) -> None:
        while not self._done.is_set():
            try:
                self._lists.put(values, timeout=0.05)
                return
            except queue.Full:
                continue

    def _run(self, consume: Callable[[Iterator[Any]], Result]) -> None:
        try:
            self._result = consume(self._values())
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

    def _next(self) -> Values:
        if not self._lists.empty():
            return self._lists.get()
        self._is_hungry.set()
        if threading.current_thread() is not self._thread:  # a thread that the callable has made itself
            return self._lists.get()
        return self._outside(self._lists.get)
