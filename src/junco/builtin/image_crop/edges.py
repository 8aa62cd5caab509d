"""Edges of boxes: where a box lies in pixels, and the boundary between pixels next to an edge."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from junco.errors import InputError
from junco.types import Box, Face
from junco.wording import picture

_FARTHEST = 2.0**31


class Edges(NamedTuple):
    """The edges of a box in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def is_some(self) -> bool:
        """Whether anything lies between them."""
        return self.x1 > self.x0 and self.y1 > self.y0

    def widened(self, dx: float, dy: float) -> Edges:
        """The same moved out by ``dx`` pixels left and right, and by ``dy`` above and below."""
        return Edges(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)


def edges_of(box: Any, owner: str) -> Edges:
    """The edges of a `Box`, or of a `Face`'s.

    Raises:
        InputError: it is something else, or its edges are not all finite, or farther away than any image is large.
    """
    box = box.box if isinstance(box, Face) else box
    if not isinstance(box, Box):
        raise InputError(f"{owner!r} takes a junco.types.Box, not {picture(box)}")
    edges = Edges(box.x0, box.y0, box.x1, box.y1)
    if not all(abs(edge) <= _FARTHEST for edge in edges):
        raise InputError(f"{owner!r}: the edges of {box} are not all finite and less than {_FARTHEST:,.0f} pixels away")
    return edges


def nearest_boundary(edge: float) -> int:
    """The boundary between pixels that is nearest; halves go right and down. It is never endlessly far."""
    return math.floor(min(max(edge, -_FARTHEST), _FARTHEST) + 0.5)
