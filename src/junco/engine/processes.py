"""Appliers whose rows are worked on in other processes: for callables that hold the interpreter lock.

The pool is loky's. A worker builds its own operator from the class and its parameters, or gets the pickled callable,
once. Iterators cannot travel: they cross as lists of what they give.

A worker that dies takes its batch with it: the batch is tried again by itself, halved until the row that kills is
found; the rest goes on. Workers end with their parent, however it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from junco.engine.apply import Applier, Columns, Failure, stopped
from junco.engine.batching import BatchSize
from junco.engine.operators import tried
from junco.engine.shared_arrays import Packet, free_all_of, pack
from junco.errors import ContractError, JuncoError, MissingExtraError, rebuilt
from junco.memory import is_out_of_memory
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec

Given = tuple[list[Any], list[tuple[int, BaseException]]]
"""Results of a batch, and which of its rows failed."""

IDLE_S = 60.0
WATCH_S = 0.5
"""How often a worker looks whether its parent is there."""

_alone = threading.RLock()
"""Held while a batch that lost its worker is tried again: so that nobody else's batch can be the one that kills."""


class ProcessApplier(Applier):
    """Runs a callable or an operator in ``num_workers`` processes."""

    def __init__(
        self, fn: Callable[..., Any] | OperatorSpec, num_workers: int, size: BatchSize, *, is_many: bool = False
    ) -> None:
        global _num_workers
        _num_workers = max(_num_workers, num_workers)
        self._size = size
        self._learning = threading.Lock()
        self._payload = _portable_callable(fn, is_many=is_many)
        self._key = hashlib.sha256(self._payload).hexdigest()

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._size.rows

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        columns = [[_sendable(v) if isinstance(v, Iterator) else v for v in column] for column in columns]
        while len(results) < num_rows and not (stop and failures):
            start = len(results)
            count = min(self._size.rows, num_rows - start)
            self._extend(results, failures, [c[start : start + count] for c in columns], count, stop)
        return results, failures

    def _extend(self, results: list[Any], failures: list[Failure], columns: Columns, num_rows: int, stop: bool) -> None:
        if stop and failures:
            return
        started = time.perf_counter()
        try:
            given, failed = self._submit(columns, num_rows)
        except Exception as error:  # a worker died, or a row does not pickle
            with _alone:
                self._again(results, failures, columns, num_rows, stop, error)
            return
        with self._learning:  # several threads wait for batches of one step
            self._size.observe(num_rows, time.perf_counter() - started)
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

    def _submit(self, columns: Columns, num_rows: int) -> Given:
        packet = pack([list(column) for column in columns], os.getpid())
        try:
            future: Future[Packet] = _executor().submit(_work, self._key, self._payload, packet, num_rows)
        except BaseException:
            packet.discard()
            raise
        try:
            results, failures = future.result().unpack()
        except BrokenProcessPool:
            packet.discard()
            raise
        except KeyboardInterrupt:  # the caller goes: what the worker still gives is nobody's
            future.add_done_callback(_discard)
            raise
        return results, failures


