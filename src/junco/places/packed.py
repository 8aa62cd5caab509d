"""Compressed files, unpacked as they are read: gzip, bzip2, xz, Zstandard, known by their first bytes."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from typing import IO, Any, NamedTuple, cast

from junco.errors import JobError, MissingExtraError
from junco.wording import brief

SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "Zstandard"}
MOST_RATIO, FREE_BYTES = 2000, 2**30
"""What unpacks to more than `FREE_BYTES` may unpack to so many times its size; gzip cannot reach that, bombs do."""
_BUFFER_BYTES = 1 << 18


class _Packing(NamedTuple):
    name: str
    magic: bytes
    opened: Callable[[Any], Any]


def _gzip(file: Any) -> Any:
    import gzip

    return gzip.GzipFile(fileobj=file)


def _bzip2(file: Any) -> Any:
    import bz2

    return _Streams(file, bz2.BZ2Decompressor)


def _xz(file: Any) -> Any:
    import lzma

    return _Streams(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ))


def _zstandard(file: Any) -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "a file packed with Zstandard") from None
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


_PACKINGS = (
    _Packing("gzip", b"\x1f\x8b\x08", _gzip),
    _Packing("bzip2", b"BZh", _bzip2),
    _Packing("xz", b"\xfd7zXZ\0", _xz),
    _Packing("Zstandard", b"\x28\xb5\x2f\xfd", _zstandard),
)
_BLOCK_OF_BZIP2 = b"1AY&SY"
_SKIPPED_BY_ZSTANDARD = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""Begins what is to be passed over, as those write who pack in pieces."""


def packing_of(head: bytes) -> str | None:
    """How what begins with these bytes is compressed; ``None`` where it is not."""
    if _SKIPPED_BY_ZSTANDARD.match(head):
        return "Zstandard"
    found = next((each for each in _PACKINGS if head.startswith(each.magic)), None)
    if found is None or (found.name == "bzip2" and head[4:10] != _BLOCK_OF_BZIP2):
        return None
    return found.name


def unpacked(file: IO[bytes], packing: str, name: str) -> IO[bytes]:
    """The content of a compressed file, read as far as it is used.

    Raises:
        JobError: while it is read: it is cut off or damaged, or unpacks to far more than any honest file.
    """
    opened = next(each.opened for each in _PACKINGS if each.name == packing)
    counted = _Counted(file)
    raw = _Unpacked(opened(cast("Any", counted)), counted, packing, name)
    return cast("IO[bytes]", io.BufferedReader(raw, _BUFFER_BYTES))


class _Counted(io.RawIOBase):
    """A file that counts what is read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.num_bytes = file, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = self.file.read(size)
        self.num_bytes += len(found)
        return found


class _Streams:
    """What several streams hold that were packed one after the other, with zeros between and behind them at most.

    The standard library's files take what is no stream for the end, and lose what comes after it.
    """

    def __init__(self, file: Any, made: Callable[[], Any]) -> None:
        self.file, self.made = file, made
        self._unpack: Any = None
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Up to so many bytes of it; none at its end."""
        found = b""
        while not found:
            if self._unpack is None and not self._begins():
                return b""
            if self._unpack.needs_input and not self._rest and not self._has_more():
                raise EOFError("it ends within a stream")
            found, self._rest = self._unpack.decompress(self._rest, size), b""
            if self._unpack.eof:
                self._rest, self._unpack = self._unpack.unused_data, None
        return found

    def _begins(self) -> bool:
        """Whether another stream begins here, or what is none."""
        while not (rest := self._rest.lstrip(b"\0")):
            if not self._has_more():
                return False
        self._rest, self._unpack = rest, self.made()
        return True

    def _has_more(self) -> bool:
        self._rest = self.file.read(_BUFFER_BYTES)
        return bool(self._rest)


class _Unpacked(io.RawIOBase):
    """What comes of it, as long as that is in proportion."""

    def __init__(self, source: Any, packed: _Counted, packing: str, name: str) -> None:
        self.source, self.packed, self.packing, self.name = source, packed, packing, name
        self.num_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            found = self.source.read(len(into))
        except _errors() as error:
            said = brief(error).rstrip(".")
            raise JobError(
                f"{self.name} cannot be unpacked, it is cut off or damaged ({self.packing}): {said}"
            ) from None
        self.num_bytes += len(found)
        if self.num_bytes > max(FREE_BYTES, self.packed.num_bytes * MOST_RATIO):
            raise JobError(
                f"{self.name} unpacks to more than {MOST_RATIO:,} times its size, as no honest list does: "
                "unpack it first and look at it"
            )
        into[: len(found)] = found
        return len(found)


def _errors() -> tuple[type[Exception], ...]:
    """What the packages raise for a file that is damaged."""
    import lzma

    return OSError, EOFError, ValueError, zlib.error, lzma.LZMAError
