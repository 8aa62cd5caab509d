"""Xet's two binary formats: packs of chunks (xorbs), and what says how files are made of them (shards)."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from junco.hub.server.faults import Fault, bad_request

RECORD = 48
MOST_XORB, MOST_SHARD = 64 << 20, 64 << 20
MOST_CHUNK = 128 << 10
"""Bytes of a chunk, unpacked."""
Packed = bytes | mmap.mmap
"""A pack's bytes; of a file, they are read where they are needed."""
_END = b"\xff" * 32
_VERIFIED, _WITH_METADATA = 1 << 31, 1 << 30
_FOOTER = b"XETBLOB"
_PLAIN, _LZ4, _GROUPED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Term:
    """Chunks ``first`` to ``last`` (not with it) of a pack, which make ``size`` bytes."""

    xorb: str
    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of a shard: its sha256, and what it is made of."""

    sha256: str
    terms: tuple[Term, ...]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(term.size for term in self.terms)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk in a pack: where its packed bytes are, how they are packed, and how many it has unpacked."""

    begin: int
    end: int
    scheme: int
    size: int


def name_of(raw: bytes) -> str:
    """A hash as addresses have it: four numbers of eight bytes, each from its high end."""
    return b"".join(raw[i : i + 8][::-1] for i in range(0, 32, 8)).hex()


def read_shard(data: bytes) -> list[SharedFile]:
    """The files that a shard describes.

    Raises:
        Fault: it is no shard, or describes what cannot be.
    """
    if len(data) < RECORD or struct.unpack_from("<Q", data, 32)[0] != 2:
        raise bad_shard("it does not begin as one")
    files, at = [], RECORD
    while (head := _record(data, at))[:32] != _END:
        flags, count = struct.unpack_from("<II", head, 32)
        at += RECORD
        if count > (len(data) - at) // RECORD:
            raise bad_shard("it ends before its files do")
        terms = tuple(_term(_record(data, at + i * RECORD)) for i in range(count))
        at += count * RECORD * (2 if flags & _VERIFIED else 1)
        if not flags & _WITH_METADATA:
            raise bad_shard("a file in it comes without its sha256")
        files.append(SharedFile(name_of(_record(data, at)[:32]), terms))
        at += RECORD
    return files


def _record(data: bytes, at: int) -> bytes:
    if len(record := data[at : at + RECORD]) < RECORD:
        raise bad_shard("it ends before its files do")
    return record


def _term(record: bytes) -> Term:
    size, first, last = struct.unpack_from("<III", record, 36)
    if not first < last <= first + MOST_XORB // 8 or size > (last - first) * MOST_CHUNK:
        raise bad_shard("a part in it has no chunks, or too many bytes for them")
    return Term(name_of(record[:32]), first, last, size)


def mapped(path: Path) -> Packed:
    """A pack in a file: 64 MB are not in memory at once, however many are sent."""
    if path.stat().st_size == 0:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def chunks_of(data: Packed) -> list[Chunk]:
    """Where the chunks of a pack are; none of them is unpacked.

    Raises:
        Fault: it is no pack.
    """
    chunks, at = [], 0
    while at < len(data) and data[at : at + len(_FOOTER)] != _FOOTER:
        if len(data) < at + 8 or data[at] != 0:
            raise bad_xorb("it is no row of chunks")
        packed, size = int.from_bytes(data[at + 1 : at + 4], "little"), int.from_bytes(data[at + 5 : at + 8], "little")
        if size > MOST_CHUNK or packed > 2 * MOST_CHUNK or at + 8 + packed > len(data) or data[at + 4] > _GROUPED:
            raise bad_xorb("a chunk in it is too large, cut off, or packed in a way that is not known")
        chunks.append(Chunk(at + 8, at + 8 + packed, data[at + 4], size))
        at += 8 + packed
    if not chunks:
        raise bad_xorb("it has no chunks")
    return chunks


def unpacked(data: Packed, chunk: Chunk) -> bytes:
    """The bytes of a chunk.

    Raises:
        Fault: they are not what the chunk says.
    """
    packed = data[chunk.begin : chunk.end]
    plain = packed if chunk.scheme == _PLAIN else _of_lz4(packed, chunk.size)
    if len(plain) != chunk.size:
        raise bad_xorb("a chunk in it has not as many bytes as it says")
    return _ungrouped(plain) if chunk.scheme == _GROUPED else plain


def _of_lz4(packed: bytes, size: int) -> bytes:
    """Unpack no further than one byte beyond what was said: a bomb is noticed, and not set off."""
    import lz4.frame

    try:
        return bytes(lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=size + 1))
    except (RuntimeError, EOFError, ValueError):
        raise bad_xorb("a chunk in it cannot be unpacked") from None


def _ungrouped(data: bytes) -> bytes:
    """First bytes of all groups of four, then the second ones …, back in their order."""
    import numpy as np

    size = len(data)
    plain = np.empty(size, np.uint8)
    grouped, at = np.frombuffer(data, np.uint8), 0
    for i in range(4):
        count = (size - i + 3) // 4
        plain[i::4] = grouped[at : at + count]
        at += count
    return plain.tobytes()


def pieces(data: Packed, chunks: list[Chunk], first: int, last: int) -> Iterator[bytes]:
    """Some chunks of a pack, unpacked.

    Raises:
        Fault: the pack has not so many, or they are not what they say.
    """
    if last > len(chunks):
        raise bad_shard("it names chunks that a pack has not")
    for chunk in chunks[first:last]:
        yield unpacked(data, chunk)


def bad_shard(why: str) -> Fault:
    """Of a shard."""
    return bad_request(f"this shard cannot be read: {why}")


def bad_xorb(why: str) -> Fault:
    """Of a pack."""
    return bad_request(f"this xorb cannot be read: {why}")
