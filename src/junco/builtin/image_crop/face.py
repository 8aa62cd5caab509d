"""``image-crop.face``: an image and a `Face` → the face upright, of one size, its eyes and mouth at fixed places."""

from __future__ import annotations

from collections.abc import Sequence

from junco.builtin.face_alignment import SIDE, aligned
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Face, Image


class FaceCrop(Operator, family="image-crop", name="face"):
    """Turns, scales and cuts a face out of an image so that its five points come as near as they can to fixed places.

    What lies outside of the image is black.

    Args:
        side: of the result, in pixels.

    Raises:
        InputError: what is given is no face with five points in different places.
    """

    side: int = option(SIDE, least=8, most=4096)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    packages = {"PIL": "faces"}
    keeps_space = True

    def batch(self, images: Sequence[Image], faces: Sequence[Face]) -> Sequence[Image]:
        pairs = zip(images, faces, strict=True)
        return [aligned(checked_pixels(image, self.name), face, self.side, self.name) for image, face in pairs]
