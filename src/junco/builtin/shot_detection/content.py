"""``shot-detection.content``: the shots of a video, by how much its frames differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from junco.builtin.av.reader import VideoReader
from junco.builtin.cuts import Cuts
from junco.builtin.shot_detection.frames import small_frames
from junco.operator.options import option
from junco.types import Shot


class ContentShots(VideoReader, family="shot-detection", name="content"):
    """Finds cuts where a frame differs from the one before in hue, saturation and value; it needs no model.

    Shots follow one another from 0 to the end of the video. Their score is that difference at the cut that they begin
    with, 0 to 1, and 1 for the first. Fades and dissolves, which change little from frame to frame, are mostly missed:
    ``shot-detection.transnet`` finds them.

    Args:
        threshold: least difference at a cut, 0 to 1: the mean over the pixels of a frame of 27×48.
        ratio: how many times the mean of its neighbours it must be, so that a fast pan is no cut; ``None``: the
            threshold alone.
        least_s: a cut that comes sooner after the start of its shot, in seconds, is none.

    Raises:
        InputError: for a source without video, or a broken one, with its name.
    """

    threshold: float = option(0.08, least=0, most=1)
    ratio: float | None = option(3.0, least=1)
    least_s: float = option(0.4, least=0)

    def stream(self, source: Any) -> Iterator[Shot]:
        cuts = Cuts(self.threshold, self.ratio, self.least_s)
        start_s, score, end_s = 0.0, 1.0, 0.0
        for frame in small_frames(self, source):
            end_s = frame.end_s
            if (cut := cuts.add(frame.image, frame.time_s)) is not None:
                yield Shot(start_s, cut.time_s, score)
                start_s, score = cut.time_s, cut.score
        for cut in cuts.end():
            yield Shot(start_s, cut.time_s, score)
            start_s, score = cut.time_s, cut.score
        yield Shot(start_s, end_s, score)
