"""Operators whose networks are small, and tuned folders of them, for tests of training's ways in and out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from junco import NeuralOperator, Source
from junco.neural.tuned import Tuned
from junco.neural.tuned_saving import save_tuned

ON_CPU = {"device": "cpu", "runtime": "torch"}


class Sums(NeuralOperator, family="number-embedding", name="test-sums"):
    """Rows of four numbers, by two layers with random weights.

    Args:
        seed: of the weights.
        width: of the layer between.
    """

    seed: int = 0
    width: int = 6
    dim = 5

    def source(self) -> Source:
        return Source(build=self.network, seed=self.seed, recipe="two layers")

    def network(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(4, self.width), torch.nn.Tanh(), torch.nn.Linear(self.width, 5))

    def golden(self) -> list[list[float]]:
        return [[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, -1.0], [5.0] * 4]

    def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
        return np.array(rows, np.float32)


ROWS = [[0.5, -1.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0], [3.0, 0.0, -2.0, 0.25]]


def vectors(operator: Any, rows: Sequence[Any] = ROWS) -> np.ndarray:
    return np.stack([operator(row) for row in rows])


def state_of(operator: NeuralOperator) -> dict[str, np.ndarray]:
    """The tensors of an operator's network, by their names."""
    return {name: tensor.numpy().copy() for name, tensor in operator.train_task().network.state_dict().items()}


def tuned_head(folder: Path, operator: NeuralOperator, dim: int, seed: int = 3) -> Tuned:
    """A folder with a head of random numbers."""
    takes = len(np.atleast_1d(operator(operator.golden()[0]))) if operator.known_dim is None else operator.known_dim
    weight = np.random.default_rng(seed).normal(size=(dim, takes)).astype(np.float32) / takes**0.5
    return save_tuned(folder, operator, {"head.weight": weight}, scope="head", goal="classify")


def tuned_whole(folder: Path, operator: NeuralOperator, factor: float = 1.5) -> Tuned:
    """A folder with all tensors of an operator's network, its weights times a factor."""
    tensors = {f"network.{name}": each * np.asarray(factor, each.dtype) if each.dtype.kind == "f" else each
               for name, each in state_of(operator).items()}  # fmt: skip
    return save_tuned(folder, operator, tensors, scope="all", goal="classify")


class Trainer:
    """Stands where the entry point ``junco.trainers`` leads: writes a head that it was given, and tells its calls."""

    def __init__(self, folder: Path, dim: int = 3) -> None:
        self.folder, self.dim = folder, dim
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []

    def __call__(self, operator: Any, *data: Any, to: Any = None, **how: Any) -> Any:
        self.calls.append((operator, data, {"to": to, **how}))
        folder = Path(to or self.folder / f"run-{len(self.calls)}")
        tuned_head(folder, operator, self.dim, len(self.calls))
        return SimpleNamespace(folder=folder)
