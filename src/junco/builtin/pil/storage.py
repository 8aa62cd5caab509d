"""How a file stores its levels, as far as Pillow forgets or misreads it when it decodes: asked before the decoding."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from junco.builtin.pil.jpeg import FORMATS as JPEGS
from junco.builtin.pil.jpeg import check_scans
from junco.builtin.pil.levels import UINT8, UINT16, Storage, read_levels_as
from junco.builtin.pil.png import transparent_places
from junco.builtin.pil.tiff import storage_of_tiff
from junco.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile as Picture

_TGA_ALPHA_BITS = _EIGHT_BITS = 8
_MOST_BOXES = 10_000
_CODESTREAM = b"\xff\x4f\xff\x51"
_FIRST_IS_EMPTY = {"RGBX": "XRGB", "BGRX": "XBGR"}


def storage_of(picture: Image, name: str) -> Storage:
    """How the pixels of a picture are stored that has not been decoded yet (of a decoded one, what can still be said).

    Raises:
        InputError: they are stored in a way that Pillow takes for another.
    """
    from PIL.ImageFile import ImageFile

    if isinstance(picture, ImageFile) and (known := _FORMATS.get(picture.format or "")) is not None:
        return known(picture, name)
    is_counted = picture.mode == "I" and picture.format != "PPM"
    key = picture.info.get("transparency") if picture.mode.startswith("I;16") else None
    return Storage(white=UINT8 if is_counted else UINT16, key=key)


def _of_png(picture: Picture, _: str) -> Storage:
    """With the transparent grey, which Pillow does not stretch to 8 bits as it does pixels of 2 and 4."""
    key = picture.info.get("transparency")
    stored = picture.tile[0].args if picture.tile else None
    if isinstance(key, int) and isinstance(stored, str) and stored in {"L;2", "L;4"}:
        return Storage(key=key * UINT8 // (2 ** int(stored[-1]) - 1))
    return Storage(key=key if picture.mode == "I;16" else None, places=transparent_places(picture))


def _of_jpeg(picture: Picture, name: str) -> Storage:
    if picture.tile and picture.fp is not None:
        check_scans(picture.fp, name)
    return Storage()


def _of_gif(picture: Picture, _: str) -> Storage:
    """Where the first frame leaves the screen bare, it has the background's colour, and not the palette's first."""
    palette = getattr(picture, "global_palette", None)
    if not picture.tile or picture.tell() or "transparency" in picture.info or palette is None:
        return Storage()
    frame = picture.tile[0].extents
    if frame == (0, 0, *picture.size):
        return Storage()
    red, green, blue = palette.palette[3 * picture.info.get("background", 0) :][:3] or (0, 0, 0)
    return Storage(frame=frame, background=(red, green, blue))


def _of_sun(picture: Picture, _: str) -> Storage:
    """Of four bytes a pixel the first is the one that means nothing, where Pillow takes the last for it."""
    read_levels_as(picture, _FIRST_IS_EMPTY)
    return Storage()


def _of_psd(picture: Picture, _: str) -> Storage:
    """The merged picture lies over white already; in black and white a set bit is black."""
    return Storage(alpha="none", white_is_zero=picture.mode == "1")


def _of_jpeg2000(picture: Picture, name: str) -> Storage:
    """Of several channels with more than 8 bits Pillow rounds the brightest up to what 8 bits cannot hold: to black."""
    if picture.fp is None or picture.fp.closed:  # decoded already
        return Storage()
    depths = _jpeg2000_depths(picture.fp)
    if not depths:
        raise InputError(f"{name}: a broken JPEG 2000 picture: no codestream in it")
    if len(depths) > 1 and (most := max(depths)) > _EIGHT_BITS:
        raise InputError(
            f"{name}: a JPEG 2000 picture of {most} bits a channel, whose white Pillow turns black: save it with 8 bits"
        )
    return Storage()


def _jpeg2000_depths(file: IO[bytes]) -> list[int]:
    """Bits of each channel, by the codestream's first segment; none where there is no codestream."""
    start: int | None = 0
    file.seek(0)
    if file.read(len(_CODESTREAM)) != _CODESTREAM:
        start = _jpeg2000_codestream(file)
    if start is None:
        return []
    file.seek(start + 40)
    num_channels = int.from_bytes(file.read(2), "big")
    return [(depth & 0x7F) + 1 for depth in file.read(3 * num_channels)[::3]]


def _jpeg2000_codestream(file: IO[bytes]) -> int | None:
    """Where in a JP2 file's boxes the codestream begins."""
    start = 0
    for _ in range(_MOST_BOXES):
        file.seek(start)
        length, kind = int.from_bytes(file.read(4), "big"), file.read(4)
        head = 8
        if length == 1:
            length, head = int.from_bytes(file.read(8), "big"), 16
        if kind == b"jp2c" or length < head:
            return start + head
        start += length
    return None


def _of_blp(picture: Picture, name: str) -> Storage:
    """A texture whose pixels are a JPEG is decoded out of sight, whatever that JPEG is."""
    if picture.fp is not None and picture.fp.seek(4) and picture.fp.read(4) == bytes(4):
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
        return "if any"
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
    "JPEG2000": _of_jpeg2000,
    **dict.fromkeys(JPEGS, _of_jpeg),
    "PNG": _of_png,
    "PSD": _of_psd,
    "SUN": _of_sun,
    "TGA": _of_tga,
    "TIFF": storage_of_tiff,
}
