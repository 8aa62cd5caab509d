"""Lists of inputs in files: a line each (``.txt``), or tables (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from junco.errors import JobError, MissingExtraError

LISTS = frozenset({".txt", ".csv", ".tsv", ".jsonl", ".parquet"})
_USUAL = ("input", "path", "text")


def rows_of(path: Path, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The inputs that a file lists: a value each, or a tuple where the pipeline takes several columns.

    Args:
        path: the file.
        column: the column to take.
        inputs: the pipeline's input columns.

    Raises:
        JobError: no such column, or a line that cannot be read.
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
        yield from (line.rstrip("\r\n") for line in _lines(file) if line.strip())
    elif kind in {".csv", ".tsv"}:
        yield from _chosen(_of_csv(file, "\t" if kind == ".tsv" else ","), name, column, inputs)
    elif kind == ".jsonl":
        yield from _chosen(_of_jsonl(file, name), name, column, inputs)
    else:
        yield from _of_parquet(file, name, column, inputs)


def count_lines(path: Path) -> int | None:
    """How many inputs a list has, where that is quickly told."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.ParquetFile(path).metadata.num_rows)
    if path.suffix.lower() in {".txt", ".jsonl"}:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    return None


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines with their ends, which a table's cells may hold; the file stays open."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        yield from text
    finally:
        if not file.closed:  # as it is when a reader leaves midway
            text.detach()


def _of_csv(file: BinaryIO, delimiter: str) -> Iterator[dict[str, Any]]:
    yield from csv.DictReader(_lines(file), delimiter=delimiter)


def _of_jsonl(file: BinaryIO, name: str) -> Iterator[Any]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            raise JobError(f"{name}, line {number}: no JSON: {error}") from None


def _of_parquet(file: BinaryIO, name: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", f"the source {name}") from None
    try:
        table = pq.ParquetFile(file)
        names = _columns(table.schema_arrow.names, name, column, inputs)
        for batch in table.iter_batches(1024, columns=names):
            values = [batch.column(part).to_pylist() for part in names]
            yield from values[0] if len(names) == 1 else zip(*values, strict=True)
    except pa.ArrowException as error:
        raise JobError(f"{name} cannot be read: {str(error).splitlines()[0]}") from error


def _chosen(rows: Iterable[Any], name: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The wanted column or columns of rows; rows that are plain texts are the inputs themselves."""
    names: list[str] = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            yield row
            continue
        names = names or _columns(list(row), name, column, inputs)
        missing = next((part for part in names if part not in row), None)
        if missing is not None:
            raise JobError(f"{name}, row {number}: no {missing!r}")
        yield row[names[0]] if len(names) == 1 else tuple(row[part] for part in names)


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
