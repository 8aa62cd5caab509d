"""``vector.quantize``: a vector → a smaller one of the same numbers, less exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.neural.finish import Finish, Precision
from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.types import Space, Vector


class Quantize(Operator, family="vector", name="quantize"):
    """Stores vectors in fewer bytes, as a model's own ``precision`` does; each is scaled by itself.

    Args:
        precision: ``int8``, where the largest number becomes ±127, which keeps the direction; ``ubinary``, a bit for
            each number that is above zero, eight to a byte; ``float16``; or ``float32``, which changes nothing.

    Raises:
        InputError: a number is too large for the precision.
    """

    precision: Precision = "int8"

    hints = Hints(thread_safe=True)

    def space(self, *inputs: Space | None) -> Space | None:
        if inputs[0] is None or inputs[0].is_packed:
            return None
        return self._finish.in_space(inputs[0].as_floats())

    def batch(self, vectors: Sequence[Vector]) -> Sequence[Any]:
        return [self._finish.rows(checked_vector(vector, self.name)[None])[0] for vector in vectors]

    @property
    def _finish(self) -> Finish:
        return Finish(self.name, precision=self.precision)