def _discard(future: Future[Packet]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().discard()


class WorkerDied(JuncoError):
    """A worker process ended while it worked on a row: native code crashed, or the system killed it."""


_num_workers = 1
"""The most workers that a step has asked for. All share them: to change their number means to wait for all of them."""


def _executor() -> Any:
    try:
        import loky
    except ImportError:
        raise MissingExtraError("loky", "processes", "backend='process'") from None
    return loky.get_reusable_executor(
        max_workers=_num_workers, timeout=IDLE_S, reuse=True, initializer=_watch_parent, initargs=(os.getpid(),)
    )


def _watch_parent(parent: int) -> None:
    """In the worker: begin to watch whether process ``parent`` is there; by now it may be gone."""
    if sys.platform != "win32":  # there a process keeps the number of a dead parent
        threading.Thread(target=_end_with, args=(parent,), name="junco-parent", daemon=True).start()


def _end_with(parent: int) -> None:
    """In the worker: end when process ``parent`` does, killed or not, and free what nobody will take any more.

    A death signal would be less to do, but it comes with the end of the thread that started the worker.
    """
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    free_all_of(parent)
    os._exit(1)


def _portable_callable(fn: Callable[..., Any] | OperatorSpec, *, is_many: bool) -> bytes:
    """A callable, or an operator's class and parameters, as bytes from which every worker builds its own.

    With ``is_many`` iterators among the results become lists: rows, which a worker draws to their end.
    """
    try:
        import cloudpickle
    except ImportError:
        raise MissingExtraError("cloudpickle", "processes", "backend='process'") from None
    made = (fn.load(), fn.params, is_many) if isinstance(fn, OperatorSpec) else (None, fn, is_many)
    module = sys.modules.get(getattr(made[0] or made[1], "__module__", ""))
    if module is not None and not _can_be_imported(module.__name__):
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(made)  # type: ignore[no-any-return]  # cloudpickle is not typed
    except Exception as error:
        raise ContractError(f"{fn!r} cannot go to another process: {error}") from error


def _can_be_imported(module: str) -> bool:
    """Whether a worker finds it too: not if it was made on the fly, or loaded from a file that is on no path."""
    package = module.partition(".")[0]
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return package == "__main__" or any(finder.find_spec(package, None) for finder in finders)


_appliers: dict[str, Callable[[Columns, int], Given]] = {}


def _work(key: str, payload: bytes, packet: Packet, num_rows: int) -> Packet:
    """In the worker: the results of a batch, and which rows failed."""
    try:
        if key not in _appliers:
            _appliers[key] = _applier(*pickle.loads(payload))  # noqa: S301  # `_portable_callable` of our own parent
        results, failures = _appliers[key](packet.unpack(), num_rows)
        return pack((results, [(row, _portable(error)) for row, error in failures]), packet.owner)
    except KeyboardInterrupt:  # it would interrupt whoever waits for the result
        raise WorkerDied("the worker process was interrupted") from None


def _applier(operator: type[Operator] | None, made: Any, is_many: bool) -> Callable[[Columns, int], Given]:
    """From what `_portable_callable` packed: ``made`` are an operator's parameters, or a callable."""
    if operator is None:
        return partial(_one_by_one, made, is_many)
    opened = operator(**made)
    opened.ensure_open()
    # Whoever sends rows says how many; until memory runs out here.
    return partial(_in_batches, opened, is_many, BatchSize(sys.maxsize, opened.hints.max_cost, start=sys.maxsize))


def _one_by_one(fn: Callable[..., Any], is_many: bool, columns: Columns, num_rows: int) -> Given:
    results: list[Any] = [None] * num_rows
    failures: list[tuple[int, BaseException]] = []
    for row, item in enumerate(zip(*columns, strict=True)):
        try:
            results[row] = _gathered(fn(*item), is_many)
        except KeyboardInterrupt:
            raise
        except StopIteration:
            failures.append((row, stopped()))
        except BaseException as error:
            failures.append((row, error))
    return results, failures


def _in_batches(operator: Operator, is_many: bool, size: BatchSize, columns: Columns, num_rows: int) -> Given:
    """As many rows at a time as the operator bears: only here it is open and knows what they cost."""
    results: list[Any] = []
    failures: list[tuple[int, BaseException]] = []
    while (start := len(results)) < num_rows:
        count = size.take(operator.cost, columns, start, num_rows)
        given, failed = _batch(operator, is_many, size, [c[start : start + count] for c in columns], count)
        results += given
        failures += [(start + row, error) for row, error in failed]
    return results, failures


def _batch(operator: Operator, is_many: bool, size: BatchSize, columns: Columns, num_rows: int) -> Given:
    try:
        return [_gathered(result, is_many) for result in tried(operator, columns, num_rows)], []
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if is_out_of_memory(error):
            size.lower(num_rows)
        if num_rows == 1 or isinstance(error, ContractError):
            return [None] * num_rows, [(row, error) for row in range(num_rows)]
    half = num_rows // 2
    first, lost = _batch(operator, is_many, size, [c[:half] for c in columns], half)
    second, more = _batch(operator, is_many, size, [c[half:] for c in columns], num_rows - half)
    return first + second, lost + [(half + row, error) for row, error in more]


def _gathered(result: Any, is_many: bool) -> Any:
    """What an iterator of rows or a dictionary's view gives, as a list; any other value as it is.

    Raises:
        ContractError: an iterator stands for a value, which it cannot.
    """
    if isinstance(result, Iterator) and not is_many and not isinstance(result, io.IOBase):
        raise ContractError(
            f"the step gave an iterator ({type(result).__name__}), which can be read only once: "
            "let flat_map make rows of it, or return a list"
        )
    return list(result) if isinstance(result, (Iterator, KeysView, ItemsView, ValuesView)) else result


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


def _portable(error: BaseException) -> BaseException | _Carried:
    """The exception as far as it survives the way: itself, its parts, or else one that says the same."""
    import cloudpickle

    for candidate in (error, _Carried(error)):
        with contextlib.suppress(Exception):
            if str(pickle.loads(cloudpickle.dumps(candidate))) == str(error):  # noqa: S301  # our own
                return candidate
    return RuntimeError(f"{type(error).__name__}: {error}")


class _Carried:
    """An exception whose constructor does not take its ``args``, so that it cannot be pickled: it arrives as itself."""

    def __init__(self, error: BaseException) -> None:
        self._parts = type(error), error.args, error.__dict__

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, self._parts
