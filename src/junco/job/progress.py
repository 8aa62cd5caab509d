"""How far a job is: a bar on a terminal, a line of JSON every few seconds elsewhere; both on stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from junco.store.weight import Weight
from junco.terminal import is_terminal, say_json
from junco.wording import printable

EVERY_S, DRAW_S, LONG_S = 5.0, 0.1, 2.0
ENOUGH_ROWS = 16
"""Fewer that were sealed together are mostly what a row group costs by itself."""


class Progress:
    """Shows what a job has done. This one shows nothing.

    Args:
        total: how many inputs there are, if that is known.
    """

    def __init__(self, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.clock = total, clock
        self.num_done = self.num_new = self.num_rejects = self.num_written = self.num_bytes = 0
        self.weight: Weight | None = None
        """What the target's own file makes of rows, once some were sealed."""
        self.started_s = clock()
        self._first: tuple[float, int] | None = None

    def skipped(self, count: int) -> None:
        """Inputs that were done before."""
        self.num_done += count
        self.show()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """While operators are fetched, loaded and certified: a time of its own, of which neither rate nor ETA know."""
        yield

    def worked(self, count: int) -> None:
        """Inputs that are through."""
        self.num_done += count
        self.num_new += count
        self._first = self._first or (self.clock(), self.num_new)
        self.show()

    def wrote(self, count: int, num_bytes: int) -> None:
        """Inputs whose rows are written, or that gave none, and the bytes of these rows in memory."""
        self.num_written += count
        self.num_bytes += num_bytes

    def sealed(self, num_rows: int, weigh: Callable[[], Weight | None]) -> None:
        """Rows were sealed, and ``weigh`` tells what the target's file makes of the first of them."""

    def rejected(self) -> None:
        """An input, or a part of one, was put aside."""
        self.num_rejects += 1

    def _weigh(self, num_rows: int, weigh: Callable[[], Weight | None]) -> None:
        """Weigh the first rows, and again where there are twice as many: more of them may be packed better."""
        if self.weight is None or num_rows >= 2 * self.weight.num_rows:
            self.weight = weigh() or self.weight

    def tell(self, line: str) -> None:
        """Say how the source is read."""

    def show(self) -> None:
        """Bring what is shown up to date."""

    def rate(self, now_s: float) -> float:
        """Inputs a second since the first ones were through, which also waited for the loading; before that, none."""
        since_s, num_before = self._first or (now_s, 0)
        return (self.num_new - num_before) / (now_s - since_s) if now_s > since_s else 0.0

    def left_s(self, now_s: float) -> float | None:
        """Seconds that the rest will take, if that can be told."""
        rate = self.rate(now_s)
        return None if self.total is None or not rate else max(0, self.total - self.num_done) / rate

    @property
    def output_bytes(self) -> int | None:
        """Bytes of the target at the end, by the rows that are written; of their values where it is no file."""
        if self.total is None or not self.num_written:
            return None
        num_bytes = self.num_bytes * self.total / self.num_written
        return round(num_bytes if self.weight is None else self.weight.of(num_bytes))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class JsonLines(Progress):
    """A line of JSON every few seconds; `line` says what is in it.

    Args:
        total: how many inputs there are, if that is known.
        count: finds that out, when the first line is due: a job that is over before need not know.
    """

    def __init__(
        self,
        total: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[], int | None] | None = None,
    ) -> None:
        super().__init__(total, clock)
        self.shown_s, self._count = self.started_s, count

    def show(self) -> None:
        """Print a line if the last one is old."""
        now_s = self.clock()
        if now_s - self.shown_s >= EVERY_S:
            self.shown_s = now_s
            if self._count is not None:
                self.total, self._count = self._count(), None
            say_json(self.line(now_s))

    @contextmanager
    def loading(self) -> Iterator[None]:
        """A line every few seconds, and one at the end, if it takes more than a moment."""
        started_s, is_over = self.clock(), threading.Event()

        def wait() -> None:
            while not is_over.wait(EVERY_S):
                say_json({"loading_s": round(self.clock() - started_s, 1)})

        waiting = threading.Thread(target=wait, name="junco-loading", daemon=True)
        waiting.start()
        try:
            yield
        finally:
            is_over.set()
            waiting.join()
        self.shown_s = self.clock()
        if self.shown_s - started_s >= LONG_S:
            say_json({"loaded_s": round(self.shown_s - started_s, 1)})

    def sealed(self, num_rows: int, weigh: Callable[[], Weight | None]) -> None:
        """Weigh, for the lines that come."""
        self._weigh(num_rows, weigh)

    def tell(self, line: str) -> None:
        """Print it as a line."""
        say_json({"read": line})

    def line(self, now_s: float) -> dict[str, Any]:
        """Inputs done and in all, their rate, seconds left and in all, rejects, bytes of the target at the end."""
        left_s = self.left_s(now_s)
        return {
            "done": self.num_done,
            "total": self.total,
            "rows_per_s": round(self.rate(now_s), 1),
            "eta_s": None if left_s is None else round(left_s, 1),
            "total_s": None if left_s is None else round(now_s - self.started_s + left_s, 1),
            "rejects": self.num_rejects,
            "output_bytes": self.output_bytes,
        }


