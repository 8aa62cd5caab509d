"""A worker process's side of `processes`: builds each callable once, and works on the batches that it is sent."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from functools import partial
from typing import Any

from junco.engine.apply import Columns, stopped
from junco.engine.batching import BatchSize
from junco.engine.operators import tried
from junco.engine.shared_arrays import Packet, free_all_of, pack
from junco.errors import ContractError, JuncoError, rebuilt
from junco.memory import is_out_of_memory
from junco.operator.base import Operator
from junco.operator.notes import NOTHING, Noted, joined, shifted
from junco.places.files import Stamp
from junco.wording import NOT_OURS, reason, said_by

Given = tuple[list[Any], list[tuple[int, BaseException]], Noted]
"""Results of a batch, which of its rows failed, and what the operator has noted of the others."""


WATCH_S = 0.5
"""How often a worker looks whether its parent is there."""


class WorkerDied(JuncoError):
    """A worker process ended while it worked on a row: native code crashed, or the system killed it."""


def watch_parent(parent: int) -> None:
    """Begin to watch whether process ``parent`` is there; by now it may be gone."""
    if sys.platform != "win32":  # there a process keeps the number of a dead parent
        threading.Thread(target=_end_with, args=(parent,), name="junco-parent", daemon=True).start()


def _end_with(parent: int) -> None:
    """End when process ``parent`` does, killed or not, and free what nobody will take any more.

    A death signal would be less to do, but it comes with the end of the thread that started the worker.
    """
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    free_all_of(parent)
    _end_own()
    os._exit(1)


def _end_own() -> None:
    """End the processes that this one has begun; those that look after shared memory clean up, and end themselves."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "resource_tracker" not in " ".join(child.cmdline()):
                    child.kill()


_appliers: dict[str, Callable[[Columns, int], Given]] = {}


def work(key: str, payload: bytes, packet: Packet, num_rows: int) -> Packet:
    """What was given for a batch, as `Given`."""
    try:
        if key not in _appliers:
            _appliers[key] = _applier(*pickle.loads(payload))  # noqa: S301  # `_portable_callable` of our own parent
        results, failures, noted = _appliers[key](packet.unpack(), num_rows)
        return pack((results, [(row, _portable(error)) for row, error in failures], noted), packet.owner)
    except KeyboardInterrupt:  # it would interrupt whoever waits for the result
        raise WorkerDied("the worker process was interrupted") from None


def _applier(
    operator: type[Operator] | Callable[[], type[Operator]] | None,
    made: Any,
    is_many: bool,
    files: tuple[Stamp, ...],
) -> Callable[[Columns, int], Given]:
    """From what `_portable_callable` packed: ``made`` are an operator's parameters, or a callable.

    ``operator`` is the class, or what makes it: of code that is on no path.
    """
    if operator is None:
        return partial(_one_by_one, made, is_many)
    opened = operator(**made) if isinstance(operator, type) else operator()(**made)
    opened.pin(files)
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
    return results, failures, NOTHING


def _in_batches(operator: Operator, is_many: bool, size: BatchSize, columns: Columns, num_rows: int) -> Given:
    """As many rows at a time as the operator bears: only here it is open and knows what they cost."""
    results: list[Any] = []
    failures: list[tuple[int, BaseException]] = []
    noted = NOTHING
    while (start := len(results)) < num_rows:
        count = size.take(operator.cost, columns, start, num_rows)
        given, failed, told = _batch(operator, is_many, size, [c[start : start + count] for c in columns], count)
        results += given
        failures += [(start + row, error) for row, error in failed]
        noted = joined(noted, shifted(told, start))
    return results, failures, noted


def _batch(operator: Operator, is_many: bool, size: BatchSize, columns: Columns, num_rows: int) -> Given:
    try:
        given, noted = tried(operator, columns, num_rows, makes_rows=is_many and operator.gives_either())
        return [_gathered(result, is_many) for result in given], [], noted
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if is_out_of_memory(error):
            size.lower(num_rows)
        if num_rows == 1 or issubclass(type(error), ContractError):
            return [None] * num_rows, [(row, error) for row in range(num_rows)], NOTHING
    half = num_rows // 2
    first, lost, told = _batch(operator, is_many, size, [c[:half] for c in columns], half)
    second, more, then = _batch(operator, is_many, size, [c[half:] for c in columns], num_rows - half)
    failures = lost + [(half + row, error) for row, error in more]
    return first + second, failures, joined(told, shifted(then, half))


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


def _portable(error: BaseException) -> BaseException | _Carried:
    """The exception as far as it survives the way: itself, its parts, or else one that says the same."""
    import cloudpickle

    for candidate in (error, _Carried(error)):
        with contextlib.suppress(*NOT_OURS):  # of whoever wrote the exception's class
            arrived = pickle.loads(cloudpickle.dumps(candidate))  # noqa: S301  # our own
            if isinstance(arrived, BaseException) and said_by(arrived) == said_by(error):
                return candidate
    return RuntimeError(reason(error))


class _Carried:
    """An exception whose constructor does not take its ``args``, so that it cannot be pickled: it arrives as itself."""

    def __init__(self, error: BaseException) -> None:
        self._parts = type(error), error.args, error.__dict__

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, self._parts
