"""Workbooks as Excel wrote them before 2007 (BIFF8 in a compound file), as small as they may be."""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path

ERROR = object()
"""A cell that shows ``#DIV/0!``."""
_STREAM_BYTES = 4096
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_FORMATS = {"number": 0, "date": 14, "time": 21}
_DAY_0 = dt.date(1899, 12, 30)


def old_workbook(path: Path, cells: list[object]) -> Path:
    """An .xls with one sheet of one column."""
    stream = _globals() + _record(0x809, _BOF_OF_SHEET)
    stream += b"".join(_cell(row, value) for row, value in enumerate(cells)) + _record(0x0A)
    assert len(stream) <= _STREAM_BYTES
    path.write_bytes(_compound(stream.ljust(_STREAM_BYTES, b"\0")))
    return path


_BOF_OF_BOOK, _BOF_OF_SHEET = (struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0) for kind in (5, 16))


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _globals() -> bytes:
    formats = b"".join(_record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in _FORMATS.values())
    head = _record(0x809, _BOF_OF_BOOK) + _record(0x42, b"\xb0\x04") + _record(0x22, bytes(2)) + formats
    named = b"\x01\x00a"
    start = len(head) + len(_record(0x85, bytes(6) + named)) + len(_record(0x0A))
    return head + _record(0x85, struct.pack("<IBB", start, 0, 0) + named) + _record(0x0A)


def _cell(row: int, value: object) -> bytes:
    if isinstance(value, str):
        return _record(0x204, struct.pack("<HHHHB", row, 0, 0, len(value), 1) + value.encode("utf-16-le"))
    if value is ERROR or isinstance(value, bool):
        number, is_error = (7, 1) if value is ERROR else (int(value is True), 0)
        return _record(0x205, struct.pack("<HHHBB", row, 0, 0, number, is_error))
    kind, amount = _number(value)
    return _record(0x203, struct.pack("<HHHd", row, 0, list(_FORMATS).index(kind), amount))


def _number(value: object) -> tuple[str, float]:
    if isinstance(value, dt.date):
        return "date", (value - _DAY_0).days
    if isinstance(value, dt.time):
        return "time", (value.hour * 60 + value.minute) / 1440
    assert isinstance(value, (int, float))
    return "number", value


def _compound(stream: bytes) -> bytes:
    """A file that holds one stream, named as Excel's: a header, a table of sectors, a folder, the stream."""
    versions = struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    places = struct.pack("<10I", 0, 1, 1, 0, _STREAM_BYTES, _END, 0, _END, 0, 0)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + versions + bytes(6) + places
    table = struct.pack("<10I", _TABLE, _END, *range(3, 10), _END)
    folder = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, _STREAM_BYTES)
    return head.ljust(512, b"\xff") + table.ljust(512, b"\xff") + folder.ljust(512, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, num_bytes: int) -> bytes:
    written = name.encode("utf-16-le")
    about = struct.pack("<HBBIII", len(written) + 2, kind, 1, _FREE, _FREE, child)
    return written.ljust(64, b"\0") + about + bytes(36) + struct.pack("<IQ", start, num_bytes)
