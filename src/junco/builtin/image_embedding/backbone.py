"""`Backbone`: an image model in some runtime with its preprocessing: pixels → one row of numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.image_embedding.golden import golden_images
from junco.builtin.pixels import checked_pixels
from junco.errors import InputError
from junco.runtime.source import Arrays, Compiled, streamed
from junco.types import Image, Vectors

Prepared = npt.NDArray[np.uint8]
"""A picture as the model's graph takes it; the graph itself scales the levels."""

# In torch on a CPU a chunk whose activations stay in the caches is fastest: 4 to 8 pictures of 224×224.
_CPU_CHUNK_PIXELS = 8 * 224 * 224
_GPU_CHUNK_PIXELS = 64 * 224 * 224
# Resizing the shorter side of a very long strip makes a picture that no memory holds.
_MAX_RESIZED_PIXELS = 64_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A loaded image model.

    Attributes:
        compiled: prepared pictures (n, …) → (n, dim).
        prepare: pixels (height, width, 3) → a prepared picture.
        resized_side: pixels of the shorter side after `prepare` has resized, before it crops.
        owner: the operator's name, for messages.
    """

    compiled: Compiled
    prepare: Callable[[Image], Prepared]
    resized_side: int
    owner: str

    def embed(self, images: Sequence[Image]) -> Vectors:
        """One row for each image: float32 (n, dim), n > 0."""
        if len(images) == 1:
            return self.compiled(self.prepare(self._checked(images[0]))[None])
        return streamed(self.compiled, self._passes(images))

    def _passes(self, images: Sequence[Image]) -> Iterator[Arrays]:
        chunk: list[Prepared] = []
        for image in images:
            chunk.append(self.prepare(self._checked(image)))
            if len(chunk) >= self._chunk_rows(chunk[0]):
                yield (np.stack(chunk),)
                chunk = []
        if chunk:
            yield (np.stack(chunk),)

    def _chunk_rows(self, prepared: Prepared) -> int:
        """Pictures in one pass: one where each core has a stream of its own, so that their passes fill the cores."""
        if self.compiled.runtime != "torch":
            return 1
        limit = _CPU_CHUNK_PIXELS if self.compiled.device == "cpu" else _GPU_CHUNK_PIXELS
        return max(1, limit // (prepared.size // 3))

    def _checked(self, image: Any) -> Image:
        pixels = checked_pixels(image, self.owner)
        height, width = pixels.shape[:2]
        if self.resized_side**2 * max(height, width) / min(height, width) > _MAX_RESIZED_PIXELS:
            raise InputError(f"{self.owner!r}: an image of {width}×{height} is too long a strip; crop it first")
        return pixels


def golden_pass(prepare: Callable[[Image], Prepared]) -> Arrays:
    """The golden pictures as one pass."""
    return (np.stack([prepare(image) for image in golden_images()]),)
