"""`fit`: a task, examples and a goal → better weights.

The loop is junco's own, for it is short, and what is around it is not to be had together elsewhere: one seed gives
equal bits, a run that was killed in the middle of an epoch goes on to the bits of a whole one, what is drawn for a part
of a batch can be drawn again (so that large contrastive batches fit), rows come from wherever a task has them, and a
head is trained at the speed of matrix products. Precision, gradients and the arithmetic of steps are torch's; losses
and miners of labels are pytorch-metric-learning's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from junco.train import resuming
from junco.train.args import TrainingArgs
from junco.train.examples import Examples
from junco.train.history import History
from junco.train.run import Embed, Run, Watch
from junco.train.task import TrainTask

__all__ = ["Embed", "Fitted", "Watch", "fit"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came out.

    Attributes:
        history: what happened.
        tensors: of the best epoch, as in a tuned folder: ``network.<name>``, ``lora.<name>.a`` and ``.b``,
            ``head.weight``; none of a network or of LoRA where nothing was better than before.
        lora_scale: what products of LoRA's matrices are multiplied by; ``None`` of other scopes.
    """

    history: History
    tensors: dict[str, npt.NDArray[np.generic]]
    lora_scale: float | None


class _NotFinite(Exception):
    """A loss or its gradients are no numbers; the weights are still those before the step."""


def fit(  # noqa: PLR0913  # what a run is made of
    task: TrainTask,
    examples: Examples,
    args: TrainingArgs,
    folder: Path,
    *,
    goal: str,
    measure: Callable[[Embed], dict[str, float]],
    metric: str,
    watch: Watch,
    resume: bool = False,
) -> Fitted:
    """Train. The task's network has the best weights afterwards, on the CPU and as in use.

    Args:
        task: what an operator lends.
        examples: what is trained on.
        args: how; what is ``None`` is settled.
        folder: where checkpoints go; it is there.
        goal: what vectors are to do, never ``auto``.
        measure: is given what makes vectors of rows, and measures them: higher is better.
        metric: which of its measures says which epoch is best; empty, or none of them: the last is kept.
        watch: who looks on.
        resume: go on with the checkpoint in the folder, if there is one.

    Raises:
        TrainError: it cannot start or go on: what the goal needs is not there, a scope has nothing to train, memory or
            disk are full, a checkpoint is damaged or of another run.
        DataError: there is too little to learn from.
    """
    with _apart_from_others(args.seed):
        run = Run(task, examples, args, folder, goal, measure, metric, watch)
        try:
            _train(run, resume)
        except _NotFinite:
            run.history.ending = "not finite"
        except KeyboardInterrupt:
            if not run.history.epochs:
                raise  # nothing is known yet
            run.history.ending = "interrupted"
        return Fitted(run.history, run.finish(), run.part.lora_scale)


def _train(run: Run, resume: bool) -> None:
    if not (resume and resuming.resume(run)):
        run.begin()
    for epoch in run.epochs_left():
        for batches in run.steps_left(epoch):
            lr = run.rate()
            loss = run.gradients.add(batches, run.step)
            if not math.isfinite(loss) or not run.optimiser.step(lr):
                raise _not_finite(run, loss, lr)
            run.note(loss, lr)
        run.end_epoch(epoch)


def _not_finite(run: Run, loss: float, lr: float) -> _NotFinite:
    what = f"the loss is {loss}" if not math.isfinite(loss) else "the gradient is not finite"
    cure = (
        "look for examples that are not finite numbers, and whether the network is sound"
        if run.step == 1
        else f"take a lower lr than {run.history.lr:g}, more warmup, or precision='float32'"
    )
    run.told(f"step {run.step}: {what} at a rate of {lr:.2g}: {cure}. The best weights before it are kept")
    return _NotFinite()


@contextmanager
def _apart_from_others(seed: int) -> Iterator[None]:
    """What is drawn follows from the seed, and whoever else draws is as before."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
