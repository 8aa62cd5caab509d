"""`ScopedApplier`: an operator with a state, which begins anew with each scope and sees the scope's rows in order.

The state is what the operator's `state` gives, handed to each batch; or, where it has none, an instance of its own.
Either way it belongs to one stage of one run: no other run, stream, pipeline or scope sees it, and it is not evicted.
Rows go one at a time, unless the operator's hints allow more: then a batch that fails is undone by the state's copy, so
that what comes out does not depend on the size of batches. Where copies take long, rows go one at a time again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Container, Sequence
from typing import Any

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.counted import count
from junco.engine.operators import Given, results_of, retried
from junco.operator.resident import Loadable, Resident

COPY_SHARE = 0.1
"""Copies of a state may take this part of a batch's time: one that keeps all its rows would take ever longer."""


class ScopedApplier(Applier):
    """The applier of one stage of one run.

    Args:
        resident: the operator that all scopes share, where it gives states.
        make: a resident of its own for one scope, where it gives none.
    """

    batch_rows = 1

    def __init__(self, resident: Resident, make: Callable[[], Resident]) -> None:
        self._shared = resident
        self._make = make
        self._gives_states = resident.operator.gives_states()
        self._own: Resident | None = None
        self._state: Any = None
        self._has_state = False
        self._is_cheap_to_copy = self._gives_states
        self._owners: Sequence[int] = ()
        self._at = 0
        self._current = -1
        self._is_open = False
        self._last = -1

    def begin(self, owners: Sequence[int], num_scopes: int, *, continues: bool, is_open: bool) -> None:
        """Say whose the rows of the next block are.

        Args:
            owners: for each row that will be worked on, in order, the number of its scope in the block.
            num_scopes: scopes in the block.
            continues: its first scope began in an earlier block.
            is_open: its last scope goes on in the next one.
        """
        if not num_scopes:  # a block whose rows are held back: the scope that was under way goes on after it
            return
        self._settle()
        if not continues:
            self.end()
        self._current = 0
        self._owners, self._at = owners, 0
        self._is_open, self._last = is_open, num_scopes - 1

    def skip(self, rows: Container[int]) -> None:
        """Say which of the rows that come next will not be given to it after all."""
        self._owners = [owner for i, owner in enumerate(self._owners) if i - self._at not in rows]

    def end(self) -> None:
        """End the scope that is under way, with its state."""
        self._state, self._has_state = None, False
        self._is_cheap_to_copy = self._gives_states
        own, self._own = self._own, None
        if own is not None:
            own.end()

    def one(self, *item: Any) -> Any:
        """The result for one row, which is a scope of its own."""
        alone = ScopedApplier(self._shared, self._make)
        alone.begin([0], 1, continues=False, is_open=False)
        try:
            results, failures = alone([[value] for value in item], 1, stop=True)
        finally:
            alone.end()
        if failures:
            raise failures[0].error
        return results[0]

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results: list[Any] = []
        failures: list[Failure] = []
        while len(results) < num_rows and not (stop and failures):
            start = len(results)
            size = self._same_scope(num_rows - start)
            rows = [column[start : start + size] for column in columns]
            given, failed = self._worked(rows, size, stop=stop)
            self._at += size
            failures += [Failure(start + failure.row, failure.error) for failure in failed]
            results += given
        return results, failures

    def _settle(self) -> None:
        """After a block: its last scope goes on only if it is open, and has a state only if it had rows."""
        if not (self._is_open and self._current == self._last):
            self.end()

    def _same_scope(self, most: int) -> int:
        """How many of the next rows are of one scope."""
        owner = self._owners[self._at]
        if owner != self._current:
            self.end()
            self._current = owner
        num_rows = 1
        while num_rows < most and self._owners[self._at + num_rows] == owner:
            num_rows += 1
        return num_rows

    def _worked(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        """Results and failures for rows of one scope, under one lease."""
        results: list[Any] = []
        failures: list[Failure] = []
        with self._resident() as operator:
            if not self._has_state:
                self._state, self._has_state = (operator.state() if self._gives_states else None), True
            while len(results) < num_rows and not (stop and failures):
                start = len(results)
                end = min(num_rows, start + (self._most_rows() if self._is_cheap_to_copy else 1))
                batch = [column[start:end] for column in columns]
                if end - start > 1 and (given := self._batch(operator, batch, end - start)) is not None:
                    results += given
                else:
                    self._one_by_one(operator, batch, end - start, results, failures, stop=stop)
        return results, failures

    def _most_rows(self) -> int:
        return self._shared.operator.hints.max_batch or 1

    def _batch(self, operator: Loadable, columns: Columns, num_rows: int) -> Sequence[Any] | None:
        """The results of several rows at once, or none: then the state is as it was before."""
        started = time.perf_counter()
        copied = self._copied()
        copy_s = time.perf_counter() - started
        if copied is None:
            self._is_cheap_to_copy = False
            return None
        try:
            given = self._tried(operator, columns, num_rows)
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._state = copied[0]
            return None
        self._is_cheap_to_copy = copy_s <= COPY_SHARE * (time.perf_counter() - started)
        return given

    def _one_by_one(
        self,
        operator: Loadable,
        columns: Columns,
        num_rows: int,
        results: list[Any],
        failures: list[Failure],
        *,
        stop: bool,
    ) -> None:
        for row in range(num_rows):
            try:
                results += self._tried(operator, [column[row : row + 1] for column in columns], 1)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                failures.append(Failure(len(results), error))
                if stop:
                    return
                results.append(None)

    def _tried(self, operator: Loadable, columns: Columns, num_rows: int) -> Sequence[Any]:
        """Results; a transient error is tried again from the state before it, if that can be had."""
        retry = operator.hints.retry
        before = self._copied() if retry else None

        def attempt() -> Given:
            state = {"state": self._state} if self._gives_states else {}
            try:
                return results_of(operator, columns, num_rows, **state)
            except retry:
                if before is not None:
                    self._state = copy.deepcopy(before[0])
                raise

        given, noted = retried(attempt, retry if before is not None else ())
        count(noted, columns)
        return self._resident().given(given)

    def _copied(self) -> tuple[Any] | None:
        """A copy of the state, if it can be had."""
        if not self._gives_states:
            return None
        try:
            return (copy.deepcopy(self._state),)
        except Exception:  # a handle, a network: then rows go one at a time
            return None

    def _resident(self) -> Resident:
        if self._gives_states:
            return self._shared
        if self._own is None:
            self._own = self._make()
            self._own.begin()  # it lives as long as its scope
        return self._own
