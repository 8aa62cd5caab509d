"""Which format a file's content is of: the picture with its header read, or words for what it is and what to do."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from junco.builtin.pil import png, tiff
from junco.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_PREFIX_BYTES = 64
_LEAST_BYTES = 8
"""A file with fewer holds no picture in any format: the smallest begin with a magic number and a size."""
_ACCEPTED_BYTES = 16
"""How much of a file Pillow shows to those who may know its format."""
# PostScript is a program, which Pillow hands to an interpreter; IPTC holds a file of any format, PostScript too; the
# others are read by what somebody registers, or not at all.
_REFUSED_FORMATS = frozenset({"EPS", "IPTC", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_NO_PICTURES = (
    (b"%!PS", "not a picture but a PostScript program, which is not run: make a PNG of it first"),
    (b"\xc5\xd0\xd3\xc6", "not a picture but a PostScript program, which is not run: make a PNG of it first"),
    (b"%PDF", "not a picture but a PDF document: make pictures of its pages first"),
    (b"<svg", "not a picture but an SVG drawing: make a PNG of it first"),
    (b"\xff\x0a", "a JPEG XL picture, which Pillow does not read: make a PNG or JPEG of it first"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which Pillow does not read: make a PNG or JPEG of it first"),
    (b"II\xbc", "a JPEG XR picture, which Pillow does not read: make a PNG or JPEG of it first"),
    (b"\0\0\0\x18ftypcrx ", "a camera's raw file: develop it first"),
    (b"II*\0\x10\0\0\0CR", "a camera's raw file: develop it first"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file: develop it first"),
    (b"IIU\0", "a camera's raw file: develop it first"),
    (b"P7\n", "a PAM picture, which Pillow does not read: make a PNG of it first"),
    (b"PF\n", "a colour PFM picture, which Pillow does not read: make a TIFF or PNG of it first"),
    (b"IIRO", "a camera's raw file: develop it first"),
)


def identified(file: IO[bytes], name: str) -> Picture:
    """The picture with its header read and nothing decoded.

    This walks Pillow's table of formats as ``Image.open`` does, which cannot be used: for a large picture it warns or
    fails by a limit of the whole process before its size can be compared with our own.

    Raises:
        InputError: what the file is instead, as far as that can be told, and what to do.
    """
    prefix = file.read(_PREFIX_BYTES)
    for start, words in _NO_PICTURES:
        if prefix.startswith(start):
            raise InputError(f"{name}: {words}")
    if len(prefix) < _LEAST_BYTES:
        raise InputError(f"{name}: no picture that is known: it ends after {len(prefix)} byte{'s' * (len(prefix) > 1)}")
    brands = _brands(prefix)
    if brands & _AVIF_BRANDS:
        _check_avif(name)
    elif brands & _HEIF_BRANDS:
        return _heif(file, name)
    if prefix.startswith(png.SIGNATURE):
        file = png.pixels_alone(file, name)
    return _of_pillow(file, prefix[:_ACCEPTED_BYTES], name)


def _of_pillow(file: IO[bytes], prefix: bytes, name: str) -> Picture:
    from PIL import Image as PilImage

    tried: set[str] = set()
    nearly = ""
    for load_formats in (PilImage.preinit, PilImage.init):
        load_formats()
        for known in [format_ for format_ in PilImage.ID if format_ not in tried | _REFUSED_FORMATS]:
            tried.add(known)
            factory, accept = PilImage.OPEN[known]
            if known == "TIFF":
                factory = tiff.factory()
            found = _tried(factory, accept, file, prefix, known, name)
            if isinstance(found, PilImage.Image):
                return found
            nearly = nearly or found
    cure = "; save it as a PNG of 8 bits" if nearly else ""
    raise InputError(f"{name}: not a picture in a format that Pillow reads{nearly}{cure}")


def _tried(
    factory: Callable[..., Any],
    accept: Callable[[bytes], Any] | None,
    file: IO[bytes],
    prefix: bytes,
    known: str,
    name: str,
) -> Any:
    """The picture, or words for how it is nearly one of this format (none where it is nothing like it)."""
    try:
        accepted = accept is None or accept(prefix)
        if accepted is not True:
            return f" ({accepted})" if isinstance(accepted, str) else ""
        file.seek(0)
        return factory(file, "")
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        # How a plugin says that the file is not of its format.
        problem = "it is cut off" if isinstance(error.__cause__ or error, (struct.error, IndexError)) else error
        return "" if accept is None else f" (it begins as {known} does, but: {problem})"
    except Exception as error:
        raise InputError(f"{name}: a {known} file, broken or of a kind that Pillow does not read: {error}") from error


def _brands(prefix: bytes) -> set[bytes]:
    """What a file of the family of MP4, to which HEIC and AVIF belong, says of itself; empty for any other."""
    if prefix[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(prefix[:4], "big"), len(prefix))
    return {prefix[at : at + 4] for at in range(8, end, 4)}


def _check_avif(name: str) -> None:
    from PIL import features

    if not features.check("avif"):
        raise InputError(f"{name}: an AVIF picture, which this Pillow does not read: pip install --upgrade pillow")


def _heif(file: IO[bytes], name: str) -> Picture:
    try:
        # looked up here, not registered with Pillow, which is the whole process's
        from pillow_heif import HeifImageFile
    except ModuleNotFoundError as error:
        raise InputError(f"{name}: a HEIC (HEIF) picture, which Pillow reads with: pip install pillow-heif") from error
    file.seek(0)
    try:
        picture: Picture = HeifImageFile(file, "")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise InputError(f"{name}: a broken HEIC (HEIF) picture: {error}") from error
    return picture
