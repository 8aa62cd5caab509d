"""Tables as text that anybody can read: JSON lines, and CSV with JSON in the cells of lists and structs.

Numbers are written as short as they can be and still be read back to the very bits.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 1 << 25
"""Of one line; a whole block of so many is in memory at once."""
_CELL = "cell"


def readable(kind: pa.DataType) -> pa.DataType | None:
    """The type as which values of a type are read from JSON; ``None`` where text cannot hold them."""
    pa = arrow()
    types = pa.types
    if types.is_struct(kind):
        parts = [(field.name, readable(field.type)) for field in kind]
        return None if any(part is None for _, part in parts) else pa.struct(parts)
    if types.is_list(kind) or types.is_fixed_size_list(kind) or types.is_large_list(kind):
        part = readable(kind.value_type)
        return None if part is None else pa.list_(part)
    if types.is_float16(kind):
        return pa.float32()
    if types.is_large_string(kind) or types.is_date(kind):
        return pa.string()
    is_plain = _is_number(kind) or types.is_string(kind) or types.is_boolean(kind) or types.is_null(kind)
    return kind if is_plain or types.is_timestamp(kind) else None


def is_not_finite(column: pa.Array) -> bool:
    """Whether a NaN or an infinite number stands anywhere in a column: JSON knows none."""
    import pyarrow.compute as pc

    types = arrow().types
    if types.is_struct(column.type):
        return any(is_not_finite(part) for part in column.flatten())
    if types.is_list(column.type) or types.is_fixed_size_list(column.type) or types.is_large_list(column.type):
        return is_not_finite(column.flatten())
    return types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py() is False


def write_json_lines(file: BinaryIO, groups: Iterator[pa.Table], schema: pa.Schema) -> None:
    """Write tables as one object a line."""
    import pyarrow.compute as pc

    names = [json.dumps(name, ensure_ascii=False) for name in schema.names]
    for group in groups:
        parts: list[Any] = []
        for name, column in zip(names, group.combine_chunks().columns, strict=True):
            parts += [f"{', ' if parts else '{'}{name}: ", _as_json(column)]
        lines = pc.binary_join_element_wise(*parts, "}\n", "")
        file.write("".join(lines.to_pylist()).encode())


def write_csv(file: BinaryIO, groups: Iterator[pa.Table], schema: pa.Schema) -> None:
    """Write tables as CSV with a head; a cell that is empty is null, one with ``""`` an empty text."""
    from pyarrow import csv

    kinds = [field.type if _is_cell(field.type) else arrow().string() for field in schema]
    cells = arrow().schema([field.with_type(kind) for field, kind in zip(schema, kinds, strict=True)])
    with csv.CSVWriter(file, cells) as writer:
        for group in groups:
            columns = [c if _is_cell(c.type) else _as_json(c, null=None) for c in group.combine_chunks().columns]
            writer.write_table(arrow().table(columns, schema=cells))


def read_json_lines(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """The tables that were written.

    Raises:
        InputError: they are not there.
    """
    from pyarrow import json as reader

    if not path.stat().st_size:
        return
    fields = arrow().schema([(field.name, readable(field.type)) for field in schema])
    parsing = reader.ParseOptions(explicit_schema=fields, unexpected_field_behavior="error", newlines_in_values=False)
    with _parsing(path):
        reading = reader.ReadOptions(block_size=MOST_BYTES)
        for batch in reader.open_json(path, read_options=reading, parse_options=parsing):
            yield arrow().Table.from_batches([batch]).select(schema.names).cast(schema)


def read_csv(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """The tables that were written.

    Raises:
        InputError: they are not there.
    """
    from pyarrow import csv

    kinds = {field.name: field.type if _is_cell(field.type) else arrow().string() for field in schema}
    converting = csv.ConvertOptions(
        column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    reading, parsing = csv.ReadOptions(block_size=MOST_BYTES), csv.ParseOptions(newlines_in_values=True)
    with _parsing(path):
        for batch in csv.open_csv(path, reading, parsing, converting):
            columns = [
                batch.column(field.name) if _is_cell(field.type) else _of_json(batch.column(field.name), field.type)
                for field in schema
            ]
            yield arrow().table(columns, schema=schema)


class _parsing:  # noqa: N801  # reads as a word where it is used
    """What a parser says, as one line that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (arrow().ArrowException, KeyError)):
            raise InputError(f"{self.path} does not hold what was written, or was changed: {brief(error)}") from error


def _is_number(kind: pa.DataType) -> bool:
    types = arrow().types
    return bool(types.is_integer(kind) or types.is_floating(kind))


def _is_cell(kind: pa.DataType) -> bool:
    """Whether a cell of CSV holds a value as it is."""
    types = arrow().types
    is_number = _is_number(kind) and not types.is_float16(kind)
    return bool(is_number or types.is_string(kind) or types.is_boolean(kind) or types.is_timestamp(kind))


def _as_json(column: pa.Array, null: str | None = "null") -> pa.Array:
    """Each value as JSON."""
    import pyarrow.compute as pc

    pa = arrow()
    types = pa.types
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if _is_number(column.type):
        made = _numbers(column)
    elif types.is_fixed_size_list(column.type) and _is_number(column.type.value_type):
        lists = column.cast(pa.list_(column.type.value_type))
        texts = pa.ListArray.from_arrays(lists.offsets, _numbers(lists.values))
        joined = pc.binary_join_element_wise("[", pc.binary_join(texts, ", "), "]", "")
        made = pc.if_else(column.is_valid(), joined, pa.scalar(None, pa.string()))
    else:
        values = (None if value is None else _dumped(value) for value in column.to_pylist())
        made = pa.array(values, pa.string())
    return made if null is None else pc.fill_null(made, null)


def _numbers(values: pa.Array) -> pa.Array:
    pa = arrow()
    return (values.cast(pa.float32()) if pa.types.is_float16(values.type) else values).cast(pa.string())


def _dumped(value: Any) -> str:
    isoformat: Callable[[Any], str] = lambda time: time.isoformat()  # noqa: E731  # of dates and times
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=isoformat)


def _of_json(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells of JSON as what they say."""
    import pyarrow.compute as pc
    from pyarrow import json as reader

    pa = arrow()
    if not len(cells):
        return pa.array([], kind)
    lines = pc.binary_join_element_wise(f'{{"{_CELL}": ', pc.fill_null(cells, "null"), "}\n", "")
    fields = pa.schema([(_CELL, readable(kind))])
    text = "".join(lines.to_pylist()).encode()
    parsing = reader.ParseOptions(explicit_schema=fields, unexpected_field_behavior="error")
    found = reader.read_json(io.BytesIO(text), reader.ReadOptions(block_size=len(text) + 1), parsing)
    return found.column(_CELL).combine_chunks().cast(kind)
