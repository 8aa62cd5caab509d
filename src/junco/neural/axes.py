"""What the axes of a layer's output are: told by its class where that is plain, else by sizes seen elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from junco.neural.layer import Axes
from junco.runtime.source import Arrays, Input

Shape = tuple[int | None, ...]
"""Of an output for one input, the axis of inputs left out; ``None`` for what differs between inputs."""

_MASKS = ("mask", "attention_mask", "pixel_attention_mask")
_CHANNELS_FIRST = {"1d": "ct", "2d": "chw", "3d": "cthw"}
"""By how the names of such classes end: ``Conv2d``, ``BatchNormAct2d``."""
_CHANNELS_LAST = {1: "c", 2: "tc", 3: "hwc", 4: "thwc"}
_WIDTH_IS_LAST = ("Linear", "LayerNorm", "RMSNorm", "Embedding")
_COLOURS = (1, 3)
_MOST_PREFIX = 16


@dataclass(slots=True)
class Places:
    """What a network's inputs and its plain layers say of sizes.

    Attributes:
        picture: height and width of the picture, or of the spectrogram, that goes in.
        mask: which input says what tokens are real.
        mask_length: for how many, where it is of one length.
        has_first: all texts begin with the same token.
        declared_prefix: how many tokens the network itself says that it puts before those of the input.
        grids: heights and widths of maps, in the order in which they were seen.
    """

    picture: tuple[int, int] | None = None
    mask: int | None = None
    mask_length: int | None = None
    has_first: bool = False
    declared_prefix: int | None = None
    grids: list[tuple[int, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, inputs: Sequence[Input], names: Sequence[str], golden: Arrays) -> Places:
        """By what goes in.

        Args:
            inputs: of the model.
            names: of the parameters that the module itself has for them.
            golden: a pass of rows that differ.
        """
        masks = [at for at, each in enumerate(inputs) if {each.name, *names[at : at + 1]} & set(_MASKS)]
        found = cls(_picture(golden), masks[0] if masks else None)
        if masks:
            found.mask_length = inputs[masks[0]].shape[-1]
            ids = golden[0]
            found.has_first = ids.ndim == 2 and ids.dtype.kind in "iu" and len(set(ids[:, 0].tolist())) == 1
        return found

    def note(self, kind: str, shape: Shape, order: str = "", *, is_sure: bool = False) -> None:
        """Keep the grid of a map, where the class of a layer that is sure, or a file, says which axes it has."""
        order = order or (_told(kind, shape) if is_sure else "")
        if len(order) > 2:
            grid = tuple(size for size, axis in zip(shape, order, strict=True) if axis != "c")
            if None not in grid:
                self.grids.append(grid)  # type: ignore[arg-type]  # mypy cannot see that None is out

    def axes(self, kind: str, shape: Shape, order: str = "", *, is_sure: bool = False) -> Axes:
        """What the axes of an output are.

        Args:
            kind: the class of the layer.
            shape: of the output.
            order: where a file says it.
            is_sure: the class is one of torch's own, which does what its name says; of others sizes say more.
        """
        if self._is_masked(shape):
            return Axes("tc", is_masked=True, has_cls=self.has_first)
        named = _told(kind, shape)
        order = order or (named if is_sure else "") or self._by_sizes(shape, named)
        prefix = self._prefix(shape) if order == "tc" else 0
        return Axes(order, prefix, has_cls=prefix > 0)

    def _is_masked(self, shape: Shape) -> bool:
        return self.mask is not None and len(shape) == 2 and shape[0] == self.mask_length and shape[1] is not None

    def _by_sizes(self, shape: Shape, named: str) -> str:
        """By sizes that were seen; by the layer's name, where they say nothing."""
        open_axes = [at for at, size in enumerate(shape) if size is None]
        if len(shape) == 1:
            return "" if open_axes else "c"
        if len(shape) == 2:
            is_place = [self._is_count(size) for size in shape]
            if named and is_place[0] == is_place[1]:
                return named
            if is_place == [False, True] and named == "ct":
                return named
            return {(): "tc", (0,): "tc", (1,): "ct"}.get(tuple(open_axes), "")
        return self._of_map(shape, named) if len(shape) == 3 and not open_axes else named

    def _is_count(self, size: int | None) -> bool:
        """Whether so many may be the places of a map, or the numbers of the frames of a sound."""
        return size is None or any(size == math.prod(grid) for grid in self.grids if len(grid) == 2)

    def _of_map(self, shape: Shape, named: str) -> str:
        """``chw`` or ``hwc``, by grids that were seen, else by the ratio of the sides."""
        first, last = shape[1:], shape[:2]
        if (first in self.grids) != (last in self.grids):
            return "chw" if first in self.grids else "hwc"
        is_first, is_last = self._has_ratio(first), self._has_ratio(last)
        if is_first == is_last:  # 7×7×7: as most of the network, if its name says nothing
            return named or ("chw" if is_first else "")
        return "chw" if is_first else "hwc"

    def _has_ratio(self, grid: Shape) -> bool:
        """Whether a map of that size may be of the picture, lying or standing."""
        if self.picture is None:
            return False
        (height, width), (rows, columns) = self.picture, (grid[0] or 0, grid[1] or 0)
        off = min(abs(rows * width - columns * height), abs(rows * height - columns * width))
        return off < max(height, width)

    def _prefix(self, shape: Shape) -> int:
        """Tokens that are more than the places of a map."""
        tokens = shape[0]
        if tokens is None:
            return 0
        most = _MOST_PREFIX if self.declared_prefix is None else self.declared_prefix
        more = [tokens - math.prod(grid) for grid in self.grids if len(grid) == 2]
        fits = [each for each in more if 0 <= each <= most and 2 * each < tokens]
        return min(fits) if fits else self._declared(tokens)

    def _declared(self, tokens: int) -> int:
        """What the network itself says, where the other tokens fill a grid of the picture's form, and all do not."""
        prefix = self.declared_prefix or 0
        return prefix if self._fills(tokens - prefix) and not self._fills(tokens) else 0

    def _fills(self, places: int) -> bool:
        if self.picture is None or places < 1:
            return False
        height, width = self.picture
        rows = round(math.sqrt(places * height / width))
        return rows > 0 and places % rows == 0 and self._has_ratio((rows, places // rows))


def _told(kind: str, shape: Shape) -> str:
    """By the class alone; empty where it says nothing."""
    order = _CHANNELS_FIRST.get(kind[-2:].lower(), "")
    if not order and kind.endswith(_WIDTH_IS_LAST):
        order = _CHANNELS_LAST.get(len(shape), "")
    return order if len(order) == len(shape) and shape[order.index("c")] is not None else ""


def _picture(golden: Iterable[object]) -> tuple[int, int] | None:
    """Height and width of the first input that has them."""
    for array in golden:
        shape: tuple[int, ...] = getattr(array, "shape", ())[1:]
        if len(shape) == 3 and (shape[0] in _COLOURS or shape[-1] in _COLOURS):
            return (shape[1], shape[2]) if shape[0] in _COLOURS else (shape[0], shape[1])
        if len(shape) == 2 and getattr(getattr(array, "dtype", None), "kind", "") == "f":
            return shape[0], shape[1]
    return None
