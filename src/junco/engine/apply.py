"""Apply a step's callable to columns of rows: plain callables row by row, operators batch by batch.

An applier gives as many results as rows, and the failures: which row, which exception. A failed row's result is
``None``. With ``stop`` the first failure ends the work, and the results end with the rows before it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from junco.engine.batching import BatchSize
from junco.engine.turns import Turn
from junco.errors import ContractError
from junco.memory import is_out_of_memory
from junco.operator.base import checked_results
from junco.operator.hints import Hints
from junco.operator.resident import Resident
from junco.operator.residents import residents

Columns = Sequence[Sequence[Any]]
NUM_RETRIES = 3
RETRY_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Failure:
    """Row ``row`` of the columns failed with ``error``."""

    row: int
    error: BaseException


class Applier(Protocol):
    """What a stage calls to have its rows worked on."""

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""

    def one(self, *item: Any) -> Any:
        """The result for one row; its exception is raised."""
        results, failures = self([[value] for value in item], 1, stop=True)
        if failures:
            raise failures[0].error
        return results[0]

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        """Results and failures for rows; ``columns`` hold one sequence for each argument."""
        ...


class PlainApplier:
    """A Python callable: one thread at a time, in row order; the caller's own object, never a copy."""

    batch_rows = 1

    def __init__(self, fn: Callable[..., Any], turn: Turn | None) -> None:
        self._fn = fn
        self._turn = turn
        self.one = fn if turn is None else self._alone

    def _alone(self, *item: Any) -> Any:
        assert self._turn is not None
        turn = self._turn.take()
        try:
            return self._fn(*item)
        finally:
            turn.release()

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        turn = self._turn.take() if self._turn is not None else None
        try:
            return self._in_order(columns, num_rows, stop)
        finally:
            if turn is not None:
                turn.release()

    def _in_order(self, columns: Columns, num_rows: int, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        while len(results) < num_rows:
            rest = [column[len(results) :] for column in columns] if results else columns
            error = _extend(results, self._fn, rest, num_rows)
            if error is None:
                break
            failures.append(Failure(len(results), error))
            if stop:
                break
            results.append(None)
        return results, failures


def _extend(results: list[Any], fn: Callable[..., Any], columns: Columns, num_rows: int) -> BaseException | None:
    """Append ``fn``'s results until it fails; list.extend keeps what came before the exception."""
    try:
        results.extend(map(fn, *columns))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() in an operator fails a row, not a thread
        return error
    return stopped() if len(results) < num_rows else None


def stopped() -> StopIteration:
    """The failure of a row whose callable raised StopIteration, which says nothing by itself."""
    return StopIteration("the callable raised StopIteration")


class OperatorApplier(Applier):
    """An operator: batches of a size that it bears, halved when memory runs out, bisected when a row is poisoned."""

    def __init__(self, resident: Resident, size: BatchSize) -> None:
        self._resident = resident
        self._size = size
        self._learning = threading.Lock()
        self.hints: Hints = resident.operator.hints

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._size.rows

    @property
    def gains_from_batches(self) -> bool:
        """Whether rows of several callers should share a batch."""
        return self.hints.max_batch != 1 and not self.hints.stateful

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        with self._resident as operator:
            while len(results) < num_rows and not (stop and failures):
                start = len(results)
                count = self._size.take(operator.cost, columns, start, num_rows)
                batch = [column[start : start + count] for column in columns]
                self._extend(results, failures, operator, batch, count, stop)
        return results, failures

    def _extend(
        self,
        results: list[Any],
        failures: list[Failure],
        operator: Any,
        columns: Columns,
        num_rows: int,
        stop: bool,
    ) -> None:
        """Append the results of a batch; halve it until whatever fails stands alone."""
        if stop and failures:
            return
        started = time.perf_counter()
        try:
            given = tried(operator, columns, num_rows)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failed = error
        else:
            results.extend(given)
            with self._learning:  # several threads may run batches of one operator
                self._size.observe(num_rows, time.perf_counter() - started)
            return
        if is_out_of_memory(failed):
            with self._learning:
                self._size.lower(num_rows)
            residents.make_room(share=0.5)
        if num_rows == 1 or self.hints.stateful or isinstance(failed, ContractError):
            for _ in range(num_rows):
                failures.append(Failure(len(results), failed))
                if stop:
                    return
                results.append(None)
            return
        half = num_rows // 2
        self._extend(results, failures, operator, [c[:half] for c in columns], half, stop)
        self._extend(results, failures, operator, [c[half:] for c in columns], num_rows - half, stop)


def tried(operator: Any, columns: Columns, num_rows: int) -> Sequence[Any]:
    """An operator's results for a batch; errors that it calls transient are tried again."""
    name, retry = operator.spec.name, operator.hints.retry
    for attempt in range(NUM_RETRIES if retry else 0):
        try:
            return checked_results(name, operator.batch(*columns), num_rows)
        except retry:
            time.sleep(RETRY_WAIT_S * 2**attempt)
    return checked_results(name, operator.batch(*columns), num_rows)


class Replicas:
    """Several instances of one operator; a batch goes to one that is free."""

    def __init__(self, appliers: Sequence[OperatorApplier]) -> None:
        self._first = appliers[0]
        self._free: queue.LifoQueue[OperatorApplier] = queue.LifoQueue()
        for applier in appliers:
            self._free.put(applier)

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._first.batch_rows

    def one(self, *item: Any) -> Any:
        """The result for one row; its exception is raised."""
        applier = self._free.get()
        try:
            return applier.one(*item)
        finally:
            self._free.put(applier)

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        applier = self._free.get()
        try:
            return applier(columns, num_rows, stop=stop)
        finally:
            self._free.put(applier)


class MovingApplier:
    """Runs an operator here until its rows turn out to be slow, then in other processes."""

    MIN_ROWS, MIN_S, SLOW_ROW_S = 8, 0.2, 0.002

    def __init__(self, here: OperatorApplier, elsewhere: Callable[[], Applier]) -> None:
        self._here = here
        self._elsewhere = elsewhere
        self._moved: Applier | None = None
        self._num_rows = 0
        self._seconds = 0.0

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._here.batch_rows

    @property
    def is_moved(self) -> bool:
        """Whether its rows are worked on in other processes by now."""
        return self._moved is not None

    def one(self, *item: Any) -> Any:
        """The result for one row, always here: a single call is not worth the way."""
        return self._here.one(*item)

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        if self._moved is not None:
            return self._moved(columns, num_rows, stop=stop)
        started = time.perf_counter()
        given = self._here(columns, num_rows, stop=stop)
        self._num_rows += num_rows
        self._seconds += time.perf_counter() - started
        if self._num_rows >= self.MIN_ROWS and self._seconds > max(self.MIN_S, self.SLOW_ROW_S * self._num_rows):
            self._moved = self._elsewhere()
        return given
