"""Videos drawn for tests: every frame carries its number as a pattern, so that each can be told anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

NUM_COLUMNS, NUM_ROWS, SQUARE = 4, 3, 16
SIZE = NUM_COLUMNS * SQUARE, NUM_ROWS * SQUARE
GOP = 10


def pattern(number: int) -> np.ndarray:
    """The number's 12 bits as black and white squares: uint8 RGB (48, 64, 3)."""
    bits = [(number >> bit) & 1 for bit in range(NUM_COLUMNS * NUM_ROWS)]
    grid = np.array(bits, np.uint8).reshape(NUM_ROWS, NUM_COLUMNS) * 219 + 16
    return np.repeat(grid.repeat(SQUARE, 0).repeat(SQUARE, 1)[:, :, None], 3, axis=2)


def number_of(image: Any) -> int:
    """The number that a frame carries, of whatever size."""
    pixels = np.asarray(image).astype(int).mean(axis=2)
    height, width = pixels.shape
    rows = [round((row + 0.5) * height / NUM_ROWS) for row in range(NUM_ROWS)]
    columns = [round((column + 0.5) * width / NUM_COLUMNS) for column in range(NUM_COLUMNS)]
    bits = (pixels[np.ix_(rows, columns)] > 128).reshape(-1)
    return sum(int(bit) << at for at, bit in enumerate(bits))


def write(
    path: Path | str | Any,
    pictures: Sequence[np.ndarray],
    codec: str = "libx264",
    *,
    times: Sequence[int] | None = None,
    rate: int = 25,
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    container: str | None = None,
    change: Callable[[Any], None] = lambda stream: None,
    change_frame: Callable[[Any], None] = lambda frame: None,
    muxing: dict[str, str] | None = None,
) -> Any:
    """Pictures as a video. ``times`` in 1/rate s; ``change`` gets the stream before anything is coded."""
    with av.open(path if not isinstance(path, Path) else str(path), "w", format=container, options=muxing) as made:
        stream = made.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, rate)
        change(stream)
        for at, picture in enumerate(pictures):
            kind = "rgba" if picture.shape[2] == 4 else "rgb48le" if picture.dtype == np.uint16 else "rgb24"
            frame = av.VideoFrame.from_ndarray(picture, format=kind)
            if pixel_format != kind:
                frame = frame.reformat(format=pixel_format)
            frame.pts, frame.time_base = (at if times is None else times[at]), Fraction(1, rate)
            change_frame(frame)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path


KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "mp4": ("libx264", {"x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=3", "preset": "veryfast"}),
    "mkv": ("libx264", {"x264-params": f"keyint={GOP}:scenecut=0:bframes=3:open-gop=1", "preset": "veryfast"}),
    "ts": ("libx264", {"x264-params": f"keyint={GOP}:scenecut=0:bframes=3:open-gop=1", "preset": "veryfast"}),
    "mov": ("mpeg4", {"g": str(GOP), "bf": "2", "qmin": "2", "qmax": "2"}),
    "avi": ("mpeg4", {"g": str(GOP), "bf": "0", "qmin": "2", "qmax": "2"}),
    "webm": ("libvpx-vp9", {"g": str(GOP), "crf": "10", "deadline": "realtime", "cpu-used": "8"}),
    "flv": ("flv", {"g": str(GOP), "qmin": "2", "qmax": "2"}),
    "mpg": ("mpeg2video", {"g": str(GOP), "bf": "2", "qmin": "2", "qmax": "2"}),
    "nut": ("ffv1", {"g": str(GOP)}),
}
"""By the ending: codec and its options. Some have frames that are shown before ones that are decoded sooner."""


def numbered(path: Path | Any, num_frames: int = 60, kind: str = "mp4", **more: Any) -> Any:
    """A video whose frames carry their numbers, with a key frame each `GOP` frames."""
    codec, options = KINDS[kind]
    return write(path, [pattern(number) for number in range(num_frames)], codec, options=options, **more)


def beginning(path: Path, seconds: float, to: Path) -> Path:
    """The first seconds of a video, as they are."""
    with av.open(str(path)) as source, av.open(str(to), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None or packet.pts * packet.time_base >= seconds:
                continue
            packet.stream = stream
            target.mux(packet)
    return to
