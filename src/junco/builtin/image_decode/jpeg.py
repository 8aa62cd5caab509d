"""JPEGs straight into an array, by libjpeg-turbo through simplejpeg: the pixels that Pillow gives, in half the time.

Pillow reads the header and decides what is a picture at all; whatever is not an ordinary JPEG stays with Pillow, which
also finds the words for what is broken.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from junco.types import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FORMATS = ("JPEG", "MPO")
"""Pillow's names: the second is how phones put several JPEGs into one file, of which the first is the picture."""
SCALES = (8, 4, 2)
"""By how much a JPEG can be made smaller while it is decoded, and all scales are exact in Pillow too."""
_MODES = ("L", "RGB")
_MOST_BYTES_A_PIXEL, _MOST_BYTES_BESIDES = 4, 4_000_000
"""What a file may hold to be read at once: its pixels as good as not compressed, and what cameras put beside them."""


def decoded(file: IO[bytes], picture: Picture, least_side: int | None) -> Image | None:
    """Pixels of a JPEG whose header is ``picture``, not turned; ``None`` where Pillow has to look at it.

    Args:
        file: at its beginning.
        picture: what Pillow has read of it.
        least_side: pixels that the shorter side keeps at least; ``None`` keeps all.
    """
    try:
        import simplejpeg
    except ModuleNotFoundError:
        return None
    if picture.mode not in _MODES:
        return None
    width, height = picture.size
    scale = scale_for(picture.size, least_side)
    most = width * height * _MOST_BYTES_A_PIXEL + _MOST_BYTES_BESIDES
    data = file.read(most + 1)
    if len(data) > most:  # whatever that is, it is not to fill the memory; Pillow reads it piece by piece
        return None
    try:
        pixels: Image = simplejpeg.decode_jpeg(
            data, "RGB", min_height=-(-height // scale), min_width=-(-width // scale), min_factor=scale
        )
    except ValueError:  # strict: also what the library would only warn of
        return None
    return pixels


def scale_for(size: tuple[int, int], least_side: int | None) -> int:
    """By how much a picture of that size may be made smaller: 8, 4, 2 or 1."""
    if least_side is None:
        return 1
    return next((scale for scale in SCALES if min(size) >= least_side * scale), 1)
