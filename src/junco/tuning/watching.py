"""What is shown while a run trains: a live line on a terminal, lines of JSON elsewhere, both on stderr."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from junco.job.progress import DRAW_S, EVERY_S, duration
from junco.terminal import is_terminal, say_json
from junco.train.history import Epoch
from junco.wording import masked, printable

if TYPE_CHECKING:
    from junco.tuning.report import TrainReport

EPOCH_S = 1.0
"""Between two lines of epochs on a terminal: a head has hundreds in a moment."""
Clock = Callable[[], float]


class Watching:
    """Is told what happens in a run. This one shows nothing.

    Args:
        metric: the measure that says which epoch is best.
        clock: seconds, from any time on.
    """

    def __init__(self, metric: str = "", clock: Clock = time.monotonic) -> None:
        self.metric, self.clock = metric, clock
        self.best: Epoch | None = None
        self.last: Epoch | None = None
        self._first: tuple[float, int] | None = None

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over; number 0 is what was there before."""
        self.last = epoch
        if self.best is None or self._measure(epoch) > self._measure(self.best):
            self.best = epoch

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """A step is done, of so many in all."""
        self._first = self._first or (self.clock(), step)

    def told(self, line: str) -> None:
        """Something was decided or found out."""

    def loading(self, what: str, done: int, total: int) -> None:
        """So many items of so many were read, decoded, embedded."""

    def finish(self, report: TrainReport) -> None:
        """All is measured."""

    def left_s(self, step: int, steps: int) -> float | None:
        """Seconds that the rest of the run will take, by the steps of this process; ``None`` where nobody knows yet."""
        since_s, before = self._first or (0.0, step)
        return (self.clock() - since_s) / (step - before) * (steps - step) if step > before else None

    def _measure(self, epoch: Epoch) -> float:
        value = epoch.measures.get(self.metric, -math.inf)
        return -math.inf if math.isnan(value) else value

    def _is_best(self, epoch: Epoch) -> bool:
        return epoch.number > 0 and epoch is self.best and self._measure(epoch) > -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class Together(Watching):
    """Tells several what happens."""

    def __init__(self, watches: Sequence[Watching], metric: str = "") -> None:
        super().__init__(metric)
        self._watches = watches

    def epoch(self, epoch: Epoch) -> None:
        """To each."""
        super().epoch(epoch)
        for each in self._watches:
            each.metric = each.metric or self.metric
            each.epoch(epoch)

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """To each."""
        for each in self._watches:
            each.step(step, steps, loss, lr)

    def told(self, line: str) -> None:
        """To each."""
        for each in self._watches:
            each.told(line)

    def loading(self, what: str, done: int, total: int) -> None:
        """To each."""
        for each in self._watches:
            each.loading(what, done, total)

    def finish(self, report: TrainReport) -> None:
        """To each."""
        for each in self._watches:
            each.finish(report)

    def __enter__(self) -> Self:
        for each in self._watches:
            each.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._watches:
            each.__exit__(kind, error, trace)


class Epochs(Watching):
    """Shows an epoch's line no more often than every few seconds, and at the end the best and the last.

    Args:
        every_s: between two of them.
    """

    def __init__(self, every_s: float, metric: str = "", clock: Clock = time.monotonic) -> None:
        super().__init__(metric, clock)
        self._every_s, self._shown_s = every_s, -math.inf
        self._shown: set[int] = set()

    def epoch(self, epoch: Epoch) -> None:
        """Show it if the last line is old; all of those whose epochs take long."""
        super().epoch(epoch)
        if epoch.number == 0 or self.clock() - self._shown_s >= self._every_s:
            self._say(epoch)

    def show_epoch(self, epoch: Epoch) -> None:
        """Write its line."""
        raise NotImplementedError

    def _say(self, epoch: Epoch) -> None:
        self._shown_s = self.clock()
        self._shown.add(epoch.number)
        self.show_epoch(epoch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self.best, self.last):
            if each is not None and each.number not in self._shown:
                self._say(each)


