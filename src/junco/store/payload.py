"""Columns as a vector store keeps them: of the kinds that it knows as they are, all others as texts in JSON.

What is read is turned back by the schema that the collection's metadata keep, so that it is what was written: numbers
of a narrower type, times to the nanosecond, boxes, chunks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from junco.errors import InputError, TargetError
from junco.store.arrow import arrow
from junco.vector_store.contract import ID, INPUT, NUMBER, Kind

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA, VECTOR, MADE = "junco.schema", "junco.vector", "junco.made"
"""Of a collection's metadata: the schema as Arrow writes it, the column of the vectors, which making of it this is."""
_VECTORS = ("float", "halffloat", "int8")
"""Types whose numbers float32 holds exactly."""


def vector_in(schema: pa.Schema, named: str, target: str) -> str:
    """The column that a collection is searched by.

    Args:
        schema: of the rows.
        named: the one that the pipeline's space is about; empty where that is unknown.
        target: for messages.

    Raises:
        TargetError: there is none, or a choice, or its numbers are not what stores take.
    """
    types = arrow().types
    names = [field.name for field in schema if types.is_fixed_size_list(field.type)]
    names = [named] if named in names else names
    if len(names) != 1:
        columns = ", ".join(f"{field.name} ({field.type})" for field in schema if field.name != INPUT)
        raise TargetError(f"{target} takes one vector a row, and the pipeline gives {columns}")
    kind = schema.field(names[0]).type.value_type
    if str(kind) not in _VECTORS:
        raise TargetError(
            f"{target} takes vectors of float32, and {names[0]!r} holds {kind}: leave its quantization out, or write a "
            ".parquet file"
        )
    return str(names[0])


def kept_schema(schema: pa.Schema, vector: str, kinds: Collection[Kind]) -> pa.Schema:
    """The schema of the rows that a store is given, for one of rows as they are."""
    pa = arrow()
    fields = [pa.field(ID, pa.string()), pa.field(INPUT, pa.string()), pa.field(NUMBER, pa.int64())]
    for field in schema:
        if field.name == vector:
            fields.append(pa.field(vector, pa.list_(pa.field("item", pa.float32()), field.type.list_size)))
        elif field.name != INPUT:
            fields.append(pa.field(field.name, kept_type(field.type, kinds)))
    return pa.schema(fields)


def kept_type(kind: pa.DataType, kinds: Collection[Kind]) -> pa.DataType:
    """The type of a column as the store keeps it."""
    pa = arrow()
    plain = _plain(kind)
    if "any" in kinds and not pa.types.is_null(kind):
        return kind
    if plain is None or plain not in kinds:
        return pa.string()
    return {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}.get(plain, kind)


def _plain(kind: pa.DataType) -> Kind | None:
    types = arrow().types
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    if types.is_integer(kind):
        return None if types.is_uint64(kind) else "int"
    if types.is_floating(kind):
        return "float"
    if types.is_boolean(kind):
        return "bool"
    return "time" if types.is_timestamp(kind) and kind.unit == "us" else None


def kept(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows as the store is given them; ids and numbers are there already."""
    pa = arrow()
    return pa.table([_kept(rows.column(field.name), field.type) for field in schema], schema=schema)


def _kept(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    pa = arrow()
    if column.type.equals(wanted):
        return column
    if pa.types.is_string(wanted) and _plain(column.type) != "text":
        kind = column.type
        made = [None if value is None else json.dumps(_to_json(value), ensure_ascii=False) for value in _values(column)]
        return pa.chunked_array([pa.array(made, wanted)]) if not pa.types.is_null(kind) else column.cast(wanted)
    return column.cast(wanted)


def _values(column: pa.ChunkedArray) -> Any:
    """Scalars, whose times have all their digits."""
    return (None if not scalar.is_valid else scalar for chunk in column.chunks for scalar in chunk)


def _to_json(scalar: Any) -> Any:
    """A value as JSON has it: bytes in base 64, times as their number of units."""
    types, kind = arrow().types, scalar.type
    made: Any = None
    if not scalar.is_valid:
        made = None
    elif types.is_struct(kind):
        made = {field.name: _to_json(scalar[field.name]) for field in kind}
    elif _is_list(kind):
        made = [_to_json(each) for each in scalar.values]
    elif types.is_dictionary(kind):
        made = _to_json(scalar.value)
    elif _is_binary(kind):
        made = base64.b64encode(scalar.as_py()).decode()
    elif types.is_temporal(kind):
        made = scalar.value
    else:
        made = str(scalar.as_py()) if types.is_decimal(kind) else scalar.as_py()
    return made


def _is_list(kind: pa.DataType) -> bool:
    types = arrow().types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_binary(kind: pa.DataType) -> bool:
    types = arrow().types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def as_written(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns of rows that a store has given back, with the types that they were written with.

    Raises:
        InputError: one holds what junco did not write.
    """
    pa = arrow()
    columns = {}
    for name in rows.column_names:
        there = schema.get_field_index(name) >= 0
        columns[name] = _as_written(rows.column(name), schema.field(name).type, name) if there else rows.column(name)
    return pa.table(columns)


def _as_written(column: pa.ChunkedArray, wanted: pa.DataType, name: str) -> pa.ChunkedArray:
    pa = arrow()
    if column.type.equals(wanted):
        return column
    try:
        if pa.types.is_string(column.type) and _plain(wanted) != "text" and not pa.types.is_null(wanted):
            return pa.chunked_array([_read(column, wanted)])
        if pa.types.is_null(wanted):
            return pa.chunked_array([pa.nulls(len(column))])
        return column.cast(wanted)
    except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        raise InputError(f"the column {name!r} holds what junco did not write: {error}") from error


def _read(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    texts = column.to_pylist()
    values = [None if text is None else _from_json(json.loads(text), kind) for text in texts]
    return arrow().array(values, kind)


def _from_json(value: Any, kind: pa.DataType) -> Any:
    """The value that `_to_json` made this of."""
    types = arrow().types
    made: Any = value
    if value is None:
        made = None
    elif types.is_struct(kind):
        made = {field.name: _from_json(value[field.name], field.type) for field in kind}
    elif _is_list(kind):
        made = [_from_json(each, kind.value_type) for each in value]
    elif types.is_dictionary(kind):
        made = _from_json(value, kind.value_type)
    elif _is_binary(kind):
        made = base64.b64decode(value)
    elif types.is_temporal(kind):
        units = arrow().int32() if kind.bit_width == 32 else arrow().int64()
        made = arrow().scalar(value, units).cast(kind)
    elif types.is_decimal(kind):
        made = Decimal(value)
    return made


def schema_text(schema: pa.Schema) -> str:
    """A schema as a text, for metadata."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def schema_of_text(metadata: Mapping[str, str], target: str) -> pa.Schema:
    """The schema that metadata keep.

    Raises:
        InputError: they keep none.
    """
    pa = arrow()
    try:
        return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(metadata[SCHEMA])))
    except (KeyError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{target} does not say what its columns hold: junco did not make it, or it was damaged"
        ) from error
