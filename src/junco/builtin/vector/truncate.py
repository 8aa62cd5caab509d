"""``vector.truncate``: a vector → its leading numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.errors import InputError
from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space, Vector
from junco.types.unit import unit_rows


class Truncate(Operator, family="vector", name="truncate"):
    """Keeps the first `dim` numbers, as models trained for it (Matryoshka) allow.

    Args:
        dim: how many.
        renormalize: scale what is left to length 1.

    Raises:
        InputError: a vector has fewer.
    """

    dim: int = option(least=1)
    renormalize: bool = True

    hints = Hints(thread_safe=True)

    def space(self, *inputs: Space | None) -> Space | None:
        if inputs[0] is None or inputs[0].is_packed:
            return None
        return inputs[0].as_floats().truncated(self.dim, renormalize=self.renormalize)

    def batch(self, vectors: Sequence[Vector]) -> Sequence[Vector]:
        return [self._truncated(vector) for vector in vectors]

    def _truncated(self, value: Any) -> Vector:
        vector = checked_vector(value, self.name)
        if vector.shape[0] < self.dim:
            raise InputError(f"{self.name!r}: dim={self.dim} is more than the {vector.shape[0]} numbers of the vector")
        head = vector[: self.dim]
        return unit_rows(head[None])[0] if self.renormalize else head.copy()
