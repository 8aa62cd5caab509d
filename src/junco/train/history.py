"""`History`: what happened in a training run, epoch by epoch: plain values that pages and files are made of."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Ending = Literal["done", "patience", "interrupted", "not finite", "steps"]
"""Why it ended: all epochs, none better for a while, Ctrl-C, a loss that is no number, all steps."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One time through all examples; number 0 is before the first.

    Attributes:
        number: from 0.
        step: how many steps there were until its end.
        loss: its mean over the steps; NaN for number 0.
        lr: the rate at its end.
        seconds: that it took, measures included.
        measures: of the held-out examples, by name; of the examples themselves where none are held out.
    """

    number: int
    step: int
    loss: float
    lr: float
    seconds: float
    measures: dict[str, float]


@dataclass(slots=True)
class History:
    """All epochs of a run.

    Attributes:
        metric: the measure that says which epoch is best; empty: none does, and the last is kept.
        epochs: the first is number 0, what was there before.
        losses: of each step, (step, loss).
        lr: the highest rate, given or found.
        batch: examples of a step.
        ending: why it ended.
        seconds: of all, over all processes that worked on it.
        num_trained: numbers that were trained, of ``num_weights``.
        resumed_at: steps at which a run that was stopped went on.
        told: what was decided or found out on the way, a line each.
    """

    metric: str = ""
    epochs: list[Epoch] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    lr: float = 0.0
    batch: int = 0
    ending: Ending = "done"
    seconds: float = 0.0
    num_trained: int = 0
    num_weights: int = 0
    resumed_at: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def best(self) -> Epoch:
        """The epoch whose measure is the highest, the earliest of equals; the last where nothing says which is best."""
        known = [epoch for epoch in self.epochs if math.isfinite(epoch.measures.get(self.metric, math.nan))]
        return max(known, key=lambda epoch: (epoch.measures[self.metric], -epoch.number)) if known else self.epochs[-1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> History:
        """What `to_dict` gave."""
        epochs = [Epoch(**each) for each in plain["epochs"]]
        losses = [(int(step), float(loss)) for step, loss in plain["losses"]]
        return cls(**{**plain, "epochs": epochs, "losses": losses})
