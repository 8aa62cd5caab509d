"""`Run`: all that a training run is made of, and where it stands: what the loop in `trainer` speaks of."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from junco.train import rates, resuming
from junco.train.args import TrainingArgs
from junco.train.examples import Examples, Rows
from junco.train.fitting import rows_that_fit
from junco.train.goals import goal_for
from junco.train.gradients import Gradients
from junco.train.history import Epoch, History
from junco.train.optimiser import Optimiser
from junco.train.parts import State
from junco.train.passes import Passes, Places, device_of
from junco.train.samplers import balanced, sampler_for
from junco.train.schedule import share_of_rate
from junco.train.scope import part_of
from junco.train.settle import settled
from junco.train.task import Side, TrainTask
from junco.types import Vectors

Embed = Callable[[Rows, Side], Vectors]
"""Rows of a side → their vectors, float32 (n, dim), as in use and without gradients."""
_MOST_TO_BEGIN_AT = 256
"""Examples whose vectors say where a goal's weights begin; of a head all."""
_MOST_TO_LOOK_AT = 4096
"""Vectors that say in which directions a head learns."""
_FEWEST_OF_A_TEST = 4
"""Others: fewer say nothing."""
_LEAST_S = 5.0
"""Between checkpoints of epochs that are short."""
_USUAL_RATES = {True: 1e-3, False: 1e-4}
"""Of a head, and of a network, where the test finds none."""


class Watch(Protocol):
    """Who looks on."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over; number 0 says what was there before."""

    def step(self, step: int, steps: int, loss: float, lr: float) -> None:
        """A step is done, of so many."""

    def told(self, line: str) -> None:
        """Something was decided or found out."""