class Bar(Progress):
    """A bar with the rate, the time left and the rejects; once some rows are sealed, what all will take."""

    def __init__(self, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(total, clock)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Rich

        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("[cyan]{task.fields[left]}"),
            TextColumn("[yellow]{task.fields[rejects]}"),
        )
        self._rich = Rich(*columns, console=Console(stderr=True))
        self._task = self._rich.add_task("embedding", total=total, rate="", left="", rejects="")
        self._drawn_s, self._is_foretold = 0.0, False

    @contextmanager
    def loading(self) -> Iterator[None]:
        """In the bar, and a line above it if it took more than a moment."""
        started_s = self.clock()
        self._rich.update(self._task, rate="loading")
        yield
        self._rich.update(self._task, rate="")
        if (took_s := self.clock() - started_s) >= LONG_S:
            self._rich.console.print(f"loaded in {duration(took_s)}", highlight=False)

    def sealed(self, num_rows: int, weigh: Callable[[], Weight | None]) -> None:
        """Weigh, and say once what all inputs will take."""
        self._weigh(num_rows, weigh)
        if not self._is_foretold and self.num_done < (self.total or 0):
            self._is_foretold = True
            self._rich.console.print(self.forecast(self.clock()), highlight=False)

    def tell(self, line: str) -> None:
        """Print it above the bar."""
        self._rich.console.print(printable(f"read {line}"), highlight=False, markup=False)

    def show(self) -> None:
        """Move the bar, unless it was just moved."""
        now_s = self.clock()
        if now_s - self._drawn_s >= DRAW_S:
            self._draw(now_s)

    def _draw(self, now_s: float) -> None:
        self._drawn_s = now_s
        left_s = self.left_s(now_s)
        left = "" if left_s is None else f"{duration(left_s)} left"
        rejects = f"{self.num_rejects:,} rejects" if self.num_rejects else ""
        self._rich.update(
            self._task, completed=self.num_done, rate=f"{self.rate(now_s):,.1f} inputs/s", left=left, rejects=rejects
        )

    def forecast(self, now_s: float) -> str:
        """One line on what all inputs will take."""
        takes = duration(now_s - self.started_s + (self.left_s(now_s) or 0.0))
        size = f"{(self.output_bytes or 0) / 1e6:,.1f} MB{'' if self.weight else ' of values'}"
        return f"all {self.total:,} inputs will take about {takes} and {size}"

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._draw(self.clock())
        self._rich.stop()


def duration(seconds: float) -> str:
    """A time as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def progress_for(wanted: bool | None, count: Callable[[], int | None]) -> Progress:
    """What shows the progress: ``None`` lets the terminal decide, ``False`` shows nothing."""
    if wanted is False:
        return Progress()
    if is_terminal(sys.stderr):
        return Bar(count())
    return JsonLines(count=count)
