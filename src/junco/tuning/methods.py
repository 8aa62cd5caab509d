"""`Method`: how an operator is trained: by a head on its vectors, or its network; what is loaded, what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from junco.labelled.sets import AnySet, UnlabelledSet
from junco.neural.operator import NeuralOperator
from junco.train.args import TrainingArgs
from junco.train.examples import ArrayRows, Examples
from junco.train.head import head_task
from junco.train.task import Side, TrainTask
from junco.train.trainer import Embed, Fitted
from junco.tuning.loaded import HeldRows, Loaded
from junco.tuning.loading import Loader, LoadingOptions, loader_of_rows, loader_of_vectors, vectors_of
from junco.tuning.measuring import check_metric
from junco.tuning.places import Places
from junco.tuning.split import Split
from junco.tuning.teacher import order_by_teacher, targets_of
from junco.types import Vectors

_SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True, eq=False)
class Ready:
    """All that the trainer needs.

    Attributes:
        task: what is trained.
        examples: by what.
        measure: what is measured each epoch.
        metric: which measure says which epoch is best; empty where nothing is held out.
        dim: numbers of a tuned vector; ``None``: as many as before.
        held_data: what is held out; ``None``: nothing is.
        eval: its rows.
        told: how it was read, a line each.
        rejects: why items were left out, by what they are called.
    """

    task: TrainTask
    examples: Examples
    measure: Callable[[Embed], dict[str, float]]
    metric: str
    dim: int | None
    held_data: AnySet | None
    eval: HeldRows | None
    told: tuple[str, ...]
    rejects: Mapping[str, str]


class Method(Protocol):
    """How an operator is trained."""

    operator: NeuralOperator

    def load(self, parts: Split, goal: str, args: TrainingArgs) -> Ready:
        """What the trainer needs."""

    def tensors(self, fitted: Fitted) -> dict[str, npt.NDArray[Any]]:
        """What was trained, by the keys of a tuned folder."""

    def vectors_before(self, data: AnySet) -> HeldRows:
        """The operator's own vectors of a set's items, by side."""

    def vectors_after(self, tuned: NeuralOperator, data: AnySet) -> HeldRows:
        """Those of the tuned one."""


@dataclass(eq=False)
class HeadMethod:
    """A linear map on the operator's vectors, which are made once, on its fastest runtime."""

    operator: NeuralOperator
    loader: Any
    places: Places
    options: LoadingOptions

    def load(self, parts: Split, goal: str, args: TrainingArgs) -> Ready:
        """Vectors of all items; the map begins at the identity, a shorter one at the directions of most variance."""
        self._loader = loader_of_vectors(self.operator, parts.train, self.places.vectors, self.loader, self.options)
        loaded, data, held = _loaded(self._loader, parts, args)
        dim = loaded.columns[0].take([0])[0][0].shape[0]
        wanted = args.dim or dim
        start = None if wanted >= dim else _principal(vectors_of(loaded.columns[0]), wanted)
        task = head_task(self.operator.name, dim, wanted, start)
        return _ready(task, loaded, (data, held), args, wanted, goal, self.loader)

    def tensors(self, fitted: Fitted) -> dict[str, npt.NDArray[Any]]:
        """The map."""
        self.weight: npt.NDArray[Any] = fitted.tensors["head.weight"]
        return dict(fitted.tensors)

    def vectors_before(self, data: AnySet) -> HeldRows:
        """They are there already."""
        return self._loader.held_out(data)

    def vectors_after(self, tuned: NeuralOperator, data: AnySet) -> HeldRows:
        """By the map itself, of vectors that are there already."""
        before = self.vectors_before(data)
        return replace(before, rows=tuple(ArrayRows((vectors_of(rows) @ self.weight.T,)) for rows in before.rows))


@dataclass(eq=False)
class NetworkMethod:
    """Weights of the network, all or some, or matrices beside them."""

    operator: NeuralOperator
    loader: Any
    places: Places
    options: LoadingOptions

    def load(self, parts: Split, goal: str, args: TrainingArgs) -> Ready:
        """What goes into the network of all items, decoded once."""
        task = self._task = self.operator.train_task()
        loader = loader_of_rows(self.operator, task, self.places.run / "rows", self.loader, self.options)
        loaded, data, held = _loaded(loader, parts, args)
        return _ready(task, loaded, (data, held), args, None, goal, self.loader)

    def tensors(self, fitted: Fitted) -> dict[str, npt.NDArray[Any]]:
        """Weights that changed; where no epoch was better than before, the smallest of those that were there.

        So there is something to save and to go on with also then, and its vectors are those of before.
        """
        if fitted.tensors:
            return dict(fitted.tensors)
        floats = {name: each for name, each in self._task.network.state_dict().items() if each.is_floating_point()}
        name = min(floats, key=lambda each: floats[each].numel())
        return {f"network.{name}": floats[name].cpu().numpy()}

    def vectors_before(self, data: AnySet) -> HeldRows:
        """As a pipeline makes them."""
        return loader_of_vectors(self.operator, data, self.places.vectors, self.loader, self.options).held_out(data)

    def vectors_after(self, tuned: NeuralOperator, data: AnySet) -> HeldRows:
        """As a pipeline with the tuned operator makes them."""
        return loader_of_vectors(tuned, data, self.places.vectors, self.loader, self.options).held_out(data)


def _loaded(loader: Loader, parts: Split, args: TrainingArgs) -> tuple[Loaded, AnySet | None, HeldRows | None]:
    loaded = loader.load(parts.train, parts.contents)
    held = order_by_teacher(parts.eval, args) if isinstance(parts.eval, UnlabelledSet) else parts.eval
    check_metric(args.metric, held)
    return loaded, held, None if held is None else loader.held_out(held)


def _ready(  # what was loaded, and for what
    task: TrainTask,
    loaded: Loaded,
    eval_data: tuple[AnySet | None, HeldRows | None],
    args: TrainingArgs,
    dim: int | None,
    goal: str,
    loader: Any,
) -> Ready:
    held_data, held = eval_data
    targets = targets_of(loaded.data, args, loader) if goal == "distil" else None
    rejects = {each.name: each.reason for part in (loaded, held) if part is not None for each in part.rejects}
    told = (*loaded.told, *(held.told if held is not None else ()))
    metric = "" if held is None else args.metric or held.asked.main

    def measure(embed: Embed) -> dict[str, float]:
        if held is None:
            return {}
        return held.asked.means([embed(rows, side) for rows, side in zip(held.rows, _SIDES, strict=False)])

    return Ready(task, loaded.examples(targets), measure, metric, dim, held_data, held, told, rejects)


def _principal(vectors: Vectors, dim: int) -> Vectors:
    """The directions in which vectors differ most, (dim, numbers of a vector)."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(axes[:, ::-1][:, :dim].T.astype(np.float32))
