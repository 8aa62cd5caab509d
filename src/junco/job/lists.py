"""Lists of inputs in files: a line each (``.txt``), or tables (``.csv``, ``.json``, ``.xlsx``, ``.parquet`` …)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from junco.errors import JobError
from junco.job.arrow_tables import num_rows_of_parquet, rows_of_arrow, rows_of_parquet
from junco.job.columns import check_no_column
from junco.job.item import BadRow
from junco.job.json_lists import rows_of_json, rows_of_json_lines
from junco.job.kinds import Kind, is_packed, kind_of
from junco.job.separated import rows_of_separated
from junco.job.sheets import rows_of_sheets
from junco.job.texts import BUFFER_BYTES, lines_of, not_utf8, opened_text
from junco.job.wanted import Wanted


def rows_of(path: Path, wanted: Wanted) -> Iterator[Any]:
    """The inputs that a file lists: a value each, or a tuple where the pipeline takes several columns.

    Raises:
        JobError: no such column, or a file that cannot be read.
    """
    with path.open("rb", BUFFER_BYTES) as file:
        yield from rows_in(file, path.name, wanted)


def rows_in(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The same for an open file; its name says what it is."""
    kind = kind_of(name)
    assert kind is not None
    wanted.reading.check(f"{name} is a list of another kind", kind)
    return _READERS[kind](file, name, wanted)


def _rows_of_lines(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The lines that are not empty; only texts have to be UTF-8, file names may be anything."""
    if len(wanted.columns) > 1:
        raise JobError(
            f"{name}: the pipeline takes {', '.join(wanted.columns)}, so its inputs come as a table with these columns"
        )
    check_no_column(wanted, f"each line of {name} is an input")
    text, done = opened_text(file, name, wanted)
    if done:
        wanted.tell(f"{name}: {', '.join(done)}")
    num_empty = 0
    for number, line in lines_of(text, name):
        if isinstance(line, BadRow):
            yield line
        elif line.strip():
            yield _text_of(line.rstrip(b"\r\n"), f"{name}, line {number}", wanted)
        else:
            num_empty += 1
    if num_empty:
        wanted.tell(f"{name}: {num_empty:,} empty {'lines' if num_empty > 1 else 'line'} passed over")


def _text_of(line: bytes, place: str, wanted: Wanted) -> str | BadRow:
    try:
        return line.decode("utf-8", "strict" if wanted.is_text else "surrogateescape")
    except UnicodeDecodeError as error:
        return BadRow(place, line, not_utf8(error))


_READERS: dict[Kind, Callable[[Any, str, Wanted], Iterator[Any]]] = {
    "lines": _rows_of_lines,
    "separated": rows_of_separated,
    "json": rows_of_json,
    "json lines": rows_of_json_lines,
    "parquet": rows_of_parquet,
    "arrow": rows_of_arrow,
    "sheets": rows_of_sheets,
}


def count_lines(path: Path) -> int | None:
    """How many inputs a list has, where that is quickly told."""
    try:
        with path.open("rb") as file:
            return _counted(file, path.name)
    except (OSError, ValueError, JobError):  # whoever reads it will say why; Arrow's errors are ValueErrors
        return None


def _counted(file: IO[bytes], name: str) -> int | None:
    kind = kind_of(name)
    if kind == "parquet" and not is_packed(name):
        return num_rows_of_parquet(file)
    if kind not in ("lines", "separated", "json lines"):
        return None
    text, done = opened_text(file, name)
    if done:  # to unpack it takes as long as to read it
        return None
    if kind == "separated":
        return max(0, _num_records(text) - 1)
    return sum(1 for line in text if line.strip())


def _num_records(text: io.BufferedReader) -> int:
    """Lines that do not end within quotation marks, about: nothing else is looked at."""
    num_records, is_within = 0, False
    for line in text:
        is_within ^= line.count(b'"') % 2 == 1
        num_records += not is_within and bool(line.strip())
    return num_records
