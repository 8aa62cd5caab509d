"""``vector.concatenate``: several vectors → one, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.types import Space, Vector
from junco.types.space import DIM, LENGTH, OF


class Concatenate(Operator, family="vector", name="concatenate"):
    """Puts the vectors of several columns one after the other, in the order of the columns.

    What is long weighs more: `vector.normalize` before it makes them weigh the same.
    """

    hints = Hints(thread_safe=True)

    def space(self, *inputs: Space | None) -> Space | None:
        spaces = [space.as_floats() for space in inputs if space is not None and not space.is_packed]
        if len(spaces) < len(inputs) or not spaces:
            return None
        dims = [dim for space in spaces if isinstance(dim := space.parts.get(DIM), int)]
        known = {DIM: sum(dims)} if len(dims) == len(spaces) else {}
        parts = {"operator": self.name, OF: [dict(space.parts) for space in spaces], LENGTH: False, **known}
        label = " + ".join(space.label or space.id for space in spaces)
        return Space(parts, label, unknown=next((space.unknown for space in spaces if space.unknown), ""))

    def batch(self, *columns: Sequence[Vector], **_: Any) -> Sequence[Vector]:
        checked = [[checked_vector(value, self.name) for value in column] for column in columns]
        return [np.concatenate(row) for row in zip(*checked, strict=True)]
