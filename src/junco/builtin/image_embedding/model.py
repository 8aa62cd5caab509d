"""`ImageModel`: what the members of image-embedding share: pixels → prepared pictures → passes → finished vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from junco.builtin.embedding import Compute, Finish
from junco.builtin.image_embedding.golden import golden_images
from junco.builtin.image_embedding.preparation import Preparation, Prepared
from junco.builtin.image_embedding.shortcuts import Shortcuts, measured, remembered
from junco.builtin.parameters import check_flag
from junco.builtin.pixels import checked_pixels
from junco.errors import InputError
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.runtime.source import Arrays, Compiled, Source, streamed
from junco.runtime.work import MOST_BYTES
from junco.types import Image, Space, Vector, Vectors

# In torch on a CPU a chunk whose activations stay in the caches is fastest: 4 to 8 pictures of 224×224.
_CPU_CHUNK_PIXELS = 8 * 224 * 224
_GPU_CHUNK_PIXELS = 64 * 224 * 224
# Resizing the shorter side of a very long strip makes a picture that no memory holds.
_MAX_RESIZED_PIXELS = 64_000_000


class ImageModel(Operator):
    """An image model in some runtime. A member says what the model is; the rest is here.

    Args:
        compute: how the model is run.
        finish: what becomes of its numbers.
        exact: prepare pictures bit for bit as the reference does, and have JPEGs decoded in full.
    """

    hints = Hints(releases_gil=True, thread_safe=True)

    def __init__(self, compute: Compute, finish: Finish, exact: bool) -> None:
        self.compute, self.finish = compute, finish
        self.exact = check_flag("exact", exact, self.name)
        self._compiled: Compiled | None = None
        self._prepare: Callable[[Image], Prepared] = _unprepared
        self._resized_side = 0

    def model(self) -> tuple[Source, Preparation]:
        """The model, not yet loaded, and how its pictures are prepared."""
        raise NotImplementedError(f"{type(self).__name__} must define model()")

    def model_space(self) -> Space | None:
        """The space of the model's own numbers; ``None`` where nothing identifies it."""
        raise NotImplementedError(f"{type(self).__name__} must define model_space()")

    def weights_bytes(self) -> int | None:
        """Size of its weights' file, found without loading it; ``None`` for random weights."""
        raise NotImplementedError(f"{type(self).__name__} must define weights_bytes()")

    def open(self) -> None:
        self.fetch()
        source, preparation = self.model()
        self._compiled = self.compute.load(source)
        found = self._shortcuts(source, preparation, self._compiled)
        self._prepare = preparation.fast if found.fast else preparation.exact
        self._resized_side = preparation.resized_side

    def source(self) -> Source:
        """The model with its golden pictures, for `junco.runtime`."""
        return self.model()[0]

    def space(self, *inputs: Space | None) -> Space | None:
        space = self.model_space()
        if space is None:
            return None
        return self.finish.in_space(self.compute.in_space(space.on(inputs[0] if inputs else None)))

    def wants(self) -> Mapping[str, float]:
        num_bytes = self.weights_bytes()
        if self.exact or num_bytes is None or num_bytes > MOST_BYTES:
            return {}
        space = self.model_space()
        found = remembered(space, self.compute) if space is not None else Shortcuts()
        if found is None:
            source, preparation = self.model()
            compiled = self.compute.load(source)
            found = self._shortcuts(source, preparation, compiled)
            compiled.close()
        return {"least_side": found.least_side} if found.least_side is not None else {}

    def batch(self, images: Sequence[Image]) -> Sequence[Vector]:
        if not len(images):
            return []
        return self.finish.rows(self._embedded(images))

    def close(self) -> None:
        if self._compiled is not None:
            self._compiled.close()
        self._compiled, self._prepare = None, _unprepared

    def _shortcuts(self, source: Source, preparation: Preparation, compiled: Compiled) -> Shortcuts:
        space = self.model_space()
        if self.exact or space is None or source.weights_sha256 is None:
            return Shortcuts()
        return remembered(space, self.compute) or measured(space, self.compute, source, preparation, compiled)

    def _embedded(self, images: Sequence[Image]) -> Vectors:
        """One row for each image: float32 (n, dim), n > 0."""
        assert self._compiled is not None, "open() comes before batch()"
        if len(images) == 1 and not self.compute.deterministic:
            return self._compiled(self._prepare(self._checked(images[0]))[None])
        return streamed(self._compiled, self._passes(images, self._compiled))[: len(images)]

    def _passes(self, images: Sequence[Image], compiled: Compiled) -> Iterator[Arrays]:
        chunk: list[Prepared] = []
        for image in images:
            chunk.append(self._prepare(self._checked(image)))
            if len(chunk) >= _chunk_rows(compiled, chunk[0]):
                yield (np.stack(chunk),)
                chunk = []
        if chunk:
            if self.compute.deterministic:
                chunk += [chunk[0]] * (_chunk_rows(compiled, chunk[0]) - len(chunk))
            yield (np.stack(chunk),)

    def _checked(self, image: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        height, width = pixels.shape[:2]
        if self._resized_side**2 * max(height, width) / min(height, width) > _MAX_RESIZED_PIXELS:
            raise InputError(f"{self.name!r}: an image of {width}×{height} is too long a strip; crop it first")
        return pixels


def golden_pass(preparation: Preparation) -> Arrays:
    """The golden pictures as one pass."""
    return (np.stack([preparation.exact(image) for image in golden_images()]),)


def _chunk_rows(compiled: Compiled, prepared: Prepared) -> int:
    """Pictures in one pass: one where each core has a stream of its own, so that their passes fill the cores."""
    if compiled.runtime != "torch":
        return 1
    limit = _CPU_CHUNK_PIXELS if compiled.device == "cpu" else _GPU_CHUNK_PIXELS
    return max(1, limit // (prepared.size // 3))


def _unprepared(pixels: Image) -> Prepared:
    raise AssertionError("open() comes before batch()")
