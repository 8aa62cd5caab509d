"""Tables in Arrow's memory: Parquet, Arrow's own files, and whatever gives a stream of Arrow's batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from junco.errors import JobError, MissingExtraError
from junco.job.choice import Choice
from junco.job.columns import choose
from junco.job.item import BadRow
from junco.job.kinds import is_packed
from junco.job.wanted import Wanted
from junco.places.cell import has_bytes
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS, _ROWS_WITH_BYTES = 1024, 32
"""Taken at once; of files' contents fewer."""


def arrow_for(name: str) -> Any:
    """The package ``pyarrow``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", f"the source {name}") from None
    return pa


def rows_of_parquet(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs in a Parquet file.

    Raises:
        JobError: it is none, or the wanted column is not there.
    """
    pa = arrow_for(name)
    _check_packing(name)
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        choice, size = _choice(table.schema_arrow, name, wanted)
        if words := [each for each in choice.names if _holds_words(table.schema_arrow.field(each).type)]:
            # by itself it would convert their numbers, and with them the texts: one bad text would end all
            table = pq.ParquetFile(file, metadata=table.metadata, read_dictionary=words)
        batches = table.iter_batches(size, columns=list(dict.fromkeys(choice.names)))
        yield from _rows(batches, choice, f"{name}, row", wanted)
    except pa.ArrowException as error:
        raise _unreadable(name, error) from error


def rows_of_arrow(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs in a file of Arrow's: Feather, or a stream as Hugging Face's data sets keep them.

    Raises:
        JobError: it is none, or the wanted column is not there.
    """
    pa = arrow_for(name)
    _check_packing(name)
    try:
        try:
            opened = pa.ipc.open_file(file)
            batches = map(opened.get_batch, range(opened.num_record_batches))
        except pa.ArrowInvalid:
            file.seek(0)
            opened = batches = pa.ipc.open_stream(file)
        choice, _ = _choice(opened.schema, name, wanted)
        yield from _rows(batches, choice, f"{name}, row", wanted)
    except pa.ArrowException as error:
        raise _unreadable(name, error) from error


def rows_of_stream(table: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs in a table that gives its batches as Arrow does.

    Raises:
        JobError: the wanted column is not there.
    """
    reader = arrow_for(name).RecordBatchReader.from_stream(table)
    choice, _ = _choice(reader.schema, name, wanted)
    yield from _rows(reader, choice, "row", wanted)


def num_rows_of_parquet(file: Any) -> int:
    """How many rows a Parquet file has."""
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(file).metadata.num_rows)


def _check_packing(name: str) -> None:
    if is_packed(name):
        raise JobError(
            f"{name} cannot be read: such a file is compressed within, and is read here and there: unpack it first"
        )


def _unreadable(name: str, error: Exception) -> JobError:
    return JobError(f"{name} cannot be read: {brief(error)}")


def _choice(schema: pa.Schema, name: str, wanted: Wanted) -> tuple[Choice, int]:
    """The columns to take, and of how many rows at once."""
    with_bytes = [at for at, field in enumerate(schema) if _holds_files(field.type)]
    choice = choose(schema.names, wanted, name, with_bytes, lambda at: _may_be_texts(schema.field(at).type))
    wanted.tell(f"{name}: {choice.told}")
    return choice, _ROWS if set(choice.positions).isdisjoint(with_bytes) else _ROWS_WITH_BYTES


def _holds_files(kind: pa.DataType) -> bool:
    """Whether a column is one of pictures or sounds as Hugging Face's data sets write them."""
    return str(kind).startswith("struct<") and has_bytes([kind.field(at).name for at in range(kind.num_fields)])


def _may_be_texts(kind: pa.DataType) -> bool:
    """Whether a column's values come as texts."""
    name = str(getattr(kind, "value_type", kind) if str(kind).startswith("dictionary<") else kind)
    return name.removeprefix("large_") in ("string", "string_view", "null")


def _holds_words(kind: pa.DataType) -> bool:
    """Whether a column keeps each text once and has numbers that stand for them."""
    return str(kind).startswith("dictionary<") and "string" in str(kind.value_type)


def _rows(batches: Iterable[Any], choice: Choice, place: str, wanted: Wanted) -> Iterator[Any]:
    number = 0
    for batch in batches:
        there = [batch.column(batch.schema.get_field_index(each)) for each in choice.names]
        columns = [choice.typed(at, str(column.type), _values(column)) for at, column in enumerate(there)]
        for row in zip(*columns, strict=True):
            number += 1
            yield choice.pick(row, f"{place} {number}", wanted)


def is_array(value: Any) -> bool:
    """Whether it is one column as Arrow has it, in one piece or in several: going through it gives no values."""
    return hasattr(value, "to_pylist") and hasattr(value, "slice") and not hasattr(value, "schema")


def values_of_array(array: Any) -> Iterator[Any]:
    """What such a column holds; of what is missing or none, why."""
    for first in range(0, len(array), _ROWS):
        for number, value in enumerate(_values(array.slice(first, _ROWS)), first + 1):
            if value is None or (type(value) is str and not value):
                yield BadRow(f"row {number}", b"", "nothing in it")
            elif isinstance(value, BadRow):
                yield BadRow(f"row {number}", value.content, value.reason)
            else:
                yield value


def _values(column: Any) -> list[Any]:
    """A column's values; of those that are none, why."""
    try:
        found: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):  # one of them; which, nobody says
        return [_value(cell) for cell in column]
    return found


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError as error:
        return BadRow("", error.object, f"not UTF-8 (byte 0x{error.object[error.start]:02x})")
    except (ValueError, OverflowError) as error:
        return BadRow("", b"", brief(error))
