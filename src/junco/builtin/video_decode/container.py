"""Video files opened by FFmpeg, which may read containers alone: no playlist, device or address, whatever is inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, TYPE_CHECKING

from junco.errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS = (
    "apng", "asf", "av1", "avi", "dv", "flv", "gif", "h263", "h264", "hevc", "ivf", "m4v", "matroska", "mjpeg", "mov",
    "mpeg", "mpegts", "mpegvideo", "mxf", "nut", "obu", "ogg", "rm", "vc1",
)  # fmt: skip
"""FFmpeg's names of the containers and bare streams that are read.

All of them hold what they show. Playlists (hls, dash, concat, sdp …), devices, filters and numbered pictures name other
files and addresses, and are not among them.
"""
_BUFFER_BYTES = 2**18
_NO_PROTOCOL = "none"
_MICROSECONDS = 1_000_000


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
        return self.stream.time_base or Fraction(1, _MICROSECONDS)

    @property
    def start(self) -> int:
        """When its first frame is shown, in its units."""
        return self.stream.start_time or 0

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
    container = _opened(file, name, limits)
    try:
        video = Video(container, _pictures(container, name), name)
        context = video.stream.codec_context
        limits.check_size(context.width, context.height, name)
        limits.check_length(video.stream.frames, video.duration_s, name)
        context.thread_count = 1
        context.copy_opaque = True
        context.options = {"max_pixels": str(limits.max_pixels)}
        yield video
    finally:
        container.close()


def _opened(file: IO[bytes], name: str, limits: Limits) -> InputContainer:
    import av

    options = {
        "format_whitelist": ",".join(FORMATS),
        "protocol_whitelist": _NO_PROTOCOL,
        "max_pixels": str(limits.max_pixels),
    }
    try:
        container: InputContainer = av.open(
            _Nameless(file), "r", options=options, buffer_size=_BUFFER_BYTES, metadata_errors="replace"
        )
    except av.error.ArgumentError as error:
        raise InputError(f"{name}: no video of a kind that is read; playlists, pictures and texts are none") from error
    except (av.error.FFmpegError, ValueError, OSError, IndexError) as error:
        raise InputError(f"{name}: no video, or one that is broken or cut off in its header: {said(error)}") from error
    return container


class _Nameless:
    """A file without a name, by which FFmpeg would guess what is inside, or read a pattern of many names out of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell
        self.name = ""


def _pictures(container: InputContainer, name: str) -> VideoStream:
    """The stream of moving pictures; the others are passed over unread where the container allows it."""
    from av.stream import Discard, Disposition

    found = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not found:
        kinds = sorted({stream.type for stream in container.streams if stream.type != "video"})
        raise InputError(f"{name}: no video in it" + (f", only {' and '.join(kinds)}" if kinds else ""))
    best = container.streams.best("video")
    chosen = best if best in found else found[0]
    if chosen.codec_context is None:
        raise InputError(f"{name}: its pictures are coded in a way that FFmpeg does not know")
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def said(error: BaseException) -> str:
    """What FFmpeg says of an error, without the call that it came from."""
    return str(getattr(error, "strerror", None) or error)