@dataclass(eq=False)
class Run:
    """A training run. Options are those of `trainer.fit`."""

    task: TrainTask
    examples: Examples
    args: TrainingArgs
    folder: Path
    goal_name: str
    measure: Callable[[Embed], dict[str, float]]
    metric: str
    watch: Watch
    history: History = field(default_factory=History)
    num_epochs: int = 0
    step: int = 0
    best: State = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settled = settled(self.args, self.task, self.examples, self.goal_name)
        self.part = part_of(self.task, self.args)
        device = device_of(self.args.device)
        self.passes = Passes(self.task, self.part, device, self.args.precision == "bfloat16", self.settled.augment)
        first = self.passes.some(self.examples.columns[0], np.arange(min(2, len(self.examples))))
        self.goal = goal_for(self.goal_name, self.args, self.examples, first.shape[1]).to(device)
        self.optimiser = Optimiser(self.part, self.goal, self.args)
        self.gradients = Gradients(self.passes, self.goal, self.examples, self.args.seed, self.told)
        self.sampler = sampler_for(self.examples, self.goal_name, self.settled, self.args.balance, self.args.seed)
        self.history = History(
            metric=self.metric,
            batch=self.settled.batch,
            num_trained=self.part.num_trained,
            num_weights=self.part.num_weights,
        )
        self.best = self.part.start
        self.began = self.epoch_began = self._saved = time.perf_counter()

    def begin(self) -> None:
        """Measure what is there before, see what fits into memory, let the goal begin there, and find the rate."""
        self._measure()
        self._fit_passes()
        if self.settled.patience and self.metric not in self.history.epochs[0].measures:
            self.told("patience waits for nothing: no measure of held-out examples says which epoch is best")
        if self.settled.is_head:
            some = np.random.default_rng(self.args.seed).permutation(len(self.examples))[:_MOST_TO_LOOK_AT]
            self.part.begin(self.passes.inputs(self.examples.columns[0], some)[0])
            self.best = self.part.state()
        labels = self.examples.labels
        if labels is not None and len(self.examples.columns) == 1:
            places = balanced(labels, np.random.default_rng(self.args.seed)).ravel()
            places = places if self.settled.is_head else places[:_MOST_TO_BEGIN_AT]
            of = torch.from_numpy(labels[places]).to(self.passes.device)
            self.goal.begin(self.passes.some(self.examples.columns[0], places), of)
        self.history.lr = self.args.lr or self._found_rate()

    def epochs_left(self) -> Iterator[int]:
        """Numbers of the epochs that are to come; says why it ended."""
        while self.num_epochs < self.settled.epochs:
            if self._is_out_of_patience():
                self.history.ending = "patience"
                return
            yield self.num_epochs + 1
        self.history.ending = "steps" if self.args.steps == self.settled.steps else "done"

    def steps_left(self, epoch: int) -> Iterator[list[Places]]:
        """The batches of each step of an epoch that is to come."""
        batches = self.sampler.batches(epoch)
        each = self.settled.accumulate
        done = self.step - (epoch - 1) * self.settled.steps_of_an_epoch
        for first in range(done * each, len(batches), each):
            if self.step == self.settled.steps:
                return
            self.step += 1
            yield batches[first : first + each]

    def rate(self) -> float:
        """That of the present step."""
        share = share_of_rate(self.step, self.settled.steps, self.args.schedule, self.args.warmup)
        return self.history.lr * share

    def note(self, loss: float, lr: float) -> None:
        """A step is done."""
        self.history.losses.append((self.step, loss))
        self.watch.step(self.step, self.settled.steps, loss, lr)
        if time.perf_counter() - self._saved >= self.args.checkpoint_s:
            self.save()

    def end_epoch(self, epoch: int) -> None:
        """Measure, and keep the weights if they are the best so far, or if nothing says which are."""
        self.num_epochs = epoch
        self._measure()
        if time.perf_counter() - self._saved >= min(self.args.checkpoint_s, _LEAST_S):
            self.save()

    def told(self, line: str) -> None:
        """Something was decided or found out."""
        self.history.told.append(line)
        self.watch.told(line)

    def finish(self) -> dict[str, npt.NDArray[np.generic]]:
        """Put the best weights in, note how long it took, and give what came out."""
        self.part.load(self.best)
        tensors = self.part.tensors()
        self.part.close()
        self.history.seconds += time.perf_counter() - self.began
        return tensors

    def save(self) -> None:
        """Write a checkpoint."""
        resuming.save(self)
        self._saved = time.perf_counter()

    def _measure(self) -> None:
        losses = [
            loss
            for step, loss in self.history.losses
            if step > (self.history.epochs[-1].step if self.history.epochs else 0)
        ]
        measures = {name: float(value) for name, value in self.measure(self.passes.embed).items()}
        now = time.perf_counter()
        epoch = Epoch(
            number=self.num_epochs,
            step=self.step,
            loss=sum(losses) / len(losses) if losses else math.nan,
            lr=self.rate() if self.step else 0.0,
            seconds=now - self.epoch_began,
            measures=measures,
        )
        self.epoch_began = now
        state = self.part.state() if epoch.number else self.best
        self.history.epochs.append(epoch)
        if self.history.best is epoch:
            self.best = state
        self.watch.epoch(epoch)

    def _fit_passes(self) -> None:
        self.part.as_in_training()
        self.gradients.rows = rows_that_fit(self.passes, self.examples, self.settled.batch)
        if self.gradients.rows is not None:
            self.told(f"memory holds passes of {self.gradients.rows} examples: a batch goes through in such parts")

    def _is_out_of_patience(self) -> bool:
        patience, epochs = self.settled.patience, self.history.epochs
        is_measured = self.metric in epochs[-1].measures
        return patience is not None and is_measured and epochs[-1].number - self.history.best.number >= patience

    def _found_rate(self) -> float:
        """By a test on a few examples, after which all weights are as before."""
        before, goal = self.part.state(), {name: each.clone() for name, each in self.goal.state_dict().items()}
        trial = Optimiser(self.part, self.goal, self.args)
        batches, others = self._examples_of_a_test()

        def loss_at(rate: float) -> float:
            own = self.gradients.add([next(batches)], 0)
            loss = own if others is None else self.gradients.loss(others)
            return loss if math.isfinite(own) and trial.step(rate) else math.nan

        lowest, highest = rates.RANGE_OF_A_HEAD if self.settled.is_head else rates.RANGE_OF_A_NETWORK
        steps = rates.STEPS_OF_A_HEAD if self.settled.is_head else rates.STEPS_OF_A_NETWORK
        found = rates.found_rate(loss_at, lowest, highest, steps)
        trial.forget()
        self.part.load(before)
        self.goal.load_state_dict(goal)
        usual = _USUAL_RATES[self.settled.is_head]
        rate = usual if found is None else float(f"{found:.2g}")
        how = "found by a short test" if found else "the usual one: the loss fell nowhere in a short test"
        self.told(f"lr: {rate:g}, {how}")
        return rate

    def _examples_of_a_test(self) -> tuple[Iterator[Places], Places | None]:
        """What each step of a test of rates learns from, and what it is told by; ``None``: by the same.

        A few examples are learned by heart at any rate: only by others is seen where that does harm. A head that tells
        labels apart is the exception: its own batch has many of each, and rates that others tell were too low.
        """
        batches = self.sampler.batches(1)
        some = np.concatenate(batches)
        each, most = self.settled.of_a_test
        count = min(most, len(some) // 2)
        of_labels = self.settled.is_head and self.examples.labels is not None
        if of_labels or count < _FEWEST_OF_A_TEST:
            return cycle(batches[:1]), None
        others, rest = some[:count], some[count:]
        return cycle([rest[i : i + each] for i in range(0, len(rest), each)]), others
