"""`Board`: what happens in a run as files of TensorBoard, where that is installed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from junco.train.history import Epoch
from junco.tuning.watching import Watching

if TYPE_CHECKING:
    from junco.tuning.report import TrainReport

Tell = Callable[[str], None]


class Board(Watching):
    """Writes loss and rate of each step, measures of each epoch, and at the end before and after.

    Args:
        writer: of torch's ``SummaryWriter``.
        tell: is told where a file cannot be written; the run goes on without.
        again: another writer, which hides what was written of a step and of later ones: of a run that goes on there.
    """

    def __init__(self, writer: Any, tell: Tell, again: Callable[[int], Any] | None = None) -> None:
        super().__init__()
        self._writer: Any = writer
        self._tell, self._again = tell, again

    def epoch(self, epoch: Epoch) -> None:
        """Its measures, at the step of its end."""
        for name, value in epoch.measures.items():
            self._scalar(f"measures/{name}", value, epoch.step)
        self._write(lambda writer: writer.flush())

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """Its loss and rate."""
        if self._again is not None:
            self._begin_at(step, self._again)
        self._scalar("train/loss", loss, step)
        self._scalar("train/rate", lr, step)

    def _begin_at(self, step: int, again: Callable[[int], Any]) -> None:
        """The first step of this process; where it is not the run's, others after it may be written already."""
        self._again = None

        def reopen(writer: Any) -> None:
            writer.close()
            self._writer = again(step)

        if step > 1:
            self._write(reopen)

    def finish(self, report: TrainReport) -> None:
        """Each measure before, as step 0, and after, as step 1; the verdict as a text."""
        for name, (before, after, _) in report.compared().items():
            for at, each in enumerate((before, after)):
                self._scalar(f"before and after/{name}", each.mean, at)
        said = "\n\n".join([*report.verdict.sentences, *(f"- {line}" for line in report.verdict.advice)])
        self._write(lambda writer: writer.add_text("verdict", said))

    def _scalar(self, name: str, value: float, step: int) -> None:
        if math.isfinite(value):
            self._write(lambda writer: writer.add_scalar(name, value, step))

    def _write(self, how: Callable[[Any], object]) -> None:
        if self._writer is None:
            return
        try:
            how(self._writer)
        except OSError as error:  # a full disk ends the files, not the run
            self._writer = None
            self._tell(f"files of TensorBoard are no longer written: {error.strerror or error}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(lambda writer: writer.close())
        self._writer = None


def board_for(folder: Path, tell: Tell) -> Board | None:
    """Files of TensorBoard in a folder; ``None``, which is told, where nothing can write them.

    Args:
        folder: is made.
        tell: is told why there are none.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        tell("no files of TensorBoard: it is not installed (pip install 'junco[train]')")
        return None
    try:
        writer = SummaryWriter(str(folder))
    except OSError as error:
        tell(f"no files of TensorBoard: {folder} cannot be written: {error.strerror or error}")
        return None
    return Board(writer, tell, lambda step: SummaryWriter(str(folder), purge_step=step))
