"""Which pictures a browser may be shown: of four formats, told by their first bytes, with not too many pixels.

Nothing is decoded here. What a header says is what browsers allot memory by, so it is read before they get it.
"""

from __future__ import annotations

import struct

HEAD = 65_536
MOST_BYTES, MOST_PIXELS = 8_000_000, 40_000_000
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def raster_of(head: bytes) -> tuple[str, int, int] | None:
    """Media type, width and height of a picture, by its first bytes; ``None`` for what is none of the four formats."""
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
            return "image/png", *struct.unpack(">II", head[16:24])
        if head[:6] in {b"GIF87a", b"GIF89a"}:
            return "image/gif", *struct.unpack("<HH", head[6:10])
        if head.startswith(b"\xff\xd8\xff"):
            return _jpeg(head)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
    except (struct.error, IndexError):
        pass
    return None


def may_be_shown(head: bytes, size: int) -> str | None:
    """The media type of a picture that is shown; ``None`` for what is not."""
    found = raster_of(head)
    if found is None or size > MOST_BYTES:
        return None
    kind, width, height = found
    return kind if 0 < width * height <= MOST_PIXELS else None


def _jpeg(head: bytes) -> tuple[str, int, int] | None:
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        mark = head[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark in _SOF:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return "image/jpeg", width, height
        at += 2 if mark == 0x01 or 0xD0 <= mark <= 0xD8 else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _webp(head: bytes) -> tuple[str, int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return "image/webp", 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L" and len(head) >= 25 and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return "image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return "image/webp", width & 0x3FFF, height & 0x3FFF
    return None
