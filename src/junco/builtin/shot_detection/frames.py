"""The small frames of a video, by which shots are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from junco.builtin.av.reader import VideoReader
from junco.builtin.av.reading import Shown
from junco.builtin.av.video import Video
from junco.builtin.cuts import HEIGHT, WIDTH
from junco.errors import InputError
from junco.types import Image

_USUAL_RATE_HZ = 25


class SmallFrame(NamedTuple):
    """A frame of `HEIGHT` × `WIDTH` pixels uint8 RGB, when it begins to be seen and when it ends, in seconds."""

    image: Image
    time_s: float
    end_s: float


def small_frames(reader: VideoReader, source: Any) -> Iterator[SmallFrame]:
    """All frames of the video in a source, in the order in which they are shown.

    Raises:
        InputError: it holds no video, or is broken: then after the frames before.
    """
    with reader.video(source) as (video, pictures):
        shown = None
        for shown in reader.shown(video):
            image = pictures.small(shown.frame, WIDTH, HEIGHT)
            yield SmallFrame(image, shown.time_s, shown.time_s + _duration_s(shown, video))
        if shown is None:
            raise InputError(f"{video.name}: a video without a frame")


def _duration_s(shown: Shown, video: Video) -> float:
    """How long a frame is seen."""
    if shown.frame.duration:
        return float(shown.frame.duration * video.time_base)
    return 1 / float(video.stream.average_rate or _USUAL_RATE_HZ)
