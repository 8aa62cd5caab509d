"""``shot-detection.transnet``: the shots of a video, by a network that knows cuts, fades and dissolves.

Souček, T., Lokoč, J.: TransNet V2: An effective deep network architecture for fast shot transition detection (2020).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.av.reader import VideoReader
from junco.builtin.cuts import HEIGHT, WIDTH
from junco.builtin.shot_detection.frames import small_frames
from junco.builtin.shot_detection.transitions import Transitions
from junco.models.transnet.model import CONTEXT, WINDOW
from junco.models.transnet.weights import WEIGHTS, network
from junco.neural.model import NeuralModel
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.runtime.load import Dtype
from junco.runtime.source import Source
from junco.types import Image, Shot, Vector, Vectors

_STEP = WINDOW - 2 * CONTEXT

Window = npt.NDArray[np.uint8]
"""Frames (100, 27, 48, 3)."""


class TransNet(NeuralModel, VideoReader, family="shot-detection", name="transnet"):
    """Finds cuts and gradual transitions with the network TransNet V2, on frames of 48×27 pixels.

    Shots follow one another, the first from 0, the last to the end of the video; a fade or dissolve lies between two
    and belongs to neither. Their score is the network's certainty of the transition before them, and 1 for the first.

    Args:
        threshold: from which certainty on a frame is part of a transition, 0 to 1.

    Raises:
        InputError: for a source without video, or a broken one, with its name.
    """

    threshold: float = option(0.5, least=0, most=1)
    dtype: Dtype = "float32"

    packages = dict.fromkeys(("av", "torch"), "video")
    wheels = (WEIGHTS,)
    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    dim = _STEP

    def source(self) -> Source:
        weights = WEIGHTS.path(self.name)
        return Source(recipe="middle 50 of 100 frames, logits", build=lambda: network(weights), weights=weights)

    def model_options(self) -> dict[str, Any]:
        """None: they decide what is read from the model's numbers."""
        return {}

    def golden(self) -> list[Window]:
        """Windows of drawn shots, with cuts and dissolves between them."""
        return [_drawn(seed) for seed in range(3)]

    def prepare(self, windows: Sequence[Window]) -> npt.NDArray[np.uint8]:
        """Windows as one array (n, 100, 27, 48, 3)."""
        return np.stack(windows)

    def read(self, numbers: Vectors, *columns: Any) -> list[Vector]:
        """For each window how sure it is, of its middle 50 frames, that a shot ends with them, (50,) in 0..1."""
        return list(np.reciprocal(1 + np.exp(-numbers)))

    def batch(self, sources: Sequence[Any], **_: Any) -> Sequence[Iterator[Shot]]:
        return [self.stream(source) for source in sources]

    def stream(self, source: Any) -> Iterator[Shot]:
        transitions = Transitions(self.threshold)
        for time_s, end_s, certainty in self._judged(source):
            if (shot := transitions.add(time_s, end_s, certainty)) is not None:
                yield shot
        yield transitions.end()

    def _judged(self, source: Any) -> Iterator[tuple[float, float, float]]:
        """Of each frame of a video: when it begins, when it ends, and how sure it is that a shot ends with it."""
        waiting: deque[tuple[float, float]] = deque()

        def images() -> Iterator[Image]:
            for image, *times in small_frames(self, source):
                waiting.append((times[0], times[1]))
                yield image

        for numbers in self.numbers_of_each(windows(images())):
            # the last window judges copies of the last frame, too
            for certainty in self.read(numbers)[0][: len(waiting)]:
                yield *waiting.popleft(), float(certainty)


def windows(images: Iterable[Image]) -> Iterator[Window]:
    """Windows of frames that overlap by their contexts, so that each frame is judged once.

    Before the first frame and after the last one stand copies of it.
    """
    held: list[Image] = []
    for image in images:
        held.extend(repeat(image, 1 if held else 1 + CONTEXT))
        if len(held) == WINDOW:
            yield np.stack(held)
            del held[:_STEP]
    while len(held) > CONTEXT:
        yield np.stack([*held, *repeat(held[-1], WINDOW - len(held))])
        del held[:_STEP]


def _drawn(seed: int) -> Window:
    """A window with three shots of one coloured picture each, which moves, between them a cut and a dissolve."""
    pictures = np.random.default_rng(seed).integers(0, 256, (3, HEIGHT // 3, WIDTH // 3, 3))
    frames = np.arange(WINDOW)
    second, third = np.interp(frames, [39, 40], [0, 1]), np.interp(frames, [55, 55 + 10 * seed + 1], [0, 1])
    shares = np.stack([(1 - second) * (1 - third), second * (1 - third), third], axis=1)
    mixed = np.tensordot(shares, pictures, 1).repeat(3, axis=1).repeat(3, axis=2)
    moved = [np.roll(picture, frame // 4, axis=1) for frame, picture in enumerate(mixed)]
    return np.stack(moved).astype(np.uint8)