class JsonLines(Epochs):
    """A line of JSON every few seconds: of the steps, of epochs, of what was told."""

    def __init__(self, metric: str = "", clock: Clock = time.monotonic) -> None:
        super().__init__(EVERY_S, metric, clock)
        self._stepped_s = clock()

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """Print a line if the last one is old."""
        super().step(step, steps, loss, lr)
        if self.clock() - self._stepped_s >= EVERY_S:
            self._stepped_s = self.clock()
            left_s = self.left_s(step, steps)
            line = {"step": step, "steps": steps, "loss": _digits(loss), "lr": _digits(lr)}
            say_json({**line, "left_s": None if left_s is None else round(left_s, 1)})

    def told(self, line: str) -> None:
        """Print it as a line."""
        say_json({"told": line})

    def loading(self, what: str, done: int, total: int) -> None:
        """Print a line if the last one is old."""
        if self.clock() - self._stepped_s >= EVERY_S:
            self._stepped_s = self.clock()
            say_json({"loading": what, "done": done, "total": total})

    def show_epoch(self, epoch: Epoch) -> None:
        """Number, loss, rate, measures, seconds, and whether none was better."""
        self._stepped_s = self.clock()
        measures: dict[str, Any] = {name: _digits(value) for name, value in epoch.measures.items()}
        line = {"epoch": epoch.number, "step": epoch.step, "loss": _digits(epoch.loss), "lr": _digits(epoch.lr)}
        say_json({**line, **measures, "seconds": round(epoch.seconds, 3), "best": self._is_best(epoch)})


class Live(Epochs):
    """A bar with loss, rate and the time left, and above it a line for each epoch."""

    def __init__(self, metric: str = "", clock: Clock = time.monotonic) -> None:
        super().__init__(EPOCH_S, metric, clock)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Rich

        fields = [TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("loss", "rate", "left")]
        count = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self._rich = Rich(*count, *fields, console=Console(stderr=True), transient=True)
        self._task = self._rich.add_task("", total=None, loss="", rate="", left="")
        self._drawn_s = -math.inf

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """Move the bar, unless it was just moved."""
        super().step(step, steps, loss, lr)
        if not self._is_due(is_last=step >= steps):
            return
        left_s = self.left_s(step, steps)
        self._rich.update(
            self._task,
            description=f"epoch {self.last.number + 1 if self.last else 1}",
            completed=step,
            total=steps,
            loss=f"loss {loss:.3f}",
            rate=f"rate {lr:.1e}",
            left="" if left_s is None else f"{duration(left_s)} left",
        )

    def told(self, line: str) -> None:
        """Print it above the bar."""
        self._print(line)

    def loading(self, what: str, done: int, total: int) -> None:
        """Move the bar, unless it was just moved."""
        if self._is_due(is_last=done >= total):
            self._rich.update(self._task, description=what, completed=done, total=total, loss="", rate="", left="")

    def _is_due(self, *, is_last: bool) -> bool:
        now_s = self.clock()
        if now_s - self._drawn_s < DRAW_S and not is_last:
            return False
        self._drawn_s = now_s
        return True

    def show_epoch(self, epoch: Epoch) -> None:
        """Print its line above the bar."""
        self._print(epoch_line(epoch, is_best=self._is_best(epoch)))

    def _print(self, line: str) -> None:
        self._rich.console.print(printable(masked(line)), highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._rich.stop()


def epoch_line(epoch: Epoch, *, is_best: bool = False) -> str:
    """An epoch in a line; number 0 is what was there before."""
    measures = [f"{name} {value:.3f}" for name, value in epoch.measures.items()]
    if not epoch.number:
        return "  ".join(["before  ", *measures])
    loss = [f"loss {epoch.loss:.3f}"] if math.isfinite(epoch.loss) else []
    parts = [f"epoch {epoch.number:<2}", *loss, *measures, duration(epoch.seconds)]
    return "  ".join([*parts, *(["best so far"] if is_best else [])])


def watch_for(progress: bool | None, metric: str = "") -> Watching:
    """What shows the progress: ``None`` lets the terminal decide, ``False`` shows nothing.

    Args:
        progress: as in a job.
        metric: the measure that says which epoch is best.
    """
    if progress is False:
        return Watching(metric)
    return Live(metric) if is_terminal(sys.stderr) else JsonLines(metric)


def _digits(value: float) -> float | None:
    """A number as short as it is still told; ``None`` where it is none."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
