"""The fast resize of pictures, in two kernels that give the same bits: torch's vectorised one, and NumPy's products.

Both compute what Pillow does, with weights of 16 bits (Kerzhner's "Pillow-SIMD"), and differ from it by one level here
and there. Torch takes a seventh of the time and some seconds to import, so NumPy works until the pictures of this
process would have paid for the import. That must not be seen in any vector: the two are compared before torch takes
over, and where they differ it never does.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.cores import at_work
from junco.forks import ForkedLock
from junco.runtime.torch_runtime import share_of_cores
from junco.types import Image

_WORTH_AN_IMPORT = 500_000_000
"""Levels read by NumPy, at 2 ns more a level than torch takes: a second, of the two or more that an import takes."""
_BLOCK = 32
"""Rows of the result that one product of matrices gives."""
_MOST_ALONE = 1 << 18
"""Multiplications in one product up to which OpenBLAS keeps to the calling thread."""
_MOST_EXACT = 2**24
"""Up to here float32 holds all whole numbers."""
_WEIGHT_LIMIT, _MOST_BITS = 1 << 15, 22


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a resized picture that is wanted.

    Attributes:
        height, width: of the whole picture after the resize.
        top, left, side: of the square that is cut out.
    """

    height: int
    width: int
    top: int
    left: int
    side: int


def resized(pixels: Image, window: Window, resampling: str) -> Image:
    """The window of the picture after the resize.

    Args:
        pixels: uint8 (height, width, 3).
        window: what is wanted.
        resampling: ``bicubic`` or ``bilinear``.
    """
    return _kernel(pixels.size)(pixels, window, resampling)


_choice = ForkedLock()
_num_read = 0
_torch_takes_over: bool | None = None
"""``None`` for as long as NumPy works and torch may yet."""


def _kernel(num_levels: int) -> Callable[[Image, Window, str], Image]:
    global _num_read, _torch_takes_over
    if _torch_takes_over is None:
        with _choice():
            _num_read += num_levels
            if _torch_takes_over is None and (_is_imported() or _num_read > _WORTH_AN_IMPORT):
                _torch_takes_over = importlib.util.find_spec("torch") is not None and _gives_the_same_bits()
    return by_torch if _torch_takes_over else by_numpy


def _is_imported() -> bool:
    return "torch" in sys.modules


def _gives_the_same_bits() -> bool:
    rng = np.random.default_rng(0)
    for height, width in ((97, 260), (520, 301), (40, 40)):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        for resampling in _FILTERS:
            window = Window(96, 96, 5, 7, 64)
            if not np.array_equal(by_numpy(pixels, window, resampling), by_torch(pixels, window, resampling)):
                return False
    return True


def by_torch(pixels: Image, window: Window, resampling: str) -> Image:
    """By torch's kernel."""
    import torch

    writable = pixels if pixels.flags.writeable else pixels.copy()  # torch has no other arrays
    channels = torch.from_numpy(writable).permute(2, 0, 1)[None]  # a view: torch calls it channels-last
    with share_of_cores():
        scaled = torch.nn.functional.interpolate(
            channels, (window.height, window.width), mode=resampling, antialias=True
        )
    rows, columns = _slices(window)
    return np.ascontiguousarray(scaled[0].permute(1, 2, 0).numpy()[rows, columns])


def by_numpy(pixels: Image, window: Window, resampling: str) -> Image:
    """By products of matrices: first along the rows, then along the columns, each rounded to whole levels."""
    rows, columns = _slices(window)
    down = _bands(pixels.shape[0], window.height, window.top, window.side, resampling)
    across = _bands(pixels.shape[1], window.width, window.left, window.side, resampling)
    with at_work():
        needed = slice(down.start, down.end) if down is not None else rows
        planes = np.moveaxis(pixels[needed], 2, 0)
        planes = planes[:, :, columns] if across is None else across.applied(planes)
        if down is not None:
            planes = down.moved(-down.start).applied(planes.swapaxes(1, 2)).swapaxes(1, 2)
        return np.ascontiguousarray(np.moveaxis(planes, 0, 2).astype(np.uint8))


def _slices(window: Window) -> tuple[slice, slice]:
    return slice(window.top, window.top + window.side), slice(window.left, window.left + window.side)


