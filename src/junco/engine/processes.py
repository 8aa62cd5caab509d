"""Appliers whose rows are worked on in other processes: for callables that hold the interpreter lock.

The pool is loky's. A worker builds its own operator from the class and its parameters, or gets the pickled callable,
once. A worker that dies takes its batch with it: the batch is tried again by itself, halved until the row that kills is
found; the rest goes on.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.batching import BatchSize
from junco.engine.shared_arrays import Packet, pack
from junco.errors import ContractError, JuncoError, MissingExtraError
from junco.operator.base import Operator, checked_results
from junco.operator.spec import OperatorSpec

IDLE_S = 60.0
_alone = threading.RLock()
"""Held while a batch that lost its worker is tried again: so that nobody else's batch can be the one that kills."""


class ProcessApplier(Applier):
    """Runs a callable or an operator in ``num_workers`` processes."""

    def __init__(self, fn: Callable[..., Any] | OperatorSpec, num_workers: int, size: BatchSize) -> None:
        self.num_workers = num_workers
        self._size = size
        self._payload = _portable_callable(fn)
        self._key = hashlib.sha256(self._payload).hexdigest()

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._size.rows

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        while len(results) < num_rows and not (stop and failures):
            start = len(results)
            count = min(self._size.rows, num_rows - start)
            self._extend(results, failures, [c[start : start + count] for c in columns], count, stop)
        return results, failures

    def _extend(self, results: list[Any], failures: list[Failure], columns: Columns, num_rows: int, stop: bool) -> None:
        if stop and failures:
            return
        try:
            given, failed = self._submit(columns, num_rows)
        except Exception as error:  # a worker died, or a row does not pickle
            with _alone:
                self._again(results, failures, columns, num_rows, stop, error)
            return
        start = len(results)
        failures.extend(Failure(start + row, error) for row, error in failed)
        results.extend(given[: failed[0][0]] if stop and failed else given)

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
            given, failed = self._submit(columns, 1)
        except BrokenProcessPool:
            failed, given = [(0, WorkerDied("the worker process died on this row"))], [None]
            failed[0][1].__cause__ = error
        except Exception as lost:
            failed, given = [(0, lost)], [None]
        failures.extend(Failure(len(results) + row, failure) for row, failure in failed)
        results.extend([] if stop and failed else given)

    def _submit(self, columns: Columns, num_rows: int) -> tuple[list[Any], list[tuple[int, BaseException]]]:
        packet = pack([list(column) for column in columns], os.getpid())
        try:
            future: Future[Packet] = _executor(self.num_workers).submit(
                _work, self._key, self._payload, packet, num_rows
            )
            results, failures = future.result().unpack()
        except BrokenProcessPool:
            packet.discard()
            raise
        return results, failures


class WorkerDied(JuncoError):
    """A worker process ended while it worked on a row: native code crashed, or the system killed it."""


def _executor(num_workers: int) -> Any:
    try:
        import loky
    except ImportError:
        raise MissingExtraError("loky", "processes", "backend='process'") from None
    return loky.get_reusable_executor(max_workers=num_workers, timeout=IDLE_S, reuse=True)


def _portable_callable(fn: Callable[..., Any] | OperatorSpec) -> bytes:
    """A callable, or an operator's class and parameters, as bytes from which every worker builds its own."""
    try:
        import cloudpickle
    except ImportError:
        raise MissingExtraError("cloudpickle", "processes", "backend='process'") from None
    made = (fn.load(), fn.params) if isinstance(fn, OperatorSpec) else (None, fn)
    module = sys.modules.get(getattr(made[0] or made[1], "__module__", ""))
    if (
        module is not None and module.__spec__ is None and module.__name__ != "__main__"
    ):  # made on the fly: a worker cannot import it
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(made)  # type: ignore[no-any-return]  # cloudpickle is not typed
    except Exception as error:
        raise ContractError(f"{fn!r} cannot go to another process: {error}") from error


_workers: dict[str, Any] = {}


def _work(key: str, payload: bytes, packet: Packet, num_rows: int) -> Packet:
    """In the worker: the results of a batch, and which rows failed."""
    if key not in _workers:
        operator, made = pickle.loads(payload)  # noqa: S301  # from `_portable_callable` in the process that began us
        _workers[key] = made if operator is None else _opened(operator, made)
    worker, columns = _workers[key], packet.unpack()
    if isinstance(worker, Operator):
        return pack(_batch(worker, columns, num_rows), packet.owner)
    results: list[Any] = []
    failures: list[tuple[int, BaseException]] = []
    for row, item in enumerate(zip(*columns, strict=True)):
        try:
            result = worker(*item)
            results.append(list(result) if isinstance(result, Iterator) else result)
        except (Exception, SystemExit) as error:
            results.append(None)
            failures.append((row, _portable(error)))
    return pack((results, failures), packet.owner)


def _opened(operator: type[Operator], params: dict[str, Any]) -> Operator:
    made = operator(**params)
    made.ensure_open()
    return made


def _batch(operator: Operator, columns: Columns, num_rows: int) -> tuple[list[Any], list[tuple[int, BaseException]]]:
    try:
        results = checked_results(operator.spec.name, operator.batch(*columns), num_rows)
        return [list(result) if isinstance(result, Iterator) else result for result in results], []
    except (Exception, SystemExit) as error:
        if num_rows == 1 or isinstance(error, ContractError):
            return [None] * num_rows, [(row, _portable(error)) for row in range(num_rows)]
    half = num_rows // 2
    first, lost = _batch(operator, [c[:half] for c in columns], half)
    second, more = _batch(operator, [c[half:] for c in columns], num_rows - half)
    return first + second, lost + [(half + row, error) for row, error in more]


def _portable(error: BaseException) -> BaseException:
    """The exception, if it survives the way; else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
