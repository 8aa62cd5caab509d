"""Which rows make a window: policies fed with one scope's rows as they come, keeping no more than a window's worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

Row = tuple[Any, ...]


class Windows(Protocol):
    """One scope's windows. ``add`` gives those that are complete, ``end`` those that the end of the scope completes."""

    def add(self, rows: Sequence[Row], times: Sequence[Any]) -> list[list[Row]]: ...

    def end(self) -> list[list[Row]]: ...


class RowWindows:
    """``size`` consecutive rows, beginning at rows 0, ``step``, 2 ``step`` …; shorter at the end of the scope."""

    def __init__(self, size: int, step: int) -> None:
        self._size, self._step = size, step
        self._rows: list[Row] = []
        self._base = 0
        self._next = 0

    def add(self, rows: Sequence[Row], times: Sequence[Any] = ()) -> list[list[Row]]:
        self._rows.extend(rows)
        return self._taken(lambda: self._next + self._size <= self._base + len(self._rows))

    def end(self) -> list[list[Row]]:
        return self._taken(lambda: self._next < self._base + len(self._rows))

    def _taken(self, is_due: Any) -> list[list[Row]]:
        windows = []
        while is_due():
            start = self._next - self._base
            windows.append(self._rows[start : start + self._size])
            self._next += self._step
        gone = min(self._next - self._base, len(self._rows))
        if gone > 0:
            del self._rows[:gone]
            self._base += gone
        return windows


class TimeWindows:
    """Rows with ``k·step <= time < k·step + size`` for each whole k for which there are any.

    Raises:
        ValueError: times that fall, or are no finite numbers.
    """

    def __init__(self, size: float, step: float) -> None:
        self._size, self._step = size, step
        self._rows: list[Row] = []
        self._times: list[float] = []
        self._next: int | None = None
        self._latest = -math.inf

    def add(self, rows: Sequence[Row], times: Sequence[Any]) -> list[list[Row]]:
        windows: list[list[Row]] = []
        for row, time in zip(rows, times, strict=True):
            if isinstance(time, str) or not math.isfinite(time):
                raise ValueError(f"the timestamp {time!r} is no finite number")
            if time < self._latest:
                raise ValueError(f"the timestamp {time!r} comes after {self._latest!r}: sort the rows by time")
            self._latest = time
            windows += self._before(time)
            if time >= self._first_with(time) * self._step:  # else it falls between two windows
                self._rows.append(row)
                self._times.append(time)
        return windows

    def end(self) -> list[list[Row]]:
        return self._before(math.inf)

    def _before(self, time: float) -> list[list[Row]]:
        """The windows that end at or before ``time``."""
        windows = []
        while self._rows:
            number = self._first_with(self._times[0])
            number = number if self._next is None else max(number, self._next)
            start = number * self._step
            if start + self._size > time:
                break
            inside = [row for row, t in zip(self._rows, self._times, strict=True) if start <= t < start + self._size]
            if inside:
                windows.append(inside)
            self._next = number + 1
            gone = next((i for i, t in enumerate(self._times) if t >= self._next * self._step), len(self._times))
            del self._rows[:gone], self._times[:gone]
        return windows

    def _first_with(self, time: float) -> int:
        """The first window that holds ``time``, or the next to begin where it falls between two."""
        number = math.floor((time - self._size) / self._step)
        while number * self._step + self._size <= time:
            number += 1
        return number
