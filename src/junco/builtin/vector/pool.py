"""``vector.pool``: the vectors of a group → one vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space, Vector
from junco.types.unit import unit_rows
from junco.wording import picture

Sums = npt.NDArray[np.float64]


class Pool(Operator, family="vector", name="pool"):
    """Makes one vector of several, number by number: of the frames of a shot, the patches of a sound.

    It stands under ``window_all``, ``window`` or ``reduce``, where memory does not grow with the group.

    Args:
        how: ``mean``; ``max``; or ``gem``, the generalised mean (Radenović et al., "Fine-tuning CNN image retrieval",
            2018), which lies between them and takes numbers that are not negative.
        power: of the generalised mean: 1 is the mean, the more the nearer to the largest.
        normalize: scale the result to length 1.

    Raises:
        InputError: a group has no vectors, or they are not of one length.
    """

    how: Literal["mean", "max", "gem"] = "mean"
    power: float = option(3.0, least=1)
    normalize: bool = False

    hints = Hints(thread_safe=True)

    def space(self, *inputs: Space | None) -> Space | None:
        if inputs[0] is None or inputs[0].is_packed:
            return None
        how = f"{self.how}, power {self.power:g}" if self.how == "gem" else self.how
        space = inputs[0].pooled(how)
        return space.normalized() if self.normalize else space

    def batch(self, groups: Sequence[Iterable[Vector]]) -> Sequence[Vector]:
        return [self._pooled(group) for group in groups]

    def _pooled(self, group: Iterable[Any]) -> Vector:
        sums, count = None, 0
        for vector in self._vectors(group):
            sums, count = vector if sums is None else self._joined(sums, vector), count + 1
        if sums is None:
            raise InputError(f"{self.name!r}: a group without vectors has no {self.how}")
        if self.how == "mean":
            sums = sums / count
        elif self.how == "gem":
            sums = (sums / count) ** (1 / self.power)
        return unit_rows(sums[None])[0] if self.normalize else sums.astype(np.float32)

    def _vectors(self, group: Iterable[Any]) -> Iterator[Sums]:
        """The vectors as they are summed up."""
        if not isinstance(group, Iterable):
            raise InputError(f"{self.name!r} takes the vectors of a group, a list of them, not {picture(group)}")
        for value in group:
            vector = checked_vector(value, self.name).astype(np.float64)
            if self.how == "gem":
                if vector.min() < 0:
                    raise InputError(f"{self.name!r}: how='gem' takes no negative numbers, as in {picture(value)}")
                vector **= self.power
            yield vector

    def _joined(self, sums: Sums, vector: Sums) -> Sums:
        if sums.shape != vector.shape:
            raise InputError(
                f"{self.name!r}: a vector of {len(vector)} numbers in a group of vectors of {len(sums)}: all must be "
                "of one length"
            )
        return np.maximum(sums, vector) if self.how == "max" else sums + vector
