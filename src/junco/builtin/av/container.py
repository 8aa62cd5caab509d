"""Containers of video and sound, opened by PyAV (FFmpeg) so that they can open nothing else.

FFmpeg tells a format by the content, and some formats are lists of other places: playlists, session descriptions, lists
of parts. Whoever sends such a file would choose what this machine reads and connects to. Therefore only formats are
known here that hold the media themselves, and no protocol is allowed: all that is read is the file that was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Literal

from junco.errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

OnCorrupt = Literal["raise", "skip"]
"""What becomes of what cannot be decoded: an error, once all before it was given, or it is left out."""

FORMATS = (
    "aac", "ac3", "ac4", "aiff", "amr", "amrnb", "amrwb", "ape", "apng", "asf", "au", "av1", "avi", "caf", "dsf", "dts",
    "dtshd", "dv", "eac3", "flac", "flv", "gif", "gsm", "h263", "h264", "hevc", "ivf", "loas", "m4v", "matroska",
    "mjpeg", "mlp", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mpegvideo", "mxf", "nistsphere", "nut", "obu",
    "ogg", "qoa", "rm", "sox", "tak", "truehd", "tta", "vc1", "voc", "w64", "wav", "wv",
)  # fmt: skip
"""FFmpeg's names of the containers and bare streams that are read.

All of them hold what they show. Playlists (hls, dash, concat, sdp …), devices, filters and numbered pictures name other
files and addresses, and are not among them.
"""
MAX_FETCHED_BYTES = 2 * 2**30
"""Of videos and sounds that are fetched: more than of other sources, and they lie on a disk."""
MAX_PIXELS = 100_000_000
"""Of a frame, and of the cover of a sound, which FFmpeg looks at too."""
MOST_S = 1e9
"""Of a time that is asked for, in seconds: thirty years."""

_BUFFER_BYTES = 2**18
_MICROSECONDS = 1_000_000


@contextmanager
def opened_container(file: IO[bytes], name: str, what: str, max_pixels: int = MAX_PIXELS) -> Iterator[InputContainer]:
    """The container in a file; its format is told by its content, whatever its name.

    Args:
        file: a seekable binary file, at its start; FFmpeg reads it through Python, and can open none itself.
        name: of the source, for messages.
        what: what should be in it: ``video``, ``sound``.
        max_pixels: of one picture; larger ones are not decoded.

    Raises:
        InputError: it is broken, or of a format that is not among `FORMATS`.
    """
    import av

    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "none", "max_pixels": str(max_pixels)}
    try:
        container: InputContainer = av.open(
            _Nameless(file), "r", options=options, buffer_size=_BUFFER_BYTES, metadata_errors="replace"
        )
    except av.error.ArgumentError as error:  # what FFmpeg says of formats that are not in the list
        raise InputError(
            f"{name}: no {what} of a kind that is read: playlists, pictures and texts are none, only files that hold "
            "the media themselves"
        ) from error
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise InputError(
            f"{name}: no {what} that can be read, or one that is broken or cut off in its header: {said(error)}"
        ) from error
    with container:
        yield container


def pictures_of(container: InputContainer) -> VideoStream | None:
    """The stream of its moving pictures: the one that FFmpeg takes for the main one. A cover is none."""
    from av.stream import Disposition

    found = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    return next((each for each in found if each is best), found[0] if found else None)


def begins_at_s(container: InputContainer) -> float:
    """The time stamp, in seconds, from which times count: of frames and of sound, so that they are the same.

    It is that of the first picture; without pictures it is the container's start.
    """
    pictures = pictures_of(container)
    if pictures is None:
        return (container.start_time or 0) / _MICROSECONDS
    return float((pictures.start_time or 0) * unit_s(pictures))


def unit_s(stream: VideoStream) -> Fraction:
    """Seconds in one unit of a stream's time."""
    return stream.time_base or Fraction(1, _MICROSECONDS)


def only_read(container: InputContainer, wanted: object) -> None:
    """Pass over all streams but one, unread where the container allows it; that is decoded in one thread."""
    from av.stream import Discard

    for stream in container.streams:
        if stream is not wanted:
            stream.discard = Discard.all
        elif stream.codec_context is not None:
            stream.codec_context.thread_count = 1


def said(error: BaseException) -> str:
    """What FFmpeg says of a problem, without the numbers and the name that it does not know."""
    return str(getattr(error, "strerror", None) or error).rstrip(": ") or type(error).__name__


class _Nameless:
    """A file without a name, by which FFmpeg would guess what is inside, or read a pattern of many names out of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.name = ""
