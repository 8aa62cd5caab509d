"""Large whole numbers: those that not every number beside them leaves exact, and where a schema says that they are.

A column of numbers holds whole ones only up to ±2**53. Whether one of whole numbers may become one of numbers so
depends on the values before, which a type does not tell. A schema's metadata does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, TypeAlias

from junco.store.arrow import arrow

if TYPE_CHECKING:
    import pyarrow as pa

MOST_EXACT = 2**53
_KEY = "junco.large_numbers"

Place: TypeAlias = tuple[str, ...]
"""A column, or a field or the elements within one."""


def large_in(schema: pa.Schema) -> frozenset[Place]:
    """Where large whole numbers are among the rows of a schema."""
    said = (schema.metadata or {}).get(_KEY.encode(), b"[]")
    return frozenset(map(tuple, json.loads(said)))


def with_large(schema: pa.Schema, places: Collection[Place]) -> pa.Schema:
    """The schema, which says where large whole numbers are and nothing else."""
    return schema.with_metadata(large_metadata(places))


def large_metadata(places: Collection[Place]) -> dict[str, str]:
    """What a schema says of large whole numbers; nothing where there are none."""
    return {_KEY: json.dumps(sorted(places))} if places else {}


def find_large(table: pa.Table) -> frozenset[Place]:
    """Where large whole numbers are in a table."""
    names = [name for name in table.column_names if not arrow().types.is_fixed_size_list(table.schema.field(name).type)]
    return frozenset(place for name in names for place in _large(table.column(name).combine_chunks(), (name,)))


def is_rounded(kind: pa.DataType, place: Place) -> bool:
    """Whether a column of a type would round whole numbers that are large at a place in it."""
    types = arrow().types
    for name in place[1:]:
        kind = kind.field(name).type if types.is_struct(kind) else kind.value_type
    return bool(types.is_floating(kind))


def _large(array: pa.Array, place: Place) -> Iterator[Place]:
    pa = arrow()
    if isinstance(array, pa.ChunkedArray):  # of no chunks, or too much for one
        for chunk in array.chunks:
            yield from _large(chunk, place)
    elif pa.types.is_struct(array.type):
        for field in array.type:
            yield from _large(array.field(field.name), (*place, field.name))
    elif pa.types.is_list(array.type) or pa.types.is_fixed_size_list(array.type):
        yield from _large(array.flatten(), (*place, "element"))
    elif pa.types.is_int64(array.type) or pa.types.is_uint64(array.type):
        least, most = _ends(array)
        if least < -MOST_EXACT or most > MOST_EXACT:
            yield place


def _ends(array: pa.Array) -> tuple[int, int]:
    import pyarrow.compute as pc

    ends = pc.min_max(array).as_py()
    return (ends["min"], ends["max"]) if ends["min"] is not None else (0, 0)
