"""A run's checkpoint: what is needed to go on as if nothing had been, and what tells another run's from it.

What is drawn follows from seeds, steps and parts of batches, so no generator's state has to be kept.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import TrainError
from junco.train import checkpoint
from junco.train.args import TrainingArgs
from junco.train.examples import Examples
from junco.train.history import History

if TYPE_CHECKING:
    from junco.train.run import Run


def save(run: Run) -> None:
    """Write it, in the place of the one before.

    Raises:
        TrainError: it cannot be written; the one before is whole.
    """
    now = time.perf_counter()
    state = {
        **_identity(run),
        "args": run.args.to_dict(),
        "num_epochs": run.num_epochs,
        "step": run.step,
        "rows": run.gradients.rows,
        "epoch_seconds": now - run.epoch_began,
        "history": {**run.history.to_dict(), "seconds": run.history.seconds + now - run.began},
    }
    tensors = {
        **checkpoint.under("trained", run.part.state()),
        **checkpoint.under("best", run.best),
        **checkpoint.under("goal", {name: each.cpu().clone() for name, each in run.goal.state_dict().items()}),
        **checkpoint.under("optimiser", run.optimiser.state()),
    }
    checkpoint.write_checkpoint(run.folder / checkpoint.NAME, tensors, state)


def resume(run: Run) -> bool:
    """Let a run, just made, go on where a checkpoint in its folder was written; ``False`` where there is none.

    Raises:
        TrainError: it is of other arguments, another model, other examples or another goal, or damaged.
    """
    path = run.folder / checkpoint.NAME
    if not path.exists():
        return False
    tensors, state = checkpoint.read_checkpoint(path)
    try:
        _check(run, path, state)
        run.history = History.from_dict(state["history"])
        run.num_epochs, run.step = int(state["num_epochs"]), int(state["step"])
        run.gradients.rows = state["rows"]
        run.epoch_began -= float(state["epoch_seconds"])
        run.part.load(checkpoint.from_under("trained", tensors))
        run.best = checkpoint.from_under("best", tensors)
        run.goal.load_state_dict(checkpoint.from_under("goal", tensors))
        run.optimiser.load(checkpoint.from_under("optimiser", tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise TrainError(f"{path}: this checkpoint does not hold what one of this run would: {error}") from error
    run.history.resumed_at.append(run.step)
    return True


def _check(run: Run, path: Path, state: dict[str, Any]) -> None:
    then = replace(TrainingArgs.of(state["args"]), **{name: getattr(run.args, name) for name in _MAY_DIFFER})
    if differences := run.args.differences(then):
        raise TrainError(
            f"{path}: this run was begun with other arguments: {'; '.join(differences)}. Take those, or begin anew "
            "without resume"
        )
    for name, mine in _identity(run).items():
        if state[name] != mine:
            raise TrainError(f"{path}: this is a checkpoint of {_OF[name]}: begin anew without resume")


def _identity(run: Run) -> dict[str, Any]:
    return {
        "model": run.part.fingerprint,
        "examples": _fingerprint(run.examples),
        "goal": run.goal_name,
        "metric": run.metric,
    }


_MAY_DIFFER = ("checkpoint_s", "logs", "keep")
"""Arguments that change nothing of what comes out."""
_OF = {
    "model": "another model, or of other weights",
    "examples": "a run on other examples",
    "goal": "a run with another goal",
    "metric": "a run with another metric",
}


def _fingerprint(examples: Examples) -> str:
    digest = hashlib.sha256(repr([len(column) for column in examples.columns]).encode())
    for values in (examples.labels, examples.scores, examples.targets, *examples.groups):
        digest.update(b"-" if values is None else np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
