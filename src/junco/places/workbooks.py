"""What a workbook would unpack to, before anybody unpacks it: an archive of XML may be small and hold terabytes."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from junco.errors import JobError
from junco.wording import brief

MOST_BYTES = 256 * 2**20
MOST_UNPACKED_BYTES = 2 * 2**30
MOST_CELLS = 20_000_000
"""Of a sheet, empty ones between others included: some 600 MB when it is read."""
_MOST_PARTS = 10_000
_PIECE_BYTES, _LONGEST = 1 << 20, 64
_ZIP = b"PK\x03\x04"
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,8})(\d{1,20})["']""")
"""Of a row, ``r="7"``, or of a cell, ``r="BC7"``."""
_MOST_LETTERS = 3


def check_workbook(content: bytes, name: str) -> None:
    """Refuse a workbook that is too large, packed or unpacked.

    Archives are unpacked once for it, piece by piece, so that what they say of themselves need not be believed.

    Raises:
        JobError: with what is too large.
    """
    if len(content) > MOST_BYTES:
        raise JobError(f"{name} is a workbook of more than {MOST_BYTES:,} bytes: save the sheet as .csv")
    if not content.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive, name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise JobError(
            f"{name} is no workbook that can be read: encrypted, truncated or broken: {brief(error)}"
        ) from None


def _check_parts(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        raise JobError(
            f"{name} unpacks to more than a workbook may ({MOST_UNPACKED_BYTES:,} bytes in {_MOST_PARTS:,} parts): "
            "save the sheet as .csv"
        )
    for part in parts:
        num_rows, num_columns = _extent(archive, part)
        if num_rows * num_columns > MOST_CELLS:
            raise JobError(
                f"{name}: {part.filename} spans {num_rows:,} rows and {num_columns:,} columns, which are more than "
                f"{MOST_CELLS:,} cells: remove what stands far off, or save the sheet as .csv"
            )


def _extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """How many rows and columns the cells of a part span. All of it is unpacked, so that its checksum is looked at."""
    num_rows = num_columns = 1
    before = b""
    with archive.open(part) as source:
        while piece := source.read(_PIECE_BYTES).replace(b"\0", b""):  # UTF-16 reads as ASCII then
            for letters, digits in _PLACE.findall(before + piece):
                num_rows = max(num_rows, int(digits))
                num_columns = max(num_columns, _column(letters))
            before = piece[-_LONGEST:]
    return num_rows, num_columns


def _column(letters: bytes) -> int:
    """The number of a column, ``BC`` → 55; of more letters than any sheet has, more than any has."""
    number = 0
    for letter in letters[: _MOST_LETTERS + 1].upper():
        number = number * 26 + letter - 64
    return number
