"""How far a job is: a bar on a terminal, a line of JSON every few seconds elsewhere; both on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

EVERY_S = 5.0


class Progress:
    """Shows what a job has done. This one shows nothing.

    Args:
        total: how many inputs there are, if that is known.
    """

    def __init__(self, total: int | None = None) -> None:
        self.total = total
        self.num_done = self.num_new = self.num_rejects = 0

    def skipped(self, count: int) -> None:
        """Inputs that were done before."""
        self.num_done += count
        self.show()

    def worked(self, count: int) -> None:
        """Inputs that are through."""
        self.num_done += count
        self.num_new += count
        self.show()

    def rejected(self) -> None:
        """An input, or a part of one, was put aside."""
        self.num_rejects += 1

    def show(self) -> None:
        """Bring what is shown up to date."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class JsonLines(Progress):
    """A line of JSON every few seconds: done, total, rows_per_s, eta_s, rejects."""

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
        """What a line says."""
        rate = self.num_new / max(now_s - self.started_s, 1e-9)
        left = None if self.total is None or not rate else max(0, self.total - self.num_done) / rate
        return {
            "done": self.num_done,
            "total": self.total,
            "rows_per_s": round(rate, 1),
            "eta_s": None if left is None else round(left, 1),
            "rejects": self.num_rejects,
        }


class Bar(Progress):
    """A bar with the rate, the time that is left and the rejects."""

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

    def show(self) -> None:
        """Move the bar."""
        rate = self.num_new / max(time.monotonic() - self._started_s, 1e-9)
        rejects = f"{self.num_rejects:,} rejects" if self.num_rejects else ""
        self._rich.update(self._task, completed=self.num_done, rate=f"{rate:,.1f} inputs/s", rejects=rejects)

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rich.stop()


def progress_for(wanted: bool | None, count: Callable[[], int | None]) -> Progress:
    """What shows the progress: ``None`` lets the terminal decide, ``False`` shows nothing."""
    if wanted is False:
        return Progress()
    if sys.stderr is not None and sys.stderr.isatty():
        return Bar(count())
    return JsonLines(count())