@dataclass(frozen=True, slots=True)
class _Bands:
    """A resize along one axis: blocks of neighbours in the result, each with the part of the axis that it is made of.

    Attributes:
        blocks: where each begins in the result, its part's start and end, and its weights (part, results).
        num_bits: that the weights, whole numbers, have after the point.
        count: of results.
    """

    blocks: tuple[tuple[int, int, int, npt.NDArray[Any]], ...]
    num_bits: int
    count: int

    @property
    def start(self) -> int:
        """The first place on the axis that is read."""
        return self.blocks[0][1]

    @property
    def end(self) -> int:
        return max(end for _, _, end, _ in self.blocks)

    def moved(self, by: int) -> _Bands:
        """The same for an axis that begins elsewhere."""
        blocks = tuple((at, start + by, end + by, weights) for at, start, end, weights in self.blocks)
        return _Bands(blocks, self.num_bits, self.count)

    def applied(self, planes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Levels (3, n, axis) → whole levels (3, n, results), as floats."""
        dtype = self.blocks[0][3].dtype
        read = planes[:, :, self.start : self.end].astype(dtype, order="C", copy=False)
        made = np.empty((*planes.shape[:2], self.count), dtype)
        for at, start, end, weights in self.blocks:
            part = read[:, :, start - self.start : end - self.start]
            _multiplied(part, weights, made[:, :, at : at + weights.shape[1]])
        made += 1 << (self.num_bits - 1)
        made *= 1.0 / (1 << self.num_bits)
        np.floor(made, out=made)
        return np.clip(made, 0, 255, out=made)


def _multiplied(part: npt.NDArray[Any], weights: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
    """Write the product of (3, n, part) and (part, results) into ``out``, by few rows: then BLAS starts no threads."""
    num_rows = max(1, _MOST_ALONE // weights.size)
    whole = part.shape[1] // num_rows * num_rows
    for rows in (slice(0, whole), slice(whole, None)):
        some, place = part[:, rows], out[:, rows]
        if some.shape[1]:
            count = some.shape[1] // num_rows or 1
            np.matmul(
                some.reshape(3, count, -1, some.shape[2]), weights, out=place.reshape(3, count, -1, place.shape[2])
            )


@lru_cache(maxsize=64)
def _bands(size: int, wanted: int, first: int, count: int, resampling: str) -> _Bands | None:
    """The resize of an axis from ``size`` to ``wanted``, from ``first`` on; ``None`` where nothing changes."""
    if size == wanted:
        return None
    starts, lengths, weights = _weights(size, wanted, resampling)
    largest, num_bits = weights.max(), 0
    while num_bits < _MOST_BITS and int(0.5 + largest * (1 << (num_bits + 1))) < _WEIGHT_LIMIT:
        num_bits += 1
    whole = np.trunc(weights * (1 << num_bits) + np.where(weights < 0, -0.5, 0.5))
    # sums of whole numbers are exact, in whatever order they are added, for as long as the type holds them
    is_small = np.abs(whole).sum(axis=1).max() * 255 + (1 << num_bits) < _MOST_EXACT
    blocks = []
    for begin in range(first, first + count, _BLOCK):
        block = range(begin, min(begin + _BLOCK, first + count))
        start, end = int(starts[begin]), int(max(starts[at] + lengths[at] for at in block))
        matrix = np.zeros((end - start, len(block)), np.float32 if is_small else np.float64)
        for column, at in enumerate(block):
            matrix[starts[at] - start : starts[at] - start + lengths[at], column] = whole[at, : lengths[at]]
        blocks.append((begin - first, start, end, matrix))
    return _Bands(tuple(blocks), num_bits, count)


def _weights(size: int, wanted: int, resampling: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """For each place of the result: where its part of the axis begins, how long that is, and its weights."""
    filter_, num_taps = _FILTERS[resampling]
    scale = size / wanted
    support = num_taps / 2 * max(scale, 1.0)
    centres = scale * (np.arange(wanted) + 0.5)
    width = math.ceil(support) * 2 + 1
    starts = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    lengths = np.clip(np.minimum((centres + support + 0.5).astype(np.int64), size) - starts, 0, width)
    steps = np.arange(width)
    weights = filter_((steps + starts[:, None] - centres[:, None] + 0.5) * (1 / max(scale, 1.0)))
    weights[steps >= lengths[:, None]] = 0
    totals = np.zeros(wanted)
    for step in steps:  # one after the other, as torch does: the sum's last bit may decide a rounding
        totals += weights[:, step]
    return starts, lengths, weights / np.where(totals == 0, 1, totals)[:, None]


def _bicubic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    a, x = -0.5, np.abs(x)
    inner, outer = ((a + 2) * x - (a + 3)) * x * x + 1, (((x - 5) * x + 8) * x - 4) * a
    found: npt.NDArray[np.float64] = np.where(x < 1, inner, np.where(x < 2, outer, 0.0))
    return found


def _bilinear(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = np.maximum(1 - np.abs(x), 0.0)
    return found


_FILTERS = {"bicubic": (_bicubic, 4), "bilinear": (_bilinear, 2)}
