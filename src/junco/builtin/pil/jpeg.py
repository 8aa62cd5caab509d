"""JPEGs straight into an array, by libjpeg-turbo through simplejpeg: the pixels that Pillow gives, in half the time.

Pillow reads the header and decides what is a picture at all; whatever is not an ordinary JPEG stays with Pillow, which
also finds the words for what is broken.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from junco.errors import InputError
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

MAX_SCANS = 100
"""How often a JPEG may go over its pixels: ten times what cameras and programs do, and what libtiff allows too.

Each scan takes time for all pixels, and a few bytes are enough for one: a small file could keep a core for hours.
"""
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_START_OF_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # among the levels of a scan
_PIECE_BYTES = 2**16
_MAX_SEGMENTS = 10_000


def check_scans(file: IO[bytes], name: str) -> None:
    """Refuse a JPEG that goes over its pixels more often than pictures do.

    Raises:
        InputError: naming the limit.
    """
    file.seek(2)
    num_scans = num_components = 0
    for _ in range(_MAX_SEGMENTS):
        kind = _next_marker(file)
        if kind in {None, _END}:
            return
        segment = b"" if kind in _WITHOUT_LENGTH else file.read(max(0, int.from_bytes(file.read(2), "big") - 2))
        if kind in _START_OF_FRAME:
            num_components = 2**8 if kind in _PROGRESSIVE else segment[5] if len(segment) > 5 else 0
        elif kind == _START_OF_SCAN:
            num_scans += 1
            if num_scans > MAX_SCANS:
                raise InputError(f"{name}: a JPEG of more than {MAX_SCANS} scans, which pictures do not have")
            if segment[:1] and segment[0] >= num_components:
                return  # all colours are in this one scan, after which decoders stop
    raise InputError(f"{name}: a JPEG of more than {_MAX_SEGMENTS:,} segments, which pictures do not have")


def _next_marker(file: IO[bytes]) -> int | None:
    """The kind of the next marker, after which the file stands; ``None`` at the file's end."""
    start = file.tell()
    num_bytes = 16  # where it stands but within a scan
    while piece := file.read(num_bytes):
        if found := _MARKER.search(piece):
            file.seek(start + found.end())
            return piece[found.end() - 1]
        start += len(piece) - 1 if piece[-1] == 0xFF and len(piece) > 1 else len(piece)
        file.seek(start)
        num_bytes = _PIECE_BYTES
    return None


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
