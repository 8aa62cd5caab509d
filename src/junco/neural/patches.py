"""Models through which an item goes in several patches: a sound in stretches, a long text in windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError, ParameterError
from junco.neural.layer import Pool
from junco.neural.maps import as_result, joined, maps_of
from junco.neural.model import NeuralModel, undefined
from junco.neural.operator import NeuralOperator
from junco.operator.options import option
from junco.operator.ports import Port, Ports, ports_of_batch, ports_of_function
from junco.runtime.source import Arrays
from junco.types import Space, Vector, Vectors

if TYPE_CHECKING:
    from junco.train.task import TrainTask

Patches = Sequence[npt.NDArray[Any]] | Sequence[tuple[npt.NDArray[Any], ...]]
"""What goes through a model of one item: for each patch an array, or several where the model has several inputs."""

_MOST_GOLDEN_PATCHES = 16
_NO_HEAD = (
    "pool='max' and a head do not go together, since the most of what it makes of patches is not what it makes of "
    "their most: take pool='mean', or train with scope='all' or 'lora'"
)


class PatchModel(NeuralModel):
    """A `NeuralModel` whose items are cut into patches, so many as an item needs; passes are filled across items.

    A subclass defines `source`, the model of a patch; `patches`, which cuts an item; and `read_patches`, what the
    model's numbers for them say. `golden` gives items.
    """

    needed: ClassVar[tuple[str, ...]] = ("source", "patches", "read_patches")

    def patches(self, item: Any) -> Patches:
        """What goes through the model of one item: one patch or more, whose arrays are of one shape.

        They may differ in shape where the model takes one row a pass.
        """
        raise undefined(self.name, "patches")

    def read_patches(self, numbers: Sequence[Vectors], items: Sequence[Any]) -> Sequence[Any]:
        """What the model's numbers say: a result for each item, or a list of rows for each.

        Args:
            numbers: for each item float32 (its patches, dim).
            items: the items, as they came.
        """
        raise undefined(self.name, "read_patches")

    @classmethod
    def ports(cls) -> Ports:
        """What the annotations of `patches` and `read_patches` say; the family's, where they keep it."""
        return cls._ports() if cls.batch is PatchModel.batch else super().ports()

    @classmethod
    def _inputs(cls) -> tuple[Port, ...] | None:
        return ports_of_function(cls.patches).inputs

    @classmethod
    def _outputs(cls) -> tuple[Port, ...]:
        return ports_of_batch(cls.read_patches).outputs

    def prepare(self, *columns: Any) -> npt.NDArray[Any] | tuple[npt.NDArray[Any], ...]:
        """Patches as one array, or as several."""
        (patches,) = columns
        if isinstance(patches[0], tuple):
            return tuple(np.stack(arrays) for arrays in zip(*patches, strict=True))
        return np.stack(patches)

    def golden_pass(self) -> Arrays:
        patches = [patch for item in self.golden() for patch in self._cut(item)[:2]]
        return self._prepared([patches[:_MOST_GOLDEN_PATCHES]])

    def batch(self, *columns: Any, **_: Any) -> Sequence[Any]:
        if not len(columns[0]):
            return []
        (items,) = self._checked(columns)
        return self.results([items])

    def results(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        (items,) = columns
        cut = [self._cut(item) for item in items]
        numbers = self.numbers([[patch for patches in cut for patch in patches]])
        ends = np.cumsum([len(patches) for patches in cut])
        return self.read_patches(np.split(numbers, ends[:-1]), items)

    def _cut(self, item: Any) -> Patches:
        patches = self.patches(item)
        if not len(patches):
            raise ContractError(f"{self.name!r}: patches() gave none: an item has at least one")
        return patches


class PatchEmbedding(NeuralOperator, PatchModel):
    """A `NeuralOperator` whose items are cut into patches: an item's vector is the mean of its patches', or their most.

    A subclass defines `source`, the model of a patch, and `patches`, which cuts an item.

    Args:
        pool: of the patches' vectors: ``mean``, or ``max``, the most in each number. Of a layer's output too, where
            one is chosen; then also ``gem`` and ``cls`` (the token that stands for all), whose mean is taken over the
            patches, or ``none``, the maps as they are: of tokens one behind the other, of others one for each patch.
    """

    pool: Pool | None = option("mean", in_space=False)

    needed = ("source", "patches")
    pools_more = True

    def train_task(self) -> TrainTask:
        """With items cut into patches, whose vectors are pooled as they are here."""
        from junco.neural.tuned_task import task_of_patches

        return task_of_patches(self)

    def check_tuning(self, scope: str | tuple[str, ...] = "") -> None:
        super().check_tuning(scope)
        if scope == "head" and self.pool_of_patches == "max":
            raise ContractError(f"{self.name!r}: {_NO_HEAD}")

    def check_pool(self) -> None:
        if self._head_dim is not None and self.pool_of_patches == "max":
            raise ParameterError(f"{self.name!r}: {_NO_HEAD}")
        if self.layer is None and self.pool not in ("mean", "max"):
            raise ParameterError(
                f"{self.name!r}: pool={self.pool!r} says what is made of a layer's output: say which, by "
                "layer=; of the patches' vectors it makes their 'mean' or 'max'"
            )

    def model_space(self) -> Space | None:
        """With the way of pooling where `vector.pool` says it too: it gives of patches' vectors the same."""
        space = super().model_space()
        return None if space is None else space.pooled(self.pool_of_patches)

    def read_patches(self, numbers: Sequence[Vectors], items: Sequence[Any]) -> Sequence[Vector]:
        """The finished vectors."""
        shares = [self.shares(item, len(each)) for each, item in zip(numbers, items, strict=True)]
        pooled = [
            each.max(axis=0) if self.pool_of_patches == "max" else np.average(each, axis=0, weights=share)
            for each, share in zip(numbers, shares, strict=True)
        ]
        return self.finish.rows(np.stack(pooled).astype(np.float32, copy=False))

    def results(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        if not self.gives_maps:
            return PatchModel.results(self, columns)
        assert self.chosen is not None
        cut = [self._cut(item) for item in columns[0]]
        maps = [
            maps_of(row, self.chosen, self.name)
            for row in self.numbers_apart([[each for some in cut for each in some]])
        ]
        ends = [0, *accumulate(map(len, cut))]
        items = [joined(maps[start:end], self.chosen) for start, end in pairwise(ends)]
        return [as_result(each, self.chosen) for each in items]

    @property
    def pool_of_patches(self) -> str:
        """What is made of the patches' vectors: the most of the most is the most, and of all others the mean."""
        return "max" if self.pool == "max" else "mean"

    def shares(self, item: Any, num_patches: int) -> npt.NDArray[Any] | None:
        """How much each patch of an item counts in the mean; ``None``: all alike."""
        return None
