"""Containers of video and sound, opened by PyAV (FFmpeg) so that they can open nothing else.

FFmpeg tells a format by the content, and some formats are lists of other places: playlists, session descriptions, lists
of parts. Whoever sends such a file would choose what this machine reads and connects to. Therefore only formats are
known here that hold the media themselves, and no protocol is allowed: all that is read is the file that was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Literal

from junco.errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer

OnCorrupt = Literal["raise", "skip"]
"""What becomes of packets that cannot be decoded: an error, once all before them was given, or nothing at all."""

SOUNDS = (
    "3g2 3gp aac ac3 ac4 aiff amr amrnb amrwb ape au caf dsf dts dtshd eac3 flac gsm iff loas m4a mlp mov mp3 mp4 mpc "
    "mpc8 nistsphere ogg qoa sox tak truehd tta voc w64 wav wv"
)
VIDEOS = (
    "apng asf av1 avi avs2 avs3 cavsvideo dirac dnxhd dv evc flv gif gxf h261 h263 h264 hevc ivf m4v matroska mj2 "
    "mjpeg mpeg mpegts mpegvideo mxf nut obu rm vc1 vvc webm wtv yuv4mpegpipe"
)
FORMATS = tuple(sorted({*SOUNDS.split(), *VIDEOS.split()}))
"""FFmpeg's names of the formats that are read: each holds the media itself."""

_BUFFER_BYTES = 1 << 17


@contextmanager
def opened_container(file: IO[bytes], name: str, what: str) -> Iterator[InputContainer]:
    """The container in a file; its format is told by its content, whatever its name.

    Args:
        file: a seekable binary file, at its start.
        name: of the source, for messages.
        what: what should be in it: ``video``, ``sound``.

    Raises:
        InputError: it is broken, or of a format that is not among `FORMATS`.
    """
    import av

    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "none"}
    try:
        container: Any = av.open(_Unnamed(file), options=options, buffer_size=_BUFFER_BYTES)
    except av.error.ArgumentError as error:  # what FFmpeg says of formats that are not in the list
        raise InputError(
            f"{name}: a playlist, or a file of another kind that is no {what} by itself: only files that hold the "
            "media themselves are read"
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{name}: no {what} that can be read: {said(error)}") from error
    with container:
        yield container


def begins_at_s(container: InputContainer) -> float:
    """The time stamp, in seconds, from which those of a container's sound count here.

    It is that of the first picture, as times of frames do, so that what is seen and heard at once has one time; without
    pictures it is the container's start. A cover is no picture of that kind.
    """
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.time_base is not None:
            return float((stream.start_time or 0) * stream.time_base)
    return (container.start_time or 0) / 1_000_000


def said(error: BaseException) -> str:
    """What FFmpeg says of a problem, without the numbers and the name that it does not know."""
    return str(getattr(error, "strerror", None) or error).rstrip(": ") or type(error).__name__


class _Unnamed:
    """A file without its name, by which FFmpeg would guess what is in it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
