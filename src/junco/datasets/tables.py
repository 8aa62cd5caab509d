"""Rows into a table in a file, batch by batch, so that a million of them need no memory; whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from junco.errors import ParameterError, TargetError
from junco.store.arrow import arrow
from junco.store.durable import replacing, writing
from junco.wording import picture

ENDINGS = (".parquet", ".csv", ".jsonl")
_AT_ONCE = 20_000


def write_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], path: Path, kinds: Mapping[str, str] | None = None
) -> int:
    """Write rows to a ``.parquet``, ``.csv`` or ``.jsonl`` file.

    Args:
        rows: each with a value, or nothing, for each column.
        columns: the table's.
        path: whose ending says the form.
        kinds: Arrow's types of columns, by name; of others the first rows tell.

    Returns:
        How many rows there are.

    Raises:
        ParameterError: another ending.
        TargetError: it cannot be written, or a column holds values of several kinds.
    """
    check_ending(path)
    with writing(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            return _WRITERS[path.suffix.lower()](rows, columns, file, _Form(path, kinds or {}))


def check_ending(path: Path) -> None:
    """Refuse a table of another form.

    Raises:
        ParameterError: with those that are written.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ParameterError(f"{path} is no {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}: the ending says the form")


@dataclass(frozen=True, slots=True)
class _Form:
    """The table's path, and types of its columns."""

    path: Path
    kinds: Mapping[str, str]


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    ahead = iter(rows)
    while batch := list(islice(ahead, _AT_ONCE)):
        yield batch


def _tables(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: _Form) -> Iterator[Any]:
    """Arrow's tables of a batch each, all of one schema: what is missing in the first batch is a text later, too."""
    pa = arrow()
    schema = None
    for batch in _batches(rows):
        try:
            made = {name: _array([row.get(name) for row in batch], form.kinds.get(name)) for name in columns}
            table = pa.table(made)
            table = table if schema is None else table.cast(schema)
        except UnicodeEncodeError as error:
            why = f"{picture(error.object, 300)} is no valid Unicode, which tables need: leave it out, or name it anew"
            raise TargetError(f"{form.path.name}: {why}") from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
            raise TargetError(
                f"{form.path}: a column holds values of several kinds, which no table has: {error}"
            ) from None
        schema = table.schema
        yield table
    if schema is None:
        yield pa.table({name: pa.array([], pa.string()) for name in columns})


def _array(values: list[Any], kind: str | None) -> Any:
    """A column of a batch; one that holds nothing is of texts."""
    pa = arrow()
    made = pa.array(values, pa.type_for_alias(kind) if kind else None, from_pandas=True)
    return made.cast(pa.string()) if pa.types.is_null(made.type) else made


def _parquet(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], file: BinaryIO, form: _Form) -> int:
    import pyarrow.parquet as pq

    count, writer = 0, None
    try:
        for table in _tables(rows, columns, form):
            writer = writer or pq.ParquetWriter(file, table.schema)
            writer.write_table(table)
            count += len(table)
    finally:
        if writer is not None:
            writer.close()
    return count


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], file: BinaryIO, form: _Form) -> int:
    import csv
    import io

    count = 0
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if (value := row.get(name)) is None else value for name in columns])
        count += 1
    text.flush()
    text.detach()
    return count


def _jsonl(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], file: BinaryIO, form: _Form) -> int:
    count = 0
    for row in rows:
        told = {name: row.get(name) for name in columns}
        file.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        count += 1
    return count


_WRITERS = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
