"""`settled`: arguments of training that were left open get values, and what cannot be is said before it begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from junco.errors import DataError, TrainError
from junco.train.args import TrainingArgs
from junco.train.examples import Examples
from junco.train.task import TrainTask

HEAD_BATCH, NETWORK_BATCH = 256, 32
NETWORK_EPOCHS = 3
HEAD_STEPS, FEWEST_HEAD_EPOCHS, MOST_HEAD_EPOCHS = 120, 5, 40
"""A head's epochs are as many as make so many steps: more gave no better vectors."""
_TWO_OF_TWO = 4
_OF_A_TEST = 8, 12
"""Of a network: the test takes as long as 150 examples or so."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided.

    Attributes:
        epochs: how often all examples are seen.
        steps: in all.
        batch: examples of a batch, at most.
        num_batches: of an epoch.
        accumulate: batches of a step.
        augment: whether examples are changed at random.
        patience: epochs without a better one after which it ends; ``None``: never earlier.
        is_head: whether it is a head that is trained, on cached vectors.
    """

    epochs: int
    steps: int
    batch: int
    num_batches: int
    accumulate: int
    augment: bool
    patience: int | None
    is_head: bool

    @property
    def of_a_test(self) -> tuple[int, int]:
        """Examples of a test of rates: of each step, and others by whose loss is told."""
        return (self.batch, HEAD_BATCH) if self.is_head else _OF_A_TEST

    @property
    def steps_of_an_epoch(self) -> int:
        """How many steps there are from one measure to the next."""
        return -(-self.num_batches // self.accumulate)


def settled(args: TrainingArgs, task: TrainTask, examples: Examples, goal: str) -> Settled:
    """Decide what was left open.

    Raises:
        TrainError: the goal does not fit the examples, or something was asked for that the operator does not lend.
        DataError: there are too few examples for it.
    """
    is_head = args.scope == "head"
    _check_goal(goal, examples)
    batch = _batch(args, len(examples), HEAD_BATCH if is_head else NETWORK_BATCH)
    _check_numbers(examples)
    _check_batch(batch, goal, examples)
    num_batches = max(1, min(-(-len(examples) // batch), len(examples) // 2))
    of_an_epoch = -(-num_batches // args.accumulate)
    epochs = args.epochs or -(-(args.steps or 0) // of_an_epoch) or _epochs(is_head, of_an_epoch)
    steps = min(args.steps or epochs * of_an_epoch, epochs * of_an_epoch)
    return Settled(
        epochs=-(-steps // of_an_epoch),
        steps=steps,
        batch=batch,
        num_batches=num_batches,
        accumulate=args.accumulate,
        augment=_augment(args, task, examples),
        patience=args.patience,
        is_head=is_head,
    )


def check_lengths(args: TrainingArgs, dim: int) -> None:
    """Refuse lengths of ``matryoshka`` that are none within vectors of ``dim`` numbers.

    Raises:
        TrainError: one is not.
    """
    if wrong := [length for length in args.matryoshka if not 0 < length <= dim]:
        raise TrainError(
            f"matryoshka={list(args.matryoshka)}: {wrong[0]} is no length within a vector of {dim} numbers"
        )


def _epochs(is_head: bool, steps_of_an_epoch: int) -> int:
    by_steps = -(-HEAD_STEPS // steps_of_an_epoch)
    return min(MOST_HEAD_EPOCHS, max(FEWEST_HEAD_EPOCHS, by_steps)) if is_head else NETWORK_EPOCHS


def _batch(args: TrainingArgs, num_examples: int, usual: int) -> int:
    if num_examples < 2:
        raise DataError(f"{num_examples} example is too little to train on: give two at least, and rather hundreds")
    if num_examples < (args.batch or 2) * args.accumulate:
        taken = [f"batch={args.batch}"] * bool(args.batch) + [f"accumulate={args.accumulate}"] * (args.accumulate > 1)
        raise DataError(
            f"{num_examples} examples are too few for a step with {' and '.join(taken)}: give more, or take less"
        )
    return args.batch or min(usual, num_examples)


def _check_batch(batch: int, goal: str, examples: Examples) -> None:
    if goal in ("triplet", "contrastive") and len(examples.columns) == 1 and batch < _TWO_OF_TWO:
        raise DataError(
            f"goal={goal!r} compares two labels of two examples each at least, and a batch has {batch}: take a larger "
            f"batch, or goal='classify', of {len(examples)} examples"
        )


def _augment(args: TrainingArgs, task: TrainTask, examples: Examples) -> bool:
    if args.augment and task.augment is None:
        raise TrainError(
            f"{task.name!r} lends no way to change its examples at random: leave augment out, or change them in loader="
        )
    by_itself = args.scope != "head" and examples.labels is not None and task.augment is not None
    return by_itself if args.augment is None else args.augment


def _check_goal(goal: str, examples: Examples) -> None:
    columns, has_labels = len(examples.columns), examples.labels is not None
    fits = {
        "classify": has_labels,
        "arcface": has_labels,
        "contrastive": columns > 1 or has_labels,
        "triplet": columns == 3 or (columns == 1 and has_labels),
        "cosent": columns == 2 and examples.scores is not None,
        "distil": examples.targets is not None,
    }
    if goal not in fits:
        raise TrainError(f"there is no goal {goal!r}: there are {', '.join(fits)}")
    if fits[goal]:
        return
    possible = [name for name, can in fits.items() if can]
    instead = (
        f"take goal={' or '.join(repr(name) for name in possible)}" if possible else "give labels, pairs or triplets"
    )
    raise TrainError(f"goal={goal!r} needs {_NEEDS[goal]}, and these are {_told(examples)}: {instead}")


_NEEDS = {
    "classify": "a label of each item",
    "arcface": "a label of each item",
    "contrastive": "pairs, triplets or labels",
    "triplet": "triplets or labels",
    "cosent": "pairs with scores",
    "distil": "vectors of a teacher",
}


def _told(examples: Examples) -> str:
    shape = {1: "items", 2: "pairs", 3: "triplets"}.get(len(examples.columns), "rows")
    known = {"labels": examples.labels, "scores": examples.scores, "a teacher's vectors": examples.targets}
    has = [name for name, values in known.items() if values is not None]
    return f"{shape} with {' and '.join(has)}" if has else f"{shape} without labels" if shape == "items" else shape


def _check_numbers(examples: Examples) -> None:
    sizes = {len(column) for column in examples.columns}
    known = [examples.labels, examples.scores, examples.targets, *examples.groups]
    if len(sizes | {len(values) for values in known if values is not None}) > 1:
        raise TrainError(f"columns, labels and scores of {len(examples)} examples are not all of one length")
    for name, values in (("scores", examples.scores), ("a teacher's vectors", examples.targets)):
        if values is not None and not np.isfinite(values).all():
            raise DataError(f"{name}: one is not a finite number")
    if examples.scores is not None and np.ptp(examples.scores) == 0:
        raise DataError(f"all {len(examples)} scores are {examples.scores[0]:g}: there is no order to learn")
    if examples.labels is not None and len(examples):
        _check_labels(examples.labels)


def _check_labels(labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
    counts = np.bincount(labels[labels >= 0])
    if labels.min() < 0 or len(labels) != counts.sum():
        raise TrainError("labels are numbers from 0, and one is below it")
    if np.count_nonzero(counts) < 2:
        raise DataError(f"all {len(labels)} examples have one label: two at least are needed to tell them apart")
    if counts.max() < 2:
        raise DataError(
            f"each of {np.count_nonzero(counts):,} labels has one example alone: two of some at least are needed to "
            "learn what they share"
        )
