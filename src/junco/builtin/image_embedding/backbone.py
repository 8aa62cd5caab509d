"""`Backbone`: a torch module with its preprocessing, loaded: pixels → one row of numbers each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.pixels import checked_pixels
from junco.errors import InputError
from junco.types import Image, Vectors

if TYPE_CHECKING:
    import torch

# On a CPU a chunk whose activations stay in the caches is fastest: 4 to 8 pictures of 224×224 in readings on two cores.
_CPU_CHUNK_PIXELS = 8 * 224 * 224
_GPU_CHUNK_PIXELS = 64 * 224 * 224
# Resizing the shorter side of a very long strip makes a picture that no memory holds.
_MAX_RESIZED_PIXELS = 64_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A loaded image model.

    Attributes:
        module: in eval mode, on `device`, its weights channels last.
        prepare: pixels (height, width, 3) → a tensor (3, size, size).
        features: ``module`` and a batch (n, 3, size, size) → (n, dim).
        resized_side: pixels of the shorter side after `prepare` has resized, before it crops.
        owner: the operator's name, for messages.
    """

    module: torch.nn.Module
    prepare: Callable[[Image], torch.Tensor]
    features: Callable[[Any, torch.Tensor], torch.Tensor]
    device: torch.device
    resized_side: int
    owner: str

    def embed(self, images: Sequence[Image]) -> Vectors:
        """One row for each image: float32 (n, dim), n > 0."""
        blocks: list[Vectors] = []
        chunk: list[torch.Tensor] = []
        limit = _CPU_CHUNK_PIXELS if self.device.type == "cpu" else _GPU_CHUNK_PIXELS
        for image in images:
            chunk.append(self.prepare(self._checked(image)))
            if (len(chunk) + 1) * chunk[0][0].numel() > limit:
                blocks.append(self._forward(chunk))
                chunk = []
        if chunk:
            blocks.append(self._forward(chunk))
        return np.concatenate(blocks)

    def _forward(self, chunk: list[torch.Tensor]) -> Vectors:
        import torch

        with torch.inference_mode():
            batch = torch.stack(chunk).to(self.device).contiguous(memory_format=torch.channels_last)
            rows: Vectors = self.features(self.module, batch).to("cpu", torch.float32).numpy()
        return rows

    def _checked(self, image: Any) -> Image:
        pixels = checked_pixels(image, self.owner)
        height, width = pixels.shape[:2]
        if self.resized_side**2 * max(height, width) / min(height, width) > _MAX_RESIZED_PIXELS:
            raise InputError(f"{self.owner!r}: an image of {width}×{height} is too long a strip; crop it first")
        return pixels
