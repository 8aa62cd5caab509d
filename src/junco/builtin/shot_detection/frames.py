"""The small frames of a video, by which shots are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np

from junco.builtin.decoder import Decoder
from junco.builtin.extras import importing
from junco.builtin.shot_detection.cuts import HEIGHT, WIDTH
from junco.errors import InputError
from junco.types import Image

_USUAL_FRAME_S = 1 / 25


class SmallFrame(NamedTuple):
    """A frame of `HEIGHT` × `WIDTH` pixels uint8 RGB, when it begins, and when the next one does, in seconds."""

    image: Image
    time_s: float
    end_s: float


def small_frames(decoder: Decoder, source: Any) -> Iterator[SmallFrame]:
    """All frames of the video in a source, in order, each for as long as it is looked at.

    Raises:
        InputError: it holds no video, or is broken: then after the frames before.
    """
    with decoder.opened(source) as (file, name), _video(file, name, decoder.name) as (container, stream):
        from av.error import FFmpegError
        from av.video.reformatter import VideoReformatter

        reformatter = VideoReformatter()  # one for all: each makes tables for its sizes
        frame_s = float(1 / stream.average_rate) if stream.average_rate else _USUAL_FRAME_S
        start_s = float(stream.start_time * stream.time_base) if stream.start_time else 0.0
        time_s = -frame_s
        try:
            for frame in container.decode(stream):
                time_s = frame.time - start_s if frame.time is not None else time_s + frame_s
                long_s = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else frame_s
                small = reformatter.reformat(frame, WIDTH, HEIGHT, "rgb24", interpolation="AREA")
                yield SmallFrame(np.asarray(small.to_ndarray(), np.uint8), time_s, time_s + long_s)
        except FFmpegError as error:
            raise InputError(f"{name}: a broken video after {max(time_s, 0):.2f} s: {error.strerror}") from error
        if time_s < 0:
            raise InputError(f"{name}: a video without a frame")


@contextmanager
def _video(file: IO[bytes], name: str, owner: str) -> Iterator[tuple[Any, Any]]:
    """The open container and its first video stream."""
    with importing("video", owner):
        import av
        from av.error import FFmpegError
    try:
        container = av.open(file, metadata_errors="ignore")
    except (FFmpegError, ValueError) as error:
        raise InputError(f"{name}: no video, or a broken one: {error}") from error
    with container:
        if not container.streams.video:
            raise InputError(f"{name}: there is no video in it")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield container, stream
