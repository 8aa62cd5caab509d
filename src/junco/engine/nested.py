"""`NestedApplier`: a pipeline that stands in a step is called by the batch: its own engine gets all rows at once.

To the step it is a callable like any other: a row for which anything in it fails is a row that fails.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.rows import Reject
from junco.errors import OperatorError

BATCH_ROWS = 128
"""Rows that are given to it at once, so that batches within it fill."""


class Given(Protocol):
    """What a run gives at a time: for each value the position of its item."""

    @property
    def positions(self) -> Iterable[int]: ...

    @property
    def values(self) -> Iterable[Any]: ...


class InnerRun(Protocol):
    """A run of the pipeline within."""

    def __iter__(self) -> Iterator[Given]: ...

    def __next__(self) -> Given: ...

    def close(self, wait: bool = True) -> None: ...


Start = Callable[..., InnerRun]
"""Starts a run: ``start(items, stop, rejected, by_rows)``."""


class NestedApplier(Applier):
    """The applier of a step that holds a pipeline.

    Args:
        start: starts a run of that pipeline.
        makes_rows: each row becomes the rows of its item, drawn one by one; else the item's whole result.
    """

    batch_rows = BATCH_ROWS

    def __init__(self, start: Start, *, makes_rows: bool) -> None:
        self._start = start
        self._makes_rows = makes_rows

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        items = list(columns[0]) if len(columns) == 1 else list(zip(*columns, strict=True))
        if self._makes_rows:

            def start(first: int, rejected: Callable[[Reject], None]) -> InnerRun:
                return self._start(items[first:], stop, rejected, by_rows=True)

            shared = _SharedRows(start, num_rows)
            return [_RowsOfItem(shared, position) for position in range(num_rows)], []
        errors: dict[int, BaseException] = {}
        results: list[Any] = [None] * num_rows
        try:
            for given in self._start(items, stop, _noting(errors), by_rows=False):
                for position, value in zip(given.positions, given.values, strict=True):
                    results[position] = value
        except OperatorError as error:
            errors = {error.position: error.at(0)}
            results = results[: error.position]
        for position in errors.keys() & set(range(len(results))):
            results[position] = None
        return results, [Failure(position, errors[position]) for position in sorted(errors)]


class _SharedRows:
    """One run that gives the rows of several items, each of which somebody draws; those who draw early wait least.

    It gives them item by item. Where nobody draws those of the item that is coming any more, which may be endless,
    another run begins with the next one.

    Args:
        start: begins a run with the item at a position.
        num_items: how many there are.
    """

    def __init__(self, start: Callable[[int, Callable[[Reject], None]], InnerRun], num_items: int) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._run: InnerRun | None = None
        self._first = 0
        """The item that the run began with."""
        self._rows: list[deque[Any]] = [deque() for _ in range(num_items)]
        self._errors: dict[int, BaseException] = {}
        self._num_whole = 0
        """Items whose rows have all come: those before this position."""
        self._dropped: deque[int] = deque()
        self._gone: set[int] = set()

    def next(self, position: int) -> Any:
        """The item's next row; raises `StopIteration` at its end, or why it failed."""
        try:
            with self._lock:
                while not self._rows[position]:
                    if position < self._num_whole or not self._pull():
                        if (error := self._errors.pop(position, None)) is not None:
                            raise error
                        raise StopIteration
                return self._rows[position].popleft()
        finally:
            self._settle()

    def leave(self, position: int) -> None:
        """Nobody draws the item's rows any more; the last one ends the run. Never waits.

        The garbage collector may say so, in whatever thread and inside whatever lock.
        """
        self._dropped.append(position)
        self._settle()

    def _settle(self) -> None:
        """Count off those that were dropped; where somebody else draws, he does so when he is done."""
        while self._dropped and self._lock.acquire(blocking=False):
            try:
                self._count_off()
                if len(self._gone) == len(self._rows):
                    self._end_run()
            finally:
                self._lock.release()

    def _count_off(self) -> None:
        while self._dropped:
            position = self._dropped.popleft()
            self._gone.add(position)
            self._rows[position].clear()

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.close(wait=False)
            self._run = None

    def _pass_over(self) -> None:
        """Where the item that is coming is nobody's, go on with the next."""
        self._count_off()
        while self._num_whole in self._gone:
            self._end_run()
            self._num_whole += 1

    def _pull(self) -> bool:
        """Take what the run gives next; whether there was anything."""
        self._pass_over()
        if self._run is None:
            self._first = self._num_whole
            self._run = self._start(self._first, _noting(self._errors, self._first))
        try:
            given: Any = next(self._run)
        except StopIteration:
            self._num_whole = len(self._rows)
            return False
        except OperatorError as error:
            self._errors[self._first + error.position] = error.at(0)
            self._num_whole = len(self._rows)
            return False
        for position, row in zip(given.positions, given.values, strict=True):
            self._rows[self._first + position].append(row)
        self._num_whole = max(self._num_whole, self._first + given.stop)
        return True


class _RowsOfItem:
    """The rows of one item, as an iterator."""

    def __init__(self, shared: _SharedRows, position: int) -> None:
        self._shared, self._position = shared, position

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._shared.next(self._position)

    def __del__(self) -> None:
        self._shared.leave(self._position)


def _noting(errors: dict[int, BaseException], first: int = 0) -> Callable[[Reject], None]:
    """Takes down the first error of each item; the run began with the item ``first``."""

    def note(reject: Reject) -> None:
        errors.setdefault(first + reject.position, reject.error.at(0))

    return note
