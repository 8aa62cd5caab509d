"""Apply a step's callable to columns of rows. `PlainApplier` is that of Python callables; others are in ``operators``.

An applier gives as many results as rows, and the failures: which row, which exception. A failed row's result is
``None``. With ``stop`` the first failure ends the work, and the results end with the rows before it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol, TypeVar, cast

from junco.operator.gate import Gate
from junco.operator.resident import Drawn

Columns = Sequence[Sequence[Any]]
Waited = TypeVar("Waited")


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

    def close(self) -> None:
        """Let go of what only it uses, once its pipeline has ended; never waits."""
        return

    def skip(self, rows: Container[int]) -> None:
        """Say which of the rows that come next will not be given to it after all."""
        return

    def draw(self, values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
        """Up to so many values of an iterator that the callable gave, and the error that ended it."""
        return values.draw(most) if isinstance(values, Drawn) else drawn(values, most)

    def outside(self, wait: Callable[[], Waited]) -> Waited:
        """What a callable waits for from within, its place open to others meanwhile: it may be they who make it."""
        return wait()


def drawn(values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
    """Up to so many values of an iterator, and the error that ended it."""
    taken: list[Any] = []
    try:
        taken.extend(islice(values, most))  # which keeps what came before an exception
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return taken, error
    return taken, None


def _is_no_value(kind: type[Any]) -> bool:
    waits = hasattr(kind, "__next__") or hasattr(kind, "__await__") or hasattr(kind, "__anext__")
    return waits and not issubclass(kind, io.IOBase)


is_no_value = cast(Callable[[type[Any]], bool], lru_cache(maxsize=1024)(_is_no_value))
"""Whether results of a type cannot stand in a column: iterators, which can be read once, and what is awaited.

An open file can: it stands for its content.
"""


def kinds_of(values: Iterable[Any]) -> set[type[Any]]:
    """The types among values. Where all are alike nothing is hashed: it is asked for each row of each step."""
    kinds = [*map(type, values)]
    return {kinds[0]} if kinds and kinds.count(kinds[0]) == len(kinds) else set(kinds)


class PlainApplier(Applier):
    """A Python callable, in row order; the caller's own object, never a copy.

    Args:
        fn: it.
        gate: says how many threads may be inside; ``None`` lets in all.
    """

    batch_rows = 1

    def __init__(self, fn: Callable[..., Any], gate: Gate | None) -> None:
        self._fn = fn
        self._gate = gate
        self.called = fn if gate is None else gate.calling(fn)
        """The result for one row; its exception is raised."""

    def one(self, *item: Any) -> Any:
        """The same; whoever can has `called`, which is a call less."""
        return self.called(*item)

    def draw(self, values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
        """The same with a place: the body of a generator is the callable's work too."""
        if self._gate is None:
            return super().draw(values, most)
        before, num_rows = self._gate.stands(), 0
        try:
            self._gate.take()
            drawn_values, error = super().draw(values, most)
            num_rows = len(drawn_values)
            return drawn_values, error
        finally:
            if self._gate.stands() != before:
                self._gate.mine().release(num_rows)

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        if self._gate is None:
            return self._in_order(columns, num_rows, stop)
        before = self._gate.stands()
        try:
            self._gate.take()
            return self._in_order(columns, num_rows, stop)
        finally:
            if self._gate.stands() != before:
                self._gate.mine().release(num_rows)

    def outside(self, wait: Callable[[], Waited]) -> Waited:
        if self._gate is None:
            return wait()
        self._gate.mine().release(0)
        try:
            return wait()
        finally:
            self._gate.take()

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
