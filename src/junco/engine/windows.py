"""Which rows make a window: policies fed with one scope's rows as they come, keeping no more than a window's worth."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any, Protocol

from junco.engine.fields import Unread
from junco.wording import picture

Row = Any
"""What stands for a row: its value, or a tuple of those in several columns."""


class Windows(Protocol):
    """One scope's windows. ``add`` gives those that are complete, ``end`` those that the end of the scope completes.

    Both make a window when it is asked for, since a row may lie in any number of them; whoever adds rows draws all of
    their windows before the next ones.
    """

    def add(self, rows: Sequence[Row], times: Sequence[Any]) -> Iterator[list[Row]]: ...

    def end(self) -> Iterator[list[Row]]: ...


class RowWindows:
    """``size`` consecutive rows, beginning at rows 0, ``step``, 2 ``step`` …; shorter at the end of the scope."""

    def __init__(self, size: int, step: int) -> None:
        self._size, self._step = size, step
        self._rows: list[Row] = []
        self._base = 0
        self._next = 0

    def add(self, rows: Sequence[Row], times: Sequence[Any] = ()) -> Iterator[list[Row]]:
        self._rows.extend(rows)
        return self._taken(self._size)

    def end(self) -> Iterator[list[Row]]:
        return self._taken(1)

    def _taken(self, least: int) -> Iterator[list[Row]]:
        """The windows that have at least so many rows by now."""
        while (start := self._next - self._base) + least <= len(self._rows):
            self._next += self._step
            yield self._rows[start : start + self._size]
        gone = min(start, len(self._rows))
        if gone > 0:
            del self._rows[:gone]
            self._base += gone


class Edges:
    """Where windows of time begin and end: [k·step, k·step + size) for k = 0, 1, 2 …

    Sizes are taken as they are written: 3 · 0.1 is 0.3, and windows of that size as long as their step leave no gap.
    """

    MOST = 2**52
    """Windows beyond this number cannot be told apart by times in floating point."""

    def __init__(self, size: float, step: float) -> None:
        self._size, self._step = _exact(size), _exact(step)
        self._is_whole = self._size.denominator == self._step.denominator == 1
        self.has_gaps = self._step > self._size

    def start(self, number: int) -> float:
        """When a window begins."""
        return self._edge(self._step * number)

    def end(self, number: int) -> float:
        """When a window is over."""
        return self._edge(self._step * number + self._size)

    def first_with(self, time: float) -> int:
        """The first window that holds ``time``, or the next to begin where it falls between two."""
        number = max(0, math.floor((float(time) - float(self._size)) / float(self._step)) - 1)
        if number > self.MOST:
            raise ValueError(f"the timestamp {time!r} is too large for windows that begin every {float(self._step):g}")
        while self.end(number) <= time:
            number += 1
        return number

    def _edge(self, exact: Fraction) -> float:
        return exact.numerator if self._is_whole else float(exact)


def _exact(value: float) -> Fraction:
    return Fraction(value) if isinstance(value, int) else Fraction(repr(float(value)))


def is_time(time: Any) -> bool:
    """Whether a failed row has a time: it may have failed before it got one."""
    return not (time is None or isinstance(time, Unread))


class Clock:
    """The times of one scope's rows, one after the other.

    Raises:
        ValueError: times below 0, times that fall, or are no finite numbers.
    """

    def __init__(self) -> None:
        self._latest: Any = 0

    def checked(self, time: Any) -> Any:
        """The time, if it may come after those before it."""
        if isinstance(time, Unread):
            raise time.error
        try:
            is_finite = not isinstance(time, str) and math.isfinite(time)
        except TypeError:
            is_finite = False
        if not is_finite:
            raise ValueError(f"the timestamp {picture(time)} is no finite number")
        if time < 0:
            raise ValueError(f"the timestamp {time!r} is below 0, where the first window begins: count from the start")
        if time < self._latest:
            raise ValueError(f"the timestamp {time!r} comes after {self._latest!r}: sort the rows by time")
        self._latest = time
        return time


class TimeWindows:
    """Rows with ``k·step <= time < k·step + size`` for each k = 0, 1, 2 … for which there are any.

    Raises:
        ValueError: times below 0, times that fall, or are no finite numbers.
    """

    def __init__(self, size: float, step: float) -> None:
        self._edges = Edges(size, step)
        self._clock = Clock()
        self._rows: list[Row] = []
        self._times: list[float] = []
        self._next = 0
        """The next window to be given."""
        self._due: float = math.inf
        """When it is over."""

    def add(self, rows: Sequence[Row], times: Sequence[Any]) -> Iterator[list[Row]]:
        for row, time in zip(rows, times, strict=True):
            self._clock.checked(time)
            if time >= self._due:
                yield from self._before(time)
            if self._edges.has_gaps and time < self._edges.start(self._edges.first_with(time)):
                continue
            self._rows.append(row)
            self._times.append(time)
            if len(self._rows) == 1:
                self._turn()

    def end(self) -> Iterator[list[Row]]:
        return self._before(math.inf)

    def _turn(self) -> None:
        """Which window comes next, now that it is known which row is the first."""
        self._next = max(self._next, self._edges.first_with(self._times[0]))
        self._due = self._edges.end(self._next)

    def _before(self, time: float) -> Iterator[list[Row]]:
        """The windows that end at or before ``time``; the first row that is kept lies in the next one."""
        while self._rows and self._due <= time:
            yield self._rows[: bisect_left(self._times, self._due)]
            self._next += 1
            start = self._edges.start(self._next)
            if self._times[0] >= start:
                self._due = self._edges.end(self._next)
                continue
            gone = bisect_left(self._times, start)
            del self._rows[:gone], self._times[:gone]
            if self._rows:
                self._turn()
        if not self._rows:
            self._due = math.inf


Timed = Iterator[tuple[Any, Row]]
"""Times with their rows, in order."""


def by_time(sides: Sequence[Timed]) -> Iterator[tuple[Any, tuple[int, Row]]]:
    """The rows of several sides in the order of their times, each with the number of its side.

    A side is asked for its next row only when its last one went: no more than one row of each waits.
    """
    return heapq.merge(*(_numbered(number, side) for number, side in enumerate(sides)), key=itemgetter(0))


def _numbered(number: int, side: Timed) -> Iterator[tuple[Any, tuple[int, Row]]]:
    clock = Clock()
    for time, row in side:
        yield clock.checked(time), (number, row)
