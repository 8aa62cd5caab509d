"""`Optimiser`: one step along the gradients: clipping, AdamW, and a pull to where the weights are to stay near to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from junco.train.args import TrainingArgs
from junco.train.goals import Goal
from junco.train.parts import Part

_RATE_OF_A_GOAL, _MOST_OF_A_GOAL = 10.0, 1e-2
"""Weights of a goal are new: they learn so many times as fast as the network, up to a rate."""
_KINDS = ("mean", "square", "steps")


@dataclass(frozen=True, eq=False)
class _Group:
    """Weights that are treated alike.

    Attributes:
        weights: which.
        decay: how much of each is taken away, times the rate.
        rate: times the rate of the network.
    """

    weights: list[Tensor]
    decay: float = 0.0
    rate: float = 1.0


class Optimiser:
    """AdamW (Loshchilov and Hutter, 2017) for weights that are trained and those of the goal.

    Decay is for matrices, not for biases and the factors of norms. It is torch's arithmetic without torch's class,
    whose first use imports a compiler for seconds.

    Args:
        part: what of the network is trained.
        goal: its own weights learn faster, for they are new.
        args: clip and weight_decay.
    """

    def __init__(self, part: Part, goal: Goal, args: TrainingArgs) -> None:
        weights: list[Tensor] = [*part.parameters.values()]
        self._clip = args.clip
        self._groups = (
            _Group([weight for weight in weights if weight.ndim > 1], decay=args.weight_decay),
            _Group([weight for weight in weights if weight.ndim <= 1]),
            _Group([*goal.parameters()], rate=_RATE_OF_A_GOAL),
        )
        self._all = [weight for group in self._groups for weight in group.weights]
        self._moments = [(torch.zeros_like(weight), torch.zeros_like(weight), _zero(weight)) for weight in self._all]

    def step(self, lr: float) -> bool:
        """One step at a rate; gradients are gone after it. ``False``: they are not finite, and nothing was changed."""
        norm = nn.utils.clip_grad_norm_(self._all, self._clip or math.inf)
        is_finite = bool(torch.isfinite(norm))
        if is_finite:
            self._move(lr)
        self.forget()
        return is_finite

    @torch.no_grad()
    def _move(self, lr: float) -> None:
        first = 0
        for group in self._groups:
            moments = self._moments[first : first + len(group.weights)]
            first += len(group.weights)
            moved = [
                (weight, its) for weight, its in zip(group.weights, moments, strict=True) if weight.grad is not None
            ]
            adamw(
                [weight for weight, _ in moved],
                [weight.grad for weight, _ in moved if weight.grad is not None],
                [its[0] for _, its in moved],
                [its[1] for _, its in moved],
                [],
                [its[2] for _, its in moved],
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=lr if group.rate == 1 else max(lr, min(lr * group.rate, _MOST_OF_A_GOAL)),
                weight_decay=group.decay,
                eps=1e-8,
                maximize=False,
            )

    def forget(self) -> None:
        """Gradients that were added are no more."""
        for weight in self._all:
            weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """Its moments, on the CPU."""
        return {
            f"{number}.{kind}": value.detach().to("cpu", copy=True)
            for number, values in enumerate(self._moments)
            for kind, value in zip(_KINDS, values, strict=True)
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Put a `state` back."""
        for number, values in enumerate(self._moments):
            for kind, value in zip(_KINDS, values, strict=True):
                value.copy_(state[f"{number}.{kind}"])


def _zero(weight: Tensor) -> Tensor:
    return torch.zeros((), dtype=torch.float32, device=weight.device)
