"""Appliers whose rows are worked on in other processes: for callables that hold the interpreter lock.

A worker builds its own operator from the class and its parameters, or gets the pickled callable,
once. Iterators cannot travel: they cross as lists of what they give.

A worker that dies takes its batch with it: the batch is tried again by itself, halved until the row that kills is
found; the rest goes on. Workers end with their parent, however it ends.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.batching import BatchSize
from junco.engine.counted import count
from junco.engine.shared_arrays import Packet, free_of_dead, pack
from junco.engine.worker import Given, WorkerDied, work
from junco.engine.workers import workers
from junco.errors import ContractError, MissingExtraError
from junco.forks import ForkedLock
from junco.operator.base import Operator
from junco.operator.notes import until
from junco.operator.residents import files_of
from junco.operator.spec import OperatorSpec

_alone = ForkedLock()
"""Held while a batch that lost its worker is tried again: so that nobody else's batch can be the one that kills."""


class ProcessApplier(Applier):
    """Runs a callable or an operator in ``num_workers`` processes."""

    def __init__(
        self, fn: Callable[..., Any] | OperatorSpec, num_workers: int, size: BatchSize, *, is_many: bool = False
    ) -> None:
        self._size = size
        self._learning = threading.Lock()
        self._payload = _portable_callable(fn, is_many=is_many)
        self._key = hashlib.sha256(self._payload).hexdigest()
        workers.enter(id(self), num_workers)

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._size.rows

    def close(self) -> None:
        """Nobody sends rows any more."""
        workers.leave(id(self))

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        columns = [[_sendable(v) if isinstance(v, Iterator) else v for v in column] for column in columns]
        while len(results) < num_rows and not (stop and failures):
            start = len(results)
            size = min(self._size.rows, num_rows - start)
            self._extend(results, failures, [c[start : start + size] for c in columns], size, stop)
        return results, failures

    def _extend(self, results: list[Any], failures: list[Failure], columns: Columns, num_rows: int, stop: bool) -> None:
        if stop and failures:
            return
        started = time.perf_counter()
        try:
            given, failed, noted = self._submit(columns, num_rows)
        except Exception as error:  # a worker died, or a row does not pickle
            with _alone():
                self._again(results, failures, columns, num_rows, stop, error)
            return
        with self._learning:  # several threads wait for batches of one step
            self._size.observe(num_rows, time.perf_counter() - started)
        start = len(results)
        failures.extend(Failure(start + row, error) for row, error in failed)
        end = failed[0][0] if stop and failed else num_rows
        results.extend(given[:end])
        count(until(noted, end), columns)

    def _again(
        self,
        results: list[Any],
        failures: list[Failure],
        columns: Columns,
        num_rows: int,
        stop: bool,
        error: BaseException,
    ) -> None:
        """Find the row that kills its worker, or does not come through."""
        if num_rows > 1:
            half = num_rows // 2
            self._extend(results, failures, [c[:half] for c in columns], half, stop)
            self._extend(results, failures, [c[half:] for c in columns], num_rows - half, stop)
            return
        try:
            given, failed, noted = self._submit(columns, 1)
            count(noted, columns)
        except BrokenProcessPool:
            failed, given = [(0, WorkerDied("the worker process died on this row"))], [None]
            failed[0][1].__cause__ = error
        except Exception as lost:
            failed, given = [(0, lost)], [None]
        failures.extend(Failure(len(results) + row, failure) for row, failure in failed)
        results.extend([] if stop and failed else given)

    def _submit(self, columns: Columns, num_rows: int) -> Given:
        packet = pack([list(column) for column in columns], os.getpid())
        future: Future[Packet]
        try:
            future, sent_to = workers.submit(work, self._key, self._payload, packet, num_rows)
        except BaseException:
            packet.discard()
            raise
        try:
            given: Given = future.result().unpack()
        except BrokenProcessPool:
            packet.discard()
            workers.lost(sent_to)
            free_of_dead(os.getpid())
            raise
        except KeyboardInterrupt:  # the caller goes: what the worker still gives is nobody's
            future.add_done_callback(_discard)
            raise
        return given


def _discard(future: Future[Packet]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().discard()


def _portable_callable(fn: Callable[..., Any] | OperatorSpec, *, is_many: bool) -> bytes:
    """A callable, or an operator's class and parameters, as bytes from which every worker builds its own.

    With ``is_many`` iterators among the results become lists: rows, which a worker draws to their end.
    """
    try:
        import cloudpickle
    except ImportError:
        raise MissingExtraError("cloudpickle", "processes", "backend='process'") from None
    made: tuple[Any, ...] = (None, fn, is_many, ())
    if isinstance(fn, OperatorSpec):
        # of the files that lie there now: of others the workers must build another one
        made = (_maker(fn.load()), fn.params, is_many, files_of(fn))
    module = sys.modules.get(getattr(made[0] or made[1], "__module__", ""))
    if module is not None and not _can_be_imported(module.__name__):
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(made)  # type: ignore[no-any-return]  # cloudpickle is not typed
    except Exception as error:
        raise ContractError(f"{fn!r} cannot go to another process: {error}") from error


def _maker(operator: type[Operator]) -> Any:
    """What a worker has an operator's class by: itself, or what makes it again where no path leads to its code."""
    loader: Any = getattr(sys.modules.get(operator.__module__), "__loader__", None)
    return partial(loader.again, operator.__module__, operator.__qualname__) if hasattr(loader, "again") else operator


def _can_be_imported(module: str) -> bool:
    """Whether a worker finds it too: not if it was made on the fly, or loaded from a file that is on no path."""
    package = module.partition(".")[0]
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return package == "__main__" or any(finder.find_spec(package, None) for finder in finders)


def _sendable(values: Iterator[Any]) -> Any:
    """An iterator that can be sent, more than once where a worker dies; one that fails does so when it is sent."""
    try:
        return iter(list(values))
    except Exception as error:
        return _Broken(error)


class _Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __reduce__(self) -> tuple[Any, ...]:
        raise self._error
