"""TIFFs: what of their levels Pillow misreads, does not read though it could, or takes for another picture."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from junco.builtin.pil.levels import UINT8, Storage, read_levels_as
from junco.errors import InputError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile as Picture

_BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _SUBFILE, _PLANAR = 258, 259, 262, 254, 284
_SUBSAMPLING, _SUB_IFDS, _EXTRA_SAMPLES, _DNG_VERSION = 530, 330, 338, 50706
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _YCBCR = 0, 1, 6
_NOT_PACKED, _IN_PLANES, _STRAIGHT, _SIGNED = 1, 2, 2, 2
_SAMPLE_FORMAT, _EIGHT_BITS = 339, 8
# libtiff gives levels in this machine's order of bytes, and Pillow reads some of them in the file's.
_NATIVE = {"F;32BF": "F;32NF", "I;16BS": "I;16NS", "I;32BS": "I;32NS"}
_CURE = "save it as RGB, or as a PNG"


@functools.cache
def factory() -> type[Picture]:
    """Pillow's class for TIFFs, that reads grey of more than 8 bits whose white is zero wherever it reads such grey."""
    from PIL.TiffImagePlugin import TiffImageFile

    class Tiff(TiffImageFile):
        def _setup(self) -> None:
            self.white_is_zero = self.tag_v2.get(_PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO
            if self.white_is_zero and self.tag_v2.get(_BITS_PER_SAMPLE, (1,))[0] > 8:
                self.tag_v2[_PHOTOMETRIC] = _BLACK_IS_ZERO  # Pillow turns none of them round, and refuses most
            super()._setup()

    return Tiff


def storage_of_tiff(picture: Picture, name: str) -> Storage:
    """How the pixels of a TIFF are stored, which Pillow is told where it would misread them.

    Raises:
        InputError: it is a camera's raw file, or stored in a way that Pillow takes for another.
    """
    tags: Any = getattr(picture, "tag_v2", {})
    if _DNG_VERSION in tags or (tags.get(_SUBFILE, 0) & 1 and _SUB_IFDS in tags):
        raise InputError(f"{name}: a camera's raw file, of which Pillow reads the preview alone: develop it first")
    if picture.tile:
        _make_room(picture)
    bits = tags.get(_BITS_PER_SAMPLE, (1,))[0]
    photometric = tags.get(_PHOTOMETRIC, _WHITE_IS_ZERO)
    white_is_zero = getattr(picture, "white_is_zero", photometric == _WHITE_IS_ZERO)
    if bits == _EIGHT_BITS and tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED:
        raise InputError(f"{name}: signed levels of 8 bits have no agreed scale: {_CURE}")
    if tags.get(_COMPRESSION, _NOT_PACKED) == _NOT_PACKED:
        if photometric == _YCBCR and tags.get(_SUBSAMPLING, (2, 2)) != (1, 1):
            raise InputError(f"{name}: an unpacked TIFF with subsampled colours, which Pillow misreads: {_CURE}")
        if tags.get(_PLANAR) == _IN_PLANES and bits > 8:
            _read_planes_of_16_bits(picture, name)
    else:
        read_levels_as(picture, _NATIVE)
    if tags.get(_PLANAR) == _IN_PLANES and picture.mode in {"LA", "La", "PA"}:
        raise InputError(f"{name}: a TIFF with grey and alpha in planes, which Pillow misreads: {_CURE}")
    is_deep = picture.mode.startswith(("I", "F"))  # what has up to 8 bits Pillow turns round by itself
    return Storage(white=UINT8 if picture.mode == "I" else 2**bits - 1, white_is_zero=is_deep and white_is_zero)


def _make_room(picture: Picture) -> None:
    """Room for the pixels, for which Pillow compares a TIFF's size with a limit of the whole process, not with ours."""
    from PIL import Image as PilImage

    if PilImage.MAX_IMAGE_PIXELS is not None and picture.width * picture.height > PilImage.MAX_IMAGE_PIXELS:
        stored_size = picture._tile_size  # type: ignore[attr-defined]
        picture.im = PilImage.new(picture.mode, stored_size).im


def _read_planes_of_16_bits(picture: Picture, name: str) -> None:
    """Pillow reads each plane of an unpacked TIFF as if it had 8 bits: told otherwise, it reads them rightly."""
    order = "L" if picture.tag_v2.prefix == b"II" else "B"  # type: ignore[attr-defined]
    bands = picture.getbands()
    is_straight = picture.tag_v2.get(_EXTRA_SAMPLES, (_STRAIGHT,))[0] == _STRAIGHT  # type: ignore[attr-defined]
    if len(picture.tile) % len(bands) or bands[0] != "R" or not is_straight:
        raise InputError(f"{name}: a TIFF of 16 bits in planes, which Pillow misreads: {_CURE}")
    num_tiles = len(picture.tile) // len(bands)
    picture.tile = [
        tile._replace(args=(f"{bands[number // num_tiles]};16{order}", *(tile.args or ())[1:]))
        for number, tile in enumerate(picture.tile)
    ]
