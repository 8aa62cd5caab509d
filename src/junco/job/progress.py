"""How far a job is: a bar on a terminal, a line of JSON every few seconds elsewhere; both on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

EVERY_S = 5.0
ENOUGH = 300
"""So many inputs say what the others will take."""


class Progress:
    """Shows what a job has done. This one shows nothing.

    Args:
        total: how many inputs there are, if that is known.
    """

    def __init__(self, total: int | None = None) -> None:
        self.total = total
        self.num_done = self.num_new = self.num_rejects = self.num_bytes = 0

    def skipped(self, count: int) -> None:
        """Inputs that were done before."""
        self.num_done += count
        self.show()

    def worked(self, count: int, num_bytes: int = 0) -> None:
        """Inputs that are through, and the bytes of their results."""
        self.num_done += count
        self.num_new += count
        self.num_bytes += num_bytes
        self.show()

    def rejected(self) -> None:
        """An input, or a part of one, was put aside."""
        self.num_rejects += 1

    def show(self) -> None:
        """Bring what is shown up to date."""

    def left_s(self, going_s: float) -> float | None:
        """Seconds that the rest will take, after so many seconds of work."""
        if self.total is None or not self.num_new:
            return None
        return max(0, self.total - self.num_done) * going_s / self.num_new

    @property
    def output_bytes(self) -> int | None:
        """Bytes of all results, before compression, by those that are here."""
        return None if self.total is None or not self.num_new else self.num_bytes * self.total // self.num_new

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class JsonLines(Progress):
    """A line of JSON every few seconds; `line` says what is in it."""

    def __init__(self, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(total)
        self.clock = clock
        self.started_s = self.shown_s = clock()

    def show(self) -> None:
        """Print a line if the last one is old."""
        now_s = self.clock()
        if now_s - self.shown_s >= EVERY_S:
            self.shown_s = now_s
            print(json.dumps(self.line(now_s)), file=sys.stderr, flush=True)  # noqa: T201

    def line(self, now_s: float) -> dict[str, Any]:
        """Inputs done and in all, their rate, seconds left and in all, rejects, bytes of all results at the end."""
        going_s = now_s - self.started_s
        left_s = self.left_s(going_s)
        return {
            "done": self.num_done,
            "total": self.total,
            "rows_per_s": round(self.num_new / max(going_s, 1e-9), 1),
            "eta_s": None if left_s is None else round(left_s, 1),
            "total_s": None if left_s is None else round(going_s + left_s, 1),
            "rejects": self.num_rejects,
            "output_bytes": self.output_bytes,
        }


class Bar(Progress):
    """A bar with the rate, the time left and the rejects; after some hundreds of inputs, what all will take."""

    def __init__(self, total: int | None = None) -> None:
        super().__init__(total)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Rich

        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[yellow]{task.fields[rejects]}"),
        )
        self._rich = Rich(*columns, console=Console(stderr=True))
        self._task = self._rich.add_task("embedding", total=total, rate="", rejects="")
        self._started_s = time.monotonic()
        self._is_foretold = False

    def show(self) -> None:
        """Move the bar."""
        going_s = time.monotonic() - self._started_s
        rate = self.num_new / max(going_s, 1e-9)
        rejects = f"{self.num_rejects:,} rejects" if self.num_rejects else ""
        self._rich.update(self._task, completed=self.num_done, rate=f"{rate:,.1f} inputs/s", rejects=rejects)
        if not self._is_foretold and ENOUGH <= self.num_new < (self.total or 0):
            self._is_foretold = True
            self._rich.console.print(self.forecast(going_s), highlight=False)

    def forecast(self, going_s: float) -> str:
        """One line on what all inputs will take."""
        total_s, total_mb = going_s + (self.left_s(going_s) or 0.0), (self.output_bytes or 0) / 1e6
        return f"all {self.total:,} inputs will take about {duration(total_s)} and {total_mb:,.1f} MB"

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
    if sys.stderr is not None and sys.stderr.isatty():
        return Bar(count())
    return JsonLines(count())
