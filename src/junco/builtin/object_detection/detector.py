"""`Detector`: what the members that hold a network share: which of the boxes that it finds are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from junco.errors import ParameterError
from junco.neural.model import NeuralModel
from junco.operator.options import option
from junco.runtime.load import Dtype
from junco.types import Box, Image, Vectors
from junco.wording import did_you_mean, nearest


class Found(NamedTuple):
    """What a network has found in a picture, best first: edges (n, 4) as x0, y0, x1, y1 in pixels, scores, labels."""

    edges: npt.NDArray[np.floating[Any]]
    scores: npt.NDArray[np.floating[Any]]
    labels: Sequence[str]


class Detector(NeuralModel):
    """Base of detectors: pixels → boxes in pixels of the picture given, clipped to it, best first.

    A picture in which nothing is found gives no row. One with more boxes than `max_boxes` counts as cut.

    Args:
        threshold: boxes with a lower score are left out.
        max_boxes: most boxes of a picture.
        labels: only boxes with one of these labels; none: all.
    """

    threshold: float = option(0.5, least=0, most=1, in_space=False)
    max_boxes: int = option(100, least=1, in_space=False)
    labels: tuple[str, ...] = option((), in_space=False)
    dtype: Dtype = "float32"

    keeps_space = True

    def known_labels(self) -> Sequence[str]:
        """All labels that it can give; nothing says: not known before it is loaded."""
        return ()

    def found(self, numbers: Vectors, images: Sequence[Image]) -> list[Found]:
        """What the model's numbers (n, dim) say of each picture: boxes whose score is at least `threshold`."""
        raise NotImplementedError(f"{type(self).__name__} must define found()")

    def check_options(self) -> None:
        self.check_labels(self.known_labels())

    def check_labels(self, known: Sequence[str]) -> None:
        """Refuse labels that it never gives.

        Raises:
            ParameterError: with those near to it.
        """
        for label in self.labels if known else ():
            if label not in known:
                near = did_you_mean(nearest(label, known))
                raise ParameterError(f"{self.name!r}: labels: it has no label {label!r}.{near}")

    def read(self, numbers: Vectors, images: Sequence[Image]) -> list[list[Box]]:
        rows, cut = [], []
        for at, (found, image) in enumerate(zip(self.found(numbers, images), images, strict=True)):
            boxes = self._boxes(found, image)
            if len(boxes) > self.max_boxes:
                cut.append(at)
            rows.append(boxes[: self.max_boxes])
        self.note("cut", cut)
        return rows

    def _boxes(self, found: Found, image: Image) -> list[Box]:
        """Those that are asked for, clipped; what lies outside of the picture is left out."""
        height, width = image.shape[:2]
        edges = np.clip(found.edges, 0, (width, height, width, height)).tolist()
        return [
            Box(x0, y0, x1, y1, label, score)
            for (x0, y0, x1, y1), score, label in zip(edges, found.scores.tolist(), found.labels, strict=True)
            if x1 > x0 and y1 > y0 and (not self.labels or label in self.labels)
        ]
