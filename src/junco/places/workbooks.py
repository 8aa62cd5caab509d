"""What a workbook would take, before anybody reads it: an archive of XML may be small and hold terabytes.

Cells that are said to repeat, one long text that many cells share, and the old ``.xls`` can take all memory too, and
what reads workbooks then ends the process, which nobody can catch. So another process reads each one first, within a
limit; where the system knows no such limit, as Windows and macOS do not, only archives are looked at.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
import zlib

from junco.errors import JobError
from junco.places import workbook_trial
from junco.wording import brief

MOST_BYTES = 256 * 2**20
MOST_UNPACKED_BYTES = 2 * 2**30
MOST_CELLS = 20_000_000
"""Of a sheet, empty ones between others included: some 600 MB when it is read."""
MOST_MEMORY_BYTES = 4 * 2**30
"""Of the process that reads a workbook first; the largest sheet that is no trick takes some 2.4 GB."""
_MOST_PARTS = 10_000
_PIECE_BYTES, _LONGEST = 1 << 20, 64
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,8})(\d{1,20})["']""")
"""Of a row, ``r="7"``, or of a cell, ``r="BC7"``."""
_MOST_LETTERS = 3


def check_workbook(content: bytes, name: str, sheet: str | None) -> None:
    """Refuse a workbook that is too large: packed, unpacked, or read.

    Archives are unpacked once for it, piece by piece, so that what they say of themselves need not be believed.

    Args:
        content: the whole file.
        name: what messages call it.
        sheet: the one that will be read; ``None`` for the first that people see.

    Raises:
        JobError: with what is too large.
    """
    if len(content) > MOST_BYTES:
        raise JobError(f"{name} is a workbook of more than {MOST_BYTES:,} bytes: save the sheet as .csv")
    if content.startswith(_ZIP):
        _check_archive(content, name)
    elif not content.startswith(_OLE) and zipfile.is_zipfile(io.BytesIO(content)):
        raise JobError(f"{name} is no workbook that can be read: something stands before it: save it anew")
    _check_memory(content, name, sheet)


def _check_archive(content: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive, name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise JobError(
            f"{name} is no workbook that can be read: encrypted, truncated or broken: {brief(error)}"
        ) from None


def _check_memory(content: bytes, name: str, sheet: str | None) -> None:
    """Refuse what another process cannot read within the limit; one that does not come to try it says nothing."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return
    asked = () if sheet is None else (sheet,)
    found = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-I", workbook_trial.__file__, str(MOST_MEMORY_BYTES), found, *asked]
    try:
        done = subprocess.run(  # noqa: S603  # our own
            command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
    except (OSError, ValueError):  # no process can be had, or the sheet's name is none
        return
    if done.stdout == workbook_trial.BEGUN and done.returncode != 0:
        raise JobError(
            f"{name} is no workbook that can be read: it is broken, or takes more than {MOST_MEMORY_BYTES:,} bytes of "
            "memory: save the sheet as .csv"
        )


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
