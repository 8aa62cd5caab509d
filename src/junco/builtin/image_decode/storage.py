"""How a file stores its levels, as far as Pillow forgets or misreads it when it decodes: asked before the decoding."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from junco.errors import InputError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile as Picture

_UINT8, _UINT16 = 255, 65535
_BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _SUBFILE, _PLANAR = 258, 259, 262, 254, 284
_SUBSAMPLING, _SUB_IFDS, _DNG_VERSION = 530, 330, 50706
_EXTRA_SAMPLES = 338
_WHITE_IS_ZERO, _YCBCR = 0, 6
_NOT_PACKED, _IN_PLANES, _STRAIGHT = 1, 2, 2
_NATIVE = {"F;32BF": "F;32NF", "I;16BS": "I;16NS", "I;32BS": "I;32NS"}
_TGA_ALPHA_BITS = 8
_FIRST_IS_EMPTY = {"RGBX": "XRGB", "BGRX": "XBGR"}
_CURE = "save it as RGB, or as a PNG"


@dataclass(frozen=True)
class Storage:
    """What the levels that Pillow gives mean."""

    white: int | None = _UINT16
    """The level that is white where a mode holds more than 8 bits of integers; ``None``: the file does not say."""
    white_is_zero: bool = False
    key: int | tuple[int, ...] | None = None
    """The colour that is transparent, in Pillow's levels, where Pillow's own ``transparency`` is not that."""
    alpha: str = "straight"
    """``straight``, ``premultiplied``, ``none`` or ``if any`` (nothing, where it is zero): what the fourth channel holds."""
    frame: tuple[int, int, int, int] | None = None
    """Left, top, right and bottom of what is covered, where not all is; the rest has the colour ``background``."""
    background: tuple[int, int, int] = (255, 255, 255)


def storage_of(picture: Picture, name: str) -> Storage:
    """How the pixels of a picture are stored that has not been decoded yet (of a decoded one, what can still be said).

    Raises:
        InputError: they are stored in a way that Pillow takes for another.
    """
    known = _FORMATS.get(picture.format or "")
    if known is not None:
        return known(picture, name)
    is_counted = picture.mode == "I" and picture.format != "PPM"
    return Storage(white=_UINT8 if is_counted else _UINT16)


def _of_tiff(picture: Picture, name: str) -> Storage:
    tags: Any = getattr(picture, "tag_v2", {})
    if _DNG_VERSION in tags or (tags.get(_SUBFILE, 0) & 1 and _SUB_IFDS in tags):
        raise InputError(f"{name}: a camera's raw file, of which Pillow reads the preview alone: develop it first")
    if picture.tile:
        _make_room(picture)
    bits = tags.get(_BITS_PER_SAMPLE, (1,))[0]
    photometric = tags.get(_PHOTOMETRIC, _WHITE_IS_ZERO)
    if tags.get(_COMPRESSION, _NOT_PACKED) == _NOT_PACKED:
        if photometric == _YCBCR and tags.get(_SUBSAMPLING, (2, 2)) != (1, 1):
            raise InputError(f"{name}: an unpacked TIFF with subsampled colours, which Pillow misreads: {_CURE}")
        if tags.get(_PLANAR) == _IN_PLANES and bits > 8:
            _read_planes_of_16_bits(picture, name)
    elif picture.tile and picture.tile[0].args[0] in _NATIVE:
        _read_as_unpacked(picture)
    if tags.get(_PLANAR) == _IN_PLANES and picture.mode in {"LA", "La", "PA"}:
        raise InputError(f"{name}: a TIFF with grey and alpha in planes, which Pillow misreads: {_CURE}")
    is_deep = picture.mode.startswith(("I", "F"))  # what has up to 8 bits Pillow turns round by itself
    return Storage(
        white=_UINT8 if picture.mode == "I" else 2**bits - 1, white_is_zero=is_deep and photometric == _WHITE_IS_ZERO
    )


def _make_room(picture: Picture) -> None:
    """Room for the pixels, for which Pillow compares a TIFF's size with a limit of the whole process, not with ours."""
    from PIL import Image as PilImage

    if PilImage.MAX_IMAGE_PIXELS is not None and picture.width * picture.height > PilImage.MAX_IMAGE_PIXELS:
        picture.im = PilImage.core.new(picture.mode, picture._tile_size)


def _read_as_unpacked(picture: Picture) -> None:
    """libtiff gives levels in this machine's order of bytes, and Pillow reads some of them in the file's."""
    picture.tile = [tile._replace(args=(_NATIVE[tile.args[0]], *tile.args[1:])) for tile in picture.tile]


