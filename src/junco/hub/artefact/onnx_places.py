"""Where an ONNX file says that more of it lies: read from its bytes, with nothing that would go there.

A tensor's external data are entries of a key and a value, in the wire format of protocol buffers: a tag, a length, the
key; a tag, a length, the value. What is written in another order or with longer lengths than it takes, which readers
bear, is refused, as no exporter writes it.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

_KEY = re.compile(rb"(\x0a|\x8a\x80*\x00)(\x08|\x88\x80*\x00)location")
_MOST_LENGTH = 1024
ODD = "it says in an odd form where its external data lie: export it anew"


def external_places(file: Path) -> tuple[set[str], list[str]]:
    """The paths of external data, and what is wrong with how they are said."""
    if not file.stat().st_size:
        return set(), ["it is empty"]
    found: set[str] = set()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in _KEY.finditer(data):
            value = _value(bytes(data[match.end() : match.end() + _MOST_LENGTH + 3]))
            if value is None or match[1] != b"\x0a" or match[2] != b"\x08":
                return found, [ODD]
            found.add(value)
    return found, []


def _value(after: bytes) -> str | None:
    """The value that follows a key."""
    if after[:1] != b"\x12" or len(after) < 2:
        return None
    length, at = after[1], 2
    if length >= 0x80:
        if len(after) < 3 or not 0 < after[2] < 0x80:
            return None
        length, at = (length & 0x7F) | after[2] << 7, 3
    try:
        return after[at : at + length].decode() if len(after) >= at + length <= _MOST_LENGTH else None
    except UnicodeDecodeError:
        return None
