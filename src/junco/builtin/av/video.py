"""An open video, and what it may have: what all that is read of one begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, TYPE_CHECKING

from junco.builtin.av.container import only_read, opened_container, pictures_of, unit_s
from junco.errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_MICROSECONDS = 1_000_000
_BARE = {"h264", "hevc", "mpegvideo", "vc1"}
"""Streams without a container, which hold no times at all."""
_WITHOUT_SHOWING = {"asf", "avi"}
"""Containers that hold a packet's time of decoding alone: FFmpeg guesses when its frame is shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a video may have.

    Attributes:
        max_pixels: of one frame.
        max_frames: of the whole, ``None``: any number.
        max_duration_s: of the whole, ``None``: any.
    """

    max_pixels: int
    max_frames: int | None = None
    max_duration_s: float | None = None

    def check_size(self, width: int, height: int, name: str) -> None:
        """Refuse frames that are too large.

        Raises:
            InputError: naming the limit.
        """
        if width * height > self.max_pixels:
            raise InputError(f"{name}: frames of {width}×{height} pixels are more than max_pixels={self.max_pixels:,}")

    def check_length(self, num_frames: int, duration_s: float, name: str) -> None:
        """Refuse a video that is too long, by its header or by what was read of it.

        Raises:
            InputError: naming the limit.
        """
        if self.max_frames is not None and num_frames > self.max_frames:
            raise InputError(f"{name}: more than max_frames={self.max_frames:,} frames")
        if self.max_duration_s is not None and duration_s > self.max_duration_s:
            raise InputError(f"{name}: longer than max_duration_s={self.max_duration_s:g}")


@dataclass(frozen=True, slots=True)
class Video:
    """An open video: its container, the stream of its pictures, and how it is called in messages."""

    container: InputContainer
    stream: VideoStream
    name: str

    @property
    def time_base(self) -> Fraction:
        """Seconds in one unit of its time."""
        return unit_s(self.stream)

    @property
    def start(self) -> int:
        """When its first frame is shown, in its units: time 0 of its frames and, by `begins_at_s`, of its sound."""
        return self.stream.start_time or 0

    @property
    def is_untimed(self) -> bool:
        """Whether only the decoder tells in which order frames are shown: packets have no such times, or guesses."""
        formats = set(self.container.format.name.split(","))
        return bool(formats & _BARE or (formats & _WITHOUT_SHOWING and self.stream.codec_context.has_b_frames))

    @property
    def duration_s(self) -> float:
        """As the header says; 0 where it does not."""
        if self.stream.duration is not None:
            return float(self.stream.duration * self.time_base)
        return (self.container.duration or 0) / _MICROSECONDS


@contextmanager
def opened_video(file: IO[bytes], name: str, limits: Limits) -> Iterator[Video]:
    """An open video, whose decoder runs in one thread.

    Args:
        file: at its beginning; FFmpeg reads it through Python, and can open none itself.
        name: for messages.

    Raises:
        InputError: it is no video, has no pictures, is cut off in its header, or is beyond the limits by its header.
    """
    with opened_container(file, name, "video", limits.max_pixels) as container:
        video = Video(container, _pictures(container, name), name)
        context = video.stream.codec_context
        limits.check_size(context.width, context.height, name)
        limits.check_length(video.stream.frames, video.duration_s, name)
        context.copy_opaque = True
        context.options = {"max_pixels": str(limits.max_pixels)}
        yield video


def _pictures(container: InputContainer, name: str) -> VideoStream:
    """The stream of moving pictures; the others are passed over."""
    chosen = pictures_of(container)
    if chosen is None:
        kinds = sorted({stream.type for stream in container.streams if stream.type != "video"})
        raise InputError(f"{name}: no video in it" + (f", only {' and '.join(kinds)}" if kinds else ""))
    if chosen.codec_context is None:
        raise InputError(f"{name}: its pictures are coded in a way that FFmpeg does not know")
    only_read(container, chosen)
    return chosen
