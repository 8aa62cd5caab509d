"""`Gradients`: the gradient of a batch's loss, in passes as large as memory holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from junco.errors import TrainError
from junco.memory import is_out_of_memory, let_go
from junco.train.examples import Examples
from junco.train.goals import Goal, Known
from junco.train.passes import Passes, Places, seed_of


class Gradients:
    """Adds the gradients of batches to those of the weights.

    A batch that is too large for one pass goes through the network in parts. Where a goal compares examples with each
    other, vectors of all parts are made first without gradients; from the loss come the gradients of these vectors, and
    then each part goes through once more, to take them to the weights: Gao et al., "Scaling Deep Contrastive Learning
    Batch Size under Memory Limited Setup" (2021). The gradients are those of one large pass, whatever is drawn on the
    way, for each part draws from a seed of its own.

    Args:
        passes: ways through the network.
        goal: its loss.
        examples: all of them.
        seed: of the run.
        told: hears of it when passes are made smaller.

    Attributes:
        rows: examples of a pass, at most; ``None``: all of a batch.
    """

    def __init__(self, passes: Passes, goal: Goal, examples: Examples, seed: int, told: Callable[[str], None]) -> None:
        self._passes, self._goal, self._examples = passes, goal, examples
        self._seed, self._told = seed, told
        self.rows: int | None = None

    def add(self, batches: Sequence[Places], step: int) -> float:
        """Those of a step's batches, the mean of them; weights have none before. Gives the loss.

        Raises:
            TrainError: memory does not hold even the smallest pass.
        """
        while True:
            try:
                share = 1 / len(batches)
                return sum(self._of_batch(places, (step, i), share) for i, places in enumerate(batches))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._make_room(max(len(places) for places in batches), error)

    def _of_batch(self, places: Places, draw: tuple[int, ...], share: float) -> float:
        self._passes.part.as_in_training()
        num_parts = 1 if self.rows is None else -(-len(places) // self.rows)
        parts = np.array_split(places, num_parts)
        if num_parts == 1 or self._goal.by_item:
            return sum(self._of_part(part, (*draw, i), share * len(part) / len(places)) for i, part in enumerate(parts))
        return self._cached(places, parts, draw, share)

    def _of_part(self, places: Places, draw: tuple[int, ...], share: float) -> float:
        columns = [self._vectors(column, places, draw) for column in range(len(self._examples.columns))]
        loss = self._goal(columns, self._known(places)) * share
        return _gone_back(loss)

    def _cached(self, places: Places, parts: Sequence[Places], draw: tuple[int, ...], share: float) -> float:
        numbers = range(len(self._examples.columns))
        with torch.no_grad(), self._passes.statistics_kept():
            columns = [
                torch.cat([self._vectors(column, part, (*draw, i)) for i, part in enumerate(parts)])
                for column in numbers
            ]
        for vectors in columns:
            vectors.requires_grad_(True)
        loss = _gone_back(self._goal(columns, self._known(places)) * share)
        for column in numbers:
            wanted = columns[column].grad
            if wanted is None:  # a column that the goal does not look at
                continue
            pieces = torch.tensor_split(wanted, len(parts))  # as numpy split the places
            for i, (part, piece) in enumerate(zip(parts, pieces, strict=True)):
                torch.autograd.backward(self._vectors(column, part, (*draw, i)), piece)
        return loss

    def _vectors(self, column: int, places: Places, draw: tuple[int, ...]) -> Tensor:
        rows, side = self._examples.columns[column], self._examples.side(column)
        return self._passes.learned(rows, places, side, seed_of(self._seed, *draw, column))

    def _known(self, places: Places) -> Known:
        return Known.of(self._examples, places, self._passes.device)

    def _make_room(self, of_batch: int, error: Exception) -> None:
        let_go(error)
        for weight in [*self._passes.part.network.parameters(), *self._goal.parameters()]:
            weight.grad = None
        if self._passes.device.type == "cuda":
            torch.cuda.empty_cache()
        now = min(self.rows or of_batch, of_batch)
        if now <= 2:
            raise TrainError(
                f"{self._passes.task.name!r}: memory does not hold a pass of {now} examples: take smaller ones, "
                "scope='lora' or scope='head', precision='bfloat16', or a device with more"
            ) from error
        self.rows = -(-now // 2)
        self._told(f"memory did not hold passes of {now} examples: a batch goes through in parts of {self.rows}")


def _gone_back(loss: Tensor) -> float:
    torch.autograd.backward(loss)
    return float(loss.detach())
