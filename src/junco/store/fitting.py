"""New rows beside all before them: as tables, or the first odd value among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from junco.store.columns import table
from junco.store.kinds import OddValueError, told, wider
from junco.store.shard import Shard
from junco.wording import picture

if TYPE_CHECKING:
    import pyarrow as pa


def fitted(known: pa.Schema | None, rows: Shard) -> tuple[list[pa.Table], pa.Schema]:
    """Rows as tables, and the schema that holds them and all before.

    What cannot be had in one table, or widens what is known, is taken in halves, so that rows and messages are the
    same however they were cut into pieces.

    Args:
        known: the schema of all before; ``None`` where there are none.
        rows: the new ones, at least one.

    Raises:
        OddValueError: with the first odd value.
    """
    is_one = len(rows.inputs) == 1
    try:
        made = table(rows.inputs, rows.columns)
        schema = made.schema if known is None else wider(known, made.schema)
        if is_one or known is None or schema.equals(known):
            return [made], schema
    except OddValueError as odd:
        if is_one:
            raise _told_beside(odd, known, {name: values[0] for name, values in rows.columns.items()}) from odd
    middle = len(rows.inputs) // 2
    first, schema = fitted(known, _part(rows, 0, middle))
    rest, schema = fitted(schema, _part(rows, middle, len(rows.inputs)))
    return first + rest, schema


def _part(rows: Shard, start: int, stop: int) -> Shard:
    columns = {name: values[start:stop] for name, values in rows.columns.items()}
    return Shard(rows.inputs[start:stop], columns, rows.space)


def _told_beside(odd: OddValueError, known: pa.Schema | None, row: dict[str, Any]) -> OddValueError:
    """The same error with the value itself, and with what the column holds where that is known."""
    expected = odd.expected or (told(known, odd.column) if known is not None else "")
    found = f"{picture(row[odd.column])} ({odd.found})" if odd.expected else odd.found
    return OddValueError(odd.column, expected, found)
