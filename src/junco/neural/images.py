"""`ImageEmbedding`: pictures → vectors, with the fast ways of pictures into a model where its vectors stay the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.neural.golden import golden_images
from junco.neural.model import undefined
from junco.neural.operator import NeuralOperator
from junco.neural.preparation import Preparation, Prepared
from junco.neural.shortcuts import Shortcuts, can_be_remembered, measured, remembered
from junco.operator.options import option
from junco.runtime.loading import MOST_BYTES
from junco.runtime.source import Arrays, Compiled, Source
from junco.types import Image, Space

if TYPE_CHECKING:
    from junco.train.task import TrainTask

# Resizing the shorter side of a very long strip makes a picture that no memory holds.
_MAX_RESIZED_PIXELS = 64_000_000


class ImageEmbedding(NeuralOperator):
    """A `NeuralOperator` of pictures. A member says what the model is and how pictures are prepared for it.

    Args:
        exact: prepare pictures bit for bit as the reference does, with no faster way that comes near.
    """

    exact: bool = option(False, in_space=False)

    needed = ("source", "preparation")
    _prepare: Callable[[Image], Prepared] | None = None
    _resized_side: int = 0

    def preparation(self) -> Preparation:
        """How a picture is made ready for the model: a `MiddleCrop`, or another way."""
        raise undefined(self.name, "preparation")

    def prepare(self, images: Sequence[Image]) -> npt.NDArray[Any]:
        prepare = self._prepare or self.preparation().exact
        return np.stack([prepare(self.bounded(image, self._resized_side)) for image in images])

    def golden_pass(self) -> Arrays:
        preparation = self.preparation()
        return (np.stack([preparation.exact(image) for image in golden_images()]),)

    def open(self) -> None:
        super().open()
        assert self._passes is not None
        preparation = self.preparation()
        found = self._shortcuts(self.complete_source, preparation, self._passes.compiled)
        self._prepare = preparation.fast if found.fast else preparation.exact
        self._resized_side = preparation.resized_side

    def wants(self) -> Mapping[str, float]:
        """Pictures of a shorter side that is enough for the same vectors, which may have to be measured: once."""
        space = self.taken_space()
        if self.exact or space is None or not 0 < self.named_source().num_bytes <= MOST_BYTES:
            return {}
        found = remembered(space, self.compute)
        if found is None:
            if not can_be_remembered():
                return {}
            source = self.complete_source()
            compiled = self.compute.load(source)
            found = self._shortcuts(lambda: source, self.preparation(), compiled)
            compiled.close()
        return {} if found.least_side is None else {"least_side": found.least_side}

    def close(self) -> None:
        super().close()
        self._prepare = None

    def _shortcuts(self, source: Callable[[], Source], preparation: Preparation, compiled: Compiled) -> Shortcuts:
        space: Space | None = self.taken_space()
        if self.exact or space is None or self.named_source().weights_sha256 is None:
            return Shortcuts()
        found = remembered(space, self.compute)
        if found is None and not can_be_remembered():
            return Shortcuts()
        return found or measured(space, self.compute, source(), preparation, compiled)

    def train_task(self) -> TrainTask:
        """With pictures on the exact way, whatever else is as near as need be."""
        from junco.neural.tuned_task import task_of_pictures

        return task_of_pictures(self)

    def bounded(self, pixels: Image, resized_side: int) -> Image:
        """A picture that is no longer a strip than can be resized.

        Raises:
            InputError: it is.
        """
        height, width = pixels.shape[:2]
        if resized_side**2 * max(height, width) / min(height, width) > _MAX_RESIZED_PIXELS:
            raise InputError(f"{self.name!r}: an image of {width}×{height} is too long a strip; crop it first")
        return pixels
