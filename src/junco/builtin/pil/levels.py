"""What the levels mean that Pillow gives of a picture, where their mode does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile as Picture

UINT8, UINT16 = 255, 65535
"""The levels that are white where 8 or 16 bits hold them."""


@dataclass(frozen=True)
class Storage:
    """What the levels that Pillow gives mean."""

    white: int | None = UINT16
    """The level that is white where a mode holds more than 8 bits of integers; ``None``: the file does not say."""
    white_is_zero: bool = False
    key: int | tuple[int, ...] | None = None
    """The colour that is transparent, in Pillow's levels, where Pillow's own ``transparency`` is not that."""
    alpha: str = "straight"
    """What the fourth channel holds: ``straight``, ``premultiplied``, ``none`` or ``if any`` (none, if all is zero)."""
    places: npt.NDArray[np.bool_] | None = None
    """Where it is transparent (h, w), if that cannot be told by levels of 8 bits."""
    frame: tuple[int, int, int, int] | None = None
    """Left, top, right and bottom of what is covered, where not all is; the rest has the colour ``background``."""
    background: tuple[int, int, int] = (255, 255, 255)


def read_levels_as(picture: Picture, orders: Mapping[str, str]) -> None:
    """Lets Pillow take the stored levels for others than it does, by its own names for them."""

    def changed(args: Any) -> Any:
        return (orders.get(args[0], args[0]), *args[1:]) if isinstance(args, tuple) else orders.get(args, args)

    picture.tile = [tile._replace(args=changed(tile.args)) for tile in picture.tile]
