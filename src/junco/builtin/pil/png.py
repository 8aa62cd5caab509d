"""A PNG's chunks: those that the pixels come of are checked and kept, and whatever is written beside them is left out.

Pillow refuses a picture for a wrong checksum or too long a text beside it, and takes pixels whose checksum is wrong.
"""

from __future__ import annotations

import bisect
import io
import itertools
import struct
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from junco.errors import InputError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile as Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS_COME_OF = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_MAY_SAY_WHICH_WAY_UP = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_KEYWORDS = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")
"""Which texts can hold an orientation."""
_MOST_TEXT_BYTES = 2**20
"""What Pillow reads of a text, packed or not."""
_MOST_CHUNKS = 200_000
_PIECE_BYTES = 2**16


class _Chunk(NamedTuple):
    kind: bytes
    start: int  # where its length stands in the file
    num_bytes: int  # with length, kind and checksum


def pixels_alone(file: IO[bytes], name: str) -> IO[bytes]:
    """The PNG without what lies beside its pixels, as a file at its start.

    Raises:
        InputError: a chunk that the pixels come of is damaged, or of a kind that is not known.
    """
    kept: list[_Chunk] = []
    left_out = False
    for number, chunk in enumerate(_chunks(file)):
        if number == _MOST_CHUNKS:
            raise InputError(f"{name}: a PNG of more than {_MOST_CHUNKS:,} chunks")
        if _is_needed(file, chunk, name):
            kept.append(chunk)
        else:
            left_out = True
    file.seek(0)
    if not left_out or not kept:
        return file
    last = kept[-1]._replace(num_bytes=2**62)  # whether something is missing at the end is Pillow's to say
    parts = [(0, len(SIGNATURE)), *((chunk.start, chunk.num_bytes) for chunk in [*kept[:-1], last])]
    return io.BufferedReader(_Parts(file, parts), _PIECE_BYTES)


def transparent_places(picture: Picture) -> npt.NDArray[np.bool_] | None:
    """Where a PNG with 16 bits a colour has its transparent one (h, w); ``None`` for all others.

    Pillow keeps the high bytes of such levels alone, so that the low ones are decoded by themselves.
    """
    key = picture.info.get("transparency")
    if not picture.tile or picture.tile[0].args != "RGB;16B" or picture.fp is None or key is None:
        return None
    high, low = (_bytes_of_levels(picture.fp, order) for order in ("RGB;16B", "RGB;16L"))
    places = np.ones(high.shape[:2], np.bool_)
    for band, level in enumerate(key):
        places &= (high[:, :, band] == level >> 8) & (low[:, :, band] == level & 0xFF)
    return places


def _bytes_of_levels(file: IO[bytes], order: str) -> npt.NDArray[np.uint8]:
    from PIL.PngImagePlugin import PngImageFile

    file.seek(0)
    again = PngImageFile(file)
    again.tile = [tile._replace(args=order) for tile in again.tile]
    return np.asarray(again)


def _chunks(file: IO[bytes]) -> Iterator[_Chunk]:
    start = len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        file.seek(start)
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield _Chunk(kind, start, length + 12)
        start += length + 12


def _is_needed(file: IO[bytes], chunk: _Chunk, name: str) -> bool:
    """Whether Pillow is to see the chunk, whose checksum is right then."""
    if chunk.kind in _PIXELS_COME_OF:
        if not _is_whole(file, chunk):
            raise InputError(f"{name}: a broken PNG file: wrong checksum in {chunk.kind.decode()}")
        return True
    if not chunk.kind[0] & 0x20:  # a capital: whoever does not know the chunk cannot read the picture
        raise InputError(f"{name}: a broken PNG file, or one for a single maker's devices: a chunk {chunk.kind!r}")
    if chunk.kind not in _MAY_SAY_WHICH_WAY_UP or chunk.num_bytes > _MOST_TEXT_BYTES:
        return False
    return _is_whole(file, chunk) and (chunk.kind == b"eXIf" or _may_hold_an_orientation(file, chunk))


def _is_whole(file: IO[bytes], chunk: _Chunk) -> bool:
    """Whether the checksum is right; a chunk that the file's end cuts is left to Pillow, which may do without it."""
    file.seek(chunk.start + 4)
    checksum, left = 0, chunk.num_bytes - 8
    while left:
        piece = file.read(min(left, _PIECE_BYTES))
        if not piece:
            return True
        checksum = zlib.crc32(piece, checksum)
        left -= len(piece)
    written = file.read(4)
    return len(written) < 4 or checksum == int.from_bytes(written, "big")


def _may_hold_an_orientation(file: IO[bytes], chunk: _Chunk) -> bool:
    file.seek(chunk.start + 8)
    text = file.read(chunk.num_bytes - 12)
    if not text.startswith(_KEYWORDS):
        return False
    if chunk.kind == b"tEXt":
        return True
    packed = text.partition(b"\0")[2]
    if chunk.kind == b"iTXt":
        if packed[:1] == b"\0":
            return True
        packed = packed[2:].split(b"\0", 2)[-1]  # after a flag, a method, a language and a translated keyword
        return _is_short(packed)
    return _is_short(packed[1:])  # after a method


def _is_short(packed: bytes) -> bool:
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed, _MOST_TEXT_BYTES)
    except zlib.error:
        return False
    return not unpacker.unconsumed_tail


class _Parts(io.RawIOBase):
    """Parts of a file, one after the other, as a file."""

    def __init__(self, file: IO[bytes], parts: list[tuple[int, int]]) -> None:
        self._file = file
        self._parts = parts
        self._ends = list(itertools.accumulate(num_bytes for _, num_bytes in parts))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of a PNG is where its last chunk ends")
        self._position = offset + (self._position if whence == io.SEEK_CUR else 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        number = bisect.bisect_right(self._ends, self._position)
        if number == len(self._parts):
            return 0
        start, num_bytes = self._parts[number]
        left = self._ends[number] - self._position
        self._file.seek(start + num_bytes - left)
        piece = self._file.read(min(left, len(view)))
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
