"""Pictures and sounds inside a page, as data: small, and so many bytes of them altogether."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

SIDE, SMALL_SIDE = 360, 180
TINY_SIDE = 96
MOST_SOUND_S = 10.0
MOST_BYTES = 12_000_000
MOST_RATE_HZ = 10_000_000
QUALITY = 82


class Unshown(Exception):
    """Why a picture or a sound does not stand on the page; what says so stands there in its place."""


class File(NamedTuple):
    """A picture or a sound as a browser takes it: its media type, and bytes."""

    kind: str
    data: bytes


class Media:
    """What a page may carry: bytes of pictures and sounds.

    Args:
        most_bytes: for all of them together.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.left = most_bytes

    def picture(self, pixels: npt.NDArray[np.uint8], side: int) -> tuple[str, int, int]:
        """A picture no longer than ``side``: its data as a URI, width and height.

        Raises:
            Unshown: Pillow is not there, or the page is full.
        """
        file, width, height = small_picture(pixels, side)
        return self._uri(file), width, height

    def chart(self, levels: npt.NDArray[np.uint8], palette: list[int]) -> str:
        """A picture of levels (height, width) in 256 colours: its data as a URI.

        Raises:
            Unshown: Pillow is not there, or the page is full.
        """
        return self._uri(chart(levels, palette))

    def sound(self, clip: Any) -> tuple[str, float]:
        """The beginning of a sound: its data as a URI, and how many seconds of it these are.

        Raises:
            Unshown: it has no samples, or the page is full.
        """
        file, seconds = wav(clip)
        return self._uri(file), seconds

    def _uri(self, file: File) -> str:
        text = base64.b64encode(file.data).decode("ascii")
        if len(text) > self.left:
            raise Unshown("left out: the page is large enough")
        self.left -= len(text)
        return f"data:{file.kind};base64,{text}"


def small_picture(pixels: npt.NDArray[np.uint8], side: int) -> tuple[File, int, int]:
    """A picture no longer than ``side``, its width and height.

    Raises:
        Unshown: Pillow is not there.
    """
    try:
        from PIL import Image
    except ImportError:
        raise Unshown("pictures are shown where Pillow is: pip install 'junco[vision]'") from None
    every = max(1, max(pixels.shape[:2]) // (4 * side))  # what Pillow would look at in vain
    picture = Image.fromarray(np.ascontiguousarray(pixels[::every, ::every]))
    picture.thumbnail((side, side))
    is_tiny = max(picture.size) <= TINY_SIDE
    kind = "png" if is_tiny or picture.mode == "RGBA" else "jpeg"
    stored = io.BytesIO()
    picture.save(stored, kind, **({} if kind == "png" else {"quality": QUALITY}))
    return File(f"image/{kind}", stored.getvalue()), *picture.size


def chart(levels: npt.NDArray[np.uint8], palette: list[int]) -> File:
    """A picture of levels (height, width) in 256 colours.

    Raises:
        Unshown: Pillow is not there.
    """
    try:
        from PIL import Image
    except ImportError:
        raise Unshown("pictures are shown where Pillow is") from None
    picture = Image.fromarray(levels // 4 * 4)  # sixty-four levels look the same, and take less
    picture.putpalette(palette)
    stored = io.BytesIO()
    picture.save(stored, "png", optimize=True)
    return File("image/png", stored.getvalue())


def wav(clip: Any) -> tuple[File, float]:
    """The beginning of a sound, and how many seconds of it these are.

    Raises:
        Unshown: it has no samples.
    """
    rate = int(clip.sample_rate_hz) if 0 < clip.sample_rate_hz < MOST_RATE_HZ else 0
    samples = np.atleast_2d(clip.samples)[:2, : int(MOST_SOUND_S * rate)]
    if samples.size == 0 or rate <= 0:
        raise Unshown("no samples")
    stored = io.BytesIO()
    with wave.open(stored, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(np.nan_to_num(samples), -1, 1).T * 32767).astype("<i2").tobytes())
    return File("audio/wav", stored.getvalue()), samples.shape[1] / rate
