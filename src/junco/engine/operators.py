"""Appliers of operators: batches of a size that they bear, halved when memory runs out, bisected around a bad row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from junco.engine.apply import Applier, Columns, Failure, Waited, is_no_value, kinds_of
from junco.engine.batching import BatchSize
from junco.engine.counted import count
from junco.errors import ContractError, ResultError
from junco.memory import is_out_of_memory, let_go
from junco.operator.gate import Gate
from junco.operator.hints import Hints
from junco.operator.lanes import Lane, lane
from junco.operator.notes import NOTHING, Noted, joined, put_back, set_aside, shifted, taken
from junco.operator.resident import Resident
from junco.operator.residents import residents
from junco.operator.results import checked_results, with_pixels

NUM_RETRIES = 3
RETRY_WAIT_S = 0.1


class Worked:
    """What was made of rows: results, failures, and what the operator has noted of those that did not fail."""

    __slots__ = ("failures", "noted", "results")

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.failures: list[Failure] = []
        self.noted: Noted = NOTHING


class OperatorApplier(Applier):
    """An operator: batches of a size that it bears, halved when memory runs out, bisected when a row is poisoned.

    Args:
        resident: it.
        size: of its batches.
        make_room: called when memory runs out.
        makes_rows: rows are wanted of one that gives one result or rows.
    """

    def __init__(
        self,
        resident: Resident,
        size: BatchSize,
        make_room: Callable[..., object] = residents.make_room,
        *,
        makes_rows: bool = False,
    ) -> None:
        self.resident = resident
        self._makes_rows = makes_rows
        self._size = size
        self._make_room = make_room
        self._learning = threading.Lock()
        self.hints: Hints = resident.operator.hints
        self._bears_all = self.hints.thread_safe and self.hints.max_batch == 1
        """Whether as many single calls as there are may be inside, a row each; batches and jobs may not."""

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._size.rows

    @property
    def gains_from_batches(self) -> bool:
        """Whether rows of several callers should share a batch."""
        return self.hints.max_batch != 1

    @property
    def gives_streams(self) -> bool:
        """Whether the operator gives the rows of one item at a time, one by one."""
        return self.resident.operator.gives_streams()

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        is_free = self._bears_all and lane() is Lane.ONLINE
        worked = self._worked(columns, num_rows, stop, has_place=is_free)
        if worked.noted:
            count(worked.noted, columns)
        return worked.results, worked.failures

    def outside(self, wait: Callable[[], Waited]) -> Waited:
        if self._bears_all and lane() is Lane.ONLINE:
            return wait()
        self.resident.end_place(0)
        try:
            return wait()
        finally:
            self.resident.take_place()

    def draw(self, values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
        """The same; what the operator notes of the item while its rows are drawn counts, unless it fails."""
        operator: Any = self.resident.operator
        before = set_aside(operator._noted) if operator._noted else None
        try:
            given, error = super().draw(values, most)
            given, error = _looked_at(operator, given, error)
            if operator._noted and error is None:
                count(taken(operator, 1))
            return given, error
        finally:
            if operator._noted or before is not None:
                put_back(operator._noted, before)

    def inside(self, columns: Columns, num_rows: int) -> Worked:
        """The same for whoever has a place at the operator, and counts what was noted himself."""
        return self._worked(columns, num_rows, stop=False, has_place=True)

    def _worked(self, columns: Columns, num_rows: int, stop: bool, *, has_place: bool) -> Worked:
        worked = Worked()
        results = worked.results
        resident = self.resident
        resident.begin()
        try:
            while (start := len(results)) < num_rows and not (stop and worked.failures):
                before = resident.gate.stands()
                try:
                    if not has_place:
                        resident.take_place()
                    self._next_batch(worked, columns, num_rows, stop)
                finally:
                    if resident.gate.stands() != before:  # between two batches others may be next
                        resident.end_place(len(results) - start)
        finally:
            resident.end()
        return worked

    def _next_batch(self, worked: Worked, columns: Columns, num_rows: int, stop: bool) -> None:
        """Append the results of as many rows as the operator bears."""
        operator, start = self.resident.opened(), len(worked.results)
        end = start + self._size.take(operator.cost, columns, start, num_rows)
        self._extend(worked, operator, [column[start:end] for column in columns], end - start, stop)

    def _extend(self, worked: Worked, operator: Any, columns: Columns, num_rows: int, stop: bool) -> None:
        """Append the results of a batch; halve it until whatever fails stands alone."""
        results, failures = worked.results, worked.failures
        if stop and failures:
            return
        started = time.perf_counter()
        try:
            given, noted = tried(operator, columns, num_rows, makes_rows=self._makes_rows)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failed = error
        else:
            if noted:
                worked.noted = joined(worked.noted, shifted(noted, len(results)))
            results.extend(self._held(given))
            with self._learning:  # several threads may run batches of one operator
                self._size.observe(num_rows, time.perf_counter() - started)
            return
        if is_out_of_memory(failed):
            let_go(failed)  # what the batch had made would be there while its halves are tried
            with self._learning:
                self._size.lower(num_rows)
            self._make_room(share=0.5)
        if num_rows == 1 or (isinstance(failed, ContractError) and not isinstance(failed, ResultError)):
            for _ in range(num_rows):
                failures.append(Failure(len(results), failed))
                if stop:
                    return
                results.append(None)
            return
        del failed
        half = num_rows // 2
        self._extend(worked, operator, [c[:half] for c in columns], half, stop)
        self._extend(worked, operator, [c[half:] for c in columns], num_rows - half, stop)

    def _held(self, given: Sequence[Any]) -> Sequence[Any]:
        """Results with iterators among them as leases: the operator stays open while somebody draws from them."""
        if not isinstance(given, (list, tuple)) or not any(map(is_no_value, kinds_of(given))):
            return given
        return self.resident.given(given)


def _looked_at(operator: Any, given: list[Any], error: BaseException | None) -> tuple[list[Any], BaseException | None]:
    """Rows that were drawn, if they are what the operator's ports say; else the error of that."""
    if operator._promised is None:
        return given, error
    try:
        operator._promised.check_rows(given)
    except ResultError as odd:
        return [], odd
    return given, error


