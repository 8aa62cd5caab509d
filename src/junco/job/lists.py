"""Lists of inputs in files: a line each (``.txt``), or tables (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``)."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from junco.errors import InputError, JobError, MissingExtraError

LISTS = frozenset({".txt", ".csv", ".tsv", ".jsonl", ".parquet"})
_USUAL = ("input", "path", "text")
_LONGEST_CELL = 2**31 - 1
_TWO_BYTES = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line or row that is no input. It is put aside like any input that cannot be read; the others go on.

    Attributes:
        place: what to call it, ``"texts.jsonl, line 7"``.
        content: what stands there, as far as it is known.
        reason: why it is none.
    """

    place: str
    content: bytes
    reason: str

    def read(self) -> None:
        """Say so.

        Raises:
            InputError: always.
        """
        raise InputError(self.reason)


def rows_of(path: Path, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The inputs that a file lists: a value each, or a tuple where the pipeline takes several columns.

    Args:
        path: the file.
        column: the column to take.
        inputs: the pipeline's input columns.

    Raises:
        JobError: no such column, or a file that cannot be read.
    """
    with path.open("rb") as file:
        yield from rows_in(file, path.name, column, inputs)


def rows_in(file: BinaryIO, name: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The same for an open file; its name says what it is."""
    kind = Path(name).suffix.lower()
    if kind == ".txt":
        if len(inputs) > 1:
            raise JobError(
                f"{name}: the pipeline takes {', '.join(inputs)}, so its inputs come as a table with these columns"
            )
        yield from (line for _, line in _lines(file, name, is_text=tuple(inputs) == ("text",)))
    elif kind in {".csv", ".tsv"}:
        yield from _chosen(_of_csv(file, name), name, column, inputs)
    elif kind == ".jsonl":
        yield from _chosen(_of_jsonl(file, name), name, column, inputs)
    else:
        yield from _of_parquet(file, name, column, inputs)


def count_lines(path: Path) -> int | None:
    """How many inputs a list has, where that is quickly told."""
    try:
        with path.open("rb") as file:
            return _counted(file, path.name)
    except (OSError, ValueError, JobError):  # whoever reads it will say why; Arrow's errors are ValueErrors
        return None


def _counted(file: BinaryIO, name: str) -> int:
    kind = Path(name).suffix.lower()
    if kind == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.ParquetFile(file).metadata.num_rows)
    if kind in {".csv", ".tsv"}:
        return sum(1 for _ in _of_csv(file, name))
    return sum(1 for line in file if line.strip())


def _lines(file: BinaryIO, name: str, *, is_text: bool) -> Iterator[tuple[int, str | BadRow]]:
    """The lines that are not empty, with their numbers; only texts have to be UTF-8, file names may be anything."""
    for number, line in enumerate(file, 1):
        if number == 1:
            _check_encoding(line, name)
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        line = line.rstrip(b"\r\n")
        try:
            yield number, line.decode("utf-8", "strict" if is_text else "surrogateescape")
        except UnicodeDecodeError as error:
            yield number, BadRow(f"{name}, line {number}", line, _not_utf8(error))


def _of_csv(file: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_LONGEST_CELL)  # a cell may hold a whole document; the limit is one for the whole process
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    rows = csv.DictReader(text, delimiter="\t" if name.lower().endswith(".tsv") else ",")
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise JobError(f"{name} cannot be read: it is {_not_utf8(error)}; save it as UTF-8") from None
    except csv.Error as error:
        raise JobError(f"{name}, line {rows.line_num}: {error}") from None
    finally:
        if not file.closed:  # as it is when a reader leaves midway
            text.detach()


def _of_jsonl(file: BinaryIO, name: str) -> Iterator[Any]:
    for number, line in _lines(file, name, is_text=True):
        if isinstance(line, BadRow):
            yield line
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            yield BadRow(f"{name}, line {number}", line.encode(), f"no JSON: {error}")


def _of_parquet(file: BinaryIO, name: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", f"the source {name}") from None
    try:
        table = pq.ParquetFile(file)
        names = _columns(table.schema_arrow.names, name, column, inputs)
        number = 0
        for batch in table.iter_batches(1024, columns=names):
            for row in zip(*(batch.column(part).to_pylist() for part in names), strict=True):
                number += 1
                yield _input(dict(zip(names, row, strict=True)), names, f"{name}, row {number}")
    except pa.ArrowException as error:
        raise JobError(f"{name} cannot be read: {str(error).splitlines()[0]}") from error


def _chosen(rows: Iterable[Any], name: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The wanted column or columns of rows; rows that are plain texts are the inputs themselves."""
    names: list[str] = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            yield row
            continue
        place = f"{name}, row {number}"
        if not row:
            yield BadRow(place, b"", "nothing in it")
            continue
        names = names or _columns(list(row), name, column, inputs)
        yield _input(row, names, place)


def _input(row: dict[str, Any], names: Sequence[str], place: str) -> Any:
    """What a row gives to the pipeline; where something is missing in it, nothing that it could work on."""
    missing = next((part for part in names if row.get(part) is None), None)
    if missing is not None:
        return BadRow(place, b"", f"no {missing!r}")
    return row[names[0]] if len(names) == 1 else tuple(row[part] for part in names)


def _columns(there: list[str], name: str, column: str | None, inputs: Sequence[str]) -> list[str]:
    """Which columns of a table hold the inputs."""
    if column is not None:
        if column not in there:
            raise JobError(f"{name} has no column {column!r}; its columns: {', '.join(map(str, there))}")
        return [column]
    if len(inputs) > 1:
        missing = [part for part in inputs if part not in there]
        if missing:
            raise JobError(f"{name} has no column {missing[0]!r}; the pipeline takes {', '.join(inputs)}")
        return list(inputs)
    return [next((part for part in (*inputs, *_USUAL) if part in there), there[0])]


def _check_encoding(line: bytes, name: str) -> None:
    if line.startswith(_TWO_BYTES):
        raise JobError(f"{name} cannot be read: it is UTF-16; save it as UTF-8")


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not UTF-8 (byte 0x{error.object[error.start]:02x})"
