"""`Maps`: what layers give as it is, feature maps and matrices of tokens, where no vector is made of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.neural.layer import Layer
from junco.neural.listing import Chosen

Map = npt.NDArray[np.float32]


class Maps(tuple[Map, ...]):  # noqa: SLOT001  # a tuple of any length cannot have named slots
    """A map of each of several layers, in their order; ``maps["layers.2"]`` is that layer's."""

    names: tuple[str, ...]

    def __new__(cls, names: Sequence[str], maps: Iterable[Map]) -> Self:
        self = super().__new__(cls, maps)
        self.names = tuple(map(str, names))
        return self

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(self.names.index(index) if isinstance(index, str) else index)

    def __reduce__(self) -> Any:
        return Maps, (self.names, tuple(self))


def maps_of(row: npt.NDArray[np.float32], chosen: Chosen, owner: str) -> list[Map]:
    """One item's numbers, which lie one behind the other, as a map for each layer.

    Raises:
        InputError: they are not finite.
    """
    if not np.isfinite(row).all():
        raise InputError(f"{owner!r}: its model gave numbers that are not finite (NaN or infinite) for an input")
    # of what is open, as the number of tokens, there is one size for all: `Listing.chosen` sees to that
    known = [math.prod(size for size in each.shape if size is not None) for each in chosen.layers]
    is_open = [None in each.shape for each in chosen.layers]
    rest = len(row) - sum(size for size, free in zip(known, is_open, strict=True) if not free)
    free = rest // max(1, sum(size for size, free in zip(known, is_open, strict=True) if free))
    maps, start = [], 0
    for layer in chosen.layers:
        shape = tuple(free if size is None else size for size in layer.shape)
        end = start + math.prod(shape)
        maps.append(np.array(row[start:end], np.float32).reshape(shape))
        start = end
    return maps


def real(found: Map, layer: Layer, num_tokens: int) -> Map:
    """What it is of a text's own tokens, where it has a row for each, those of padding among them."""
    return found[:num_tokens] if layer.axes.is_masked else found


def as_result(maps: Sequence[Map], chosen: Chosen) -> Any:
    """The map of one layer by itself, of several a row."""
    return maps[0] if len(maps) == 1 else Maps(chosen.layers, maps)


def joined(patches: Sequence[Sequence[Map]], chosen: Chosen) -> list[Map]:
    """The maps of an item's patches: tokens of any number one behind the other, all else with an axis of patches."""
    return [_joined([maps[at] for maps in patches], layer.shape) for at, layer in enumerate(chosen.layers)]


def _joined(maps: Sequence[Map], shape: tuple[int | None, ...]) -> Map:
    return np.concatenate(maps, axis=shape.index(None)) if None in shape else np.stack(maps)