def _read_planes_of_16_bits(picture: Picture, name: str) -> None:
    """Pillow reads each plane of an unpacked TIFF as if it had 8 bits: told otherwise, it reads them rightly."""
    order = "L" if picture.tag_v2.prefix == b"II" else "B"  # type: ignore[attr-defined]
    bands = picture.getbands()
    is_straight = picture.tag_v2.get(_EXTRA_SAMPLES, (_STRAIGHT,))[0] == _STRAIGHT  # type: ignore[attr-defined]
    if len(picture.tile) % len(bands) or bands[0] != "R" or not is_straight:
        raise InputError(f"{name}: a TIFF of 16 bits in planes, which Pillow misreads: {_CURE}")
    num_tiles = len(picture.tile) // len(bands)
    picture.tile = [
        tile._replace(args=(f"{bands[number // num_tiles]};16{order}", *tile.args[1:]))
        for number, tile in enumerate(picture.tile)
    ]


def _of_png(picture: Picture, _: str) -> Storage:
    """With the transparent grey, which Pillow does not stretch to 8 bits as it does pixels of 2 and 4."""
    key = picture.info.get("transparency")
    stored = picture.tile[0].args if picture.tile else ""
    if not isinstance(key, int) or stored not in {"L;2", "L;4"}:
        return Storage(key=key if picture.mode == "I;16" else None)
    most: int = 2 ** int(stored[-1]) - 1
    return Storage(key=key * _UINT8 // most)


def _of_gif(picture: Picture, _: str) -> Storage:
    """Where the first frame leaves the screen bare, it has the background's colour, and not the palette's first."""
    palette = getattr(picture, "global_palette", None)
    if not picture.tile or "transparency" in picture.info or palette is None:
        return Storage()
    frame = picture.tile[0].extents
    if frame == (0, 0, *picture.size):
        return Storage()
    red, green, blue = palette.palette[3 * picture.info.get("background", 0) :][:3] or (0, 0, 0)
    return Storage(frame=frame, background=(red, green, blue))


def _of_sun(picture: Picture, _: str) -> Storage:
    """Of four bytes a pixel the first is the one that means nothing, where Pillow takes the last for it."""
    picture.tile = [
        tile._replace(args=(_FIRST_IS_EMPTY.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        if isinstance(tile.args, tuple)
        else tile._replace(args=_FIRST_IS_EMPTY.get(tile.args, tile.args))
        for tile in picture.tile
    ]
    return Storage()


def _of_psd(picture: Picture, _: str) -> Storage:
    """The merged picture lies over white already; in black and white a set bit is black."""
    return Storage(alpha="none", white_is_zero=picture.mode == "1")


def _of_blp(picture: Picture, name: str) -> Storage:
    """A texture whose pixels are a JPEG is decoded out of sight, whatever that JPEG is."""
    picture.fp.seek(4)
    if picture.fp.read(4) == bytes(4):
        raise InputError(f"{name}: a BLP texture that holds a JPEG: make a PNG of it first")
    return Storage()


def _of_cur(picture: Picture, name: str) -> Storage:
    if picture.mode != "RGBA":
        raise InputError(f"{name}: a cursor with a mask, which Pillow does not read: save it as an icon or a PNG")
    return Storage()


def _of_tga(picture: Picture, _: str) -> Storage:
    return Storage(alpha=_tga_alpha(picture.fp))


def _tga_alpha(file: Any) -> str:
    """What the header says of a TGA's attribute bits, and the extension area at its end where there is one (TGA 2.0).

    Eight bits are alpha. What a single one means programs do not agree on (GIMP: set is opaque; ImageMagick and Pillow:
    set is transparent; others: nothing), so that the colours are taken as they are.
    """
    if file is None or file.closed:  # decoded already
        return "straight"
    position = file.tell()
    try:
        file.seek(17)
        if file.read(1)[0] & 0x0F != _TGA_ALPHA_BITS:
            return "none"
        return _tga_attributes(file)
    finally:
        file.seek(position)


def _tga_attributes(file: Any) -> str:
    length = file.seek(0, 2)
    file.seek(max(0, length - 26))
    footer = file.read(26)
    if footer[8:] != b"TRUEVISION-XFILE.\0":
        return "straight"
    (start,) = struct.unpack("<I", footer[:4])
    file.seek(start + 494)
    kind = file.read(1) if start else b""
    return {b"\0": "none", b"\1": "none", b"\2": "none", b"\4": "premultiplied"}.get(kind, "straight")


_FORMATS: dict[str, Callable[[Picture, str], Storage]] = {
    "BLP": _of_blp,
    "CUR": _of_cur,
    "FITS": lambda *_: Storage(white=None),
    "GIF": _of_gif,
    "ICO": lambda *_: Storage(alpha="if any"),
    "PNG": _of_png,
    "PSD": _of_psd,
    "SUN": _of_sun,
    "TGA": _of_tga,
    "TIFF": _of_tiff,
}