Given = tuple[Sequence[Any], Noted]
"""An operator's results for a batch, and what it has noted of the rows."""


def results_of(operator: Any, columns: Columns, num_rows: int, *, makes_rows: bool = False, **state: Any) -> Given:
    """An operator's results for a batch, as many as rows, and what it has noted."""
    work = operator.streams if makes_rows else operator.batch
    noted = operator._noted
    before = set_aside(noted) if noted else None
    if operator._image_inputs:
        columns = with_pixels(columns, operator._image_inputs)
    try:
        results = checked_results(operator, work(*columns, **state), num_rows)
        return results, taken(operator, num_rows) if noted else NOTHING
    finally:
        if noted or before is not None:
            put_back(noted, before)


def tried(operator: Any, columns: Columns, num_rows: int, *, makes_rows: bool = False) -> Given:
    """The same; errors that the operator calls transient are tried again."""
    retry = operator.hints.retry
    if not retry:
        return results_of(operator, columns, num_rows, makes_rows=makes_rows)
    return retried(partial(results_of, operator, columns, num_rows, makes_rows=makes_rows), retry)


def retried(call: Callable[[], Given], retry: tuple[type[BaseException], ...]) -> Given:
    """What a call gives, which is made again after errors of these kinds."""
    for attempt in range(NUM_RETRIES if retry else 0):
        try:
            return call()
        except retry:
            time.sleep(RETRY_WAIT_S * 2**attempt)
    return call()


class Replicas(Applier):
    """Several instances of one operator; a batch goes to one that is free.

    One that calls its own pipeline lends itself to what it waits for.
    """

    def __init__(self, appliers: Sequence[OperatorApplier]) -> None:
        self._first = appliers[0]
        self._gate = Gate(appliers)

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._first.batch_rows

    def one(self, *item: Any) -> Any:
        """The result for one row; its exception is raised."""
        before = self._gate.stands()
        try:
            return self._gate.take().what.one(*item)
        finally:
            if self._gate.stands() != before:
                self._gate.mine().release()

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        before = self._gate.stands()
        try:
            given: tuple[list[Any], list[Failure]] = self._gate.take().what(columns, num_rows, stop=stop)
            return given
        finally:
            if self._gate.stands() != before:
                self._gate.mine().release(num_rows)


class MovingApplier(Applier):
    """Runs an operator here until its rows turn out to be slow, then in other processes."""

    MIN_ROWS, MIN_S, SLOW_ROW_S = 8, 0.2, 0.002

    def __init__(self, here: OperatorApplier, elsewhere: Callable[[], Applier]) -> None:
        self._here = here
        self._elsewhere = elsewhere
        self._moved: Applier | None = None
        self._is_closed = False
        self._num_rows = 0
        self._seconds = 0.0

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._here.batch_rows

    def one(self, *item: Any) -> Any:
        """The result for one row, always here: a single call is not worth the way."""
        return self._here.one(*item)

    def close(self) -> None:
        """Nobody sends rows any more."""
        self._is_closed = True
        if self._moved is not None:
            self._moved.close()

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        if self._moved is not None:
            return self._moved(columns, num_rows, stop=stop)
        started = time.perf_counter()
        given = self._here(columns, num_rows, stop=stop)
        self._num_rows += num_rows
        self._seconds += time.perf_counter() - started
        if self._num_rows >= self.MIN_ROWS and self._seconds > max(self.MIN_S, self.SLOW_ROW_S * self._num_rows):
            self._moved = self._elsewhere()
            if self._is_closed:  # meanwhile
                self._moved.close()
        return given
