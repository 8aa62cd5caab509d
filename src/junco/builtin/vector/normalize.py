"""``vector.normalize``: a vector → the same direction, length 1."""

from __future__ import annotations

from collections.abc import Sequence

from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.types import Space, Vector
from junco.types.unit import unit_rows


class Normalize(Operator, family="vector", name="normalize"):
    """Scales vectors to Euclidean length 1; a vector of zeros stays as it is."""

    hints = Hints(thread_safe=True)

    def space(self, *inputs: Space | None) -> Space | None:
        return inputs[0].as_floats().normalized() if inputs[0] is not None and not inputs[0].is_packed else None

    def batch(self, vectors: Sequence[Vector]) -> Sequence[Vector]:
        return [unit_rows(checked_vector(vector, self.name)[None])[0] for vector in vectors]
