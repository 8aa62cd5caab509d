"""Kinds of columns: what the first value set, how far later ones may widen it, and which are odd.

A column holds values of one kind: vectors of one shape and type, texts, numbers. Whole numbers and others become
numbers unless that would round one of them, and what was only ever ``None`` takes any kind. What else differs is an
odd value. Whether a value is odd depends on those before it alone, not on how they were cut into pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.large import is_rounded, large_in, with_large

if TYPE_CHECKING:
    import pyarrow as pa


class OddValueError(TargetError):
    """A value that its column cannot hold beside the others."""

    def __init__(self, column: str, expected: str, found: str) -> None:
        holds = f"holds {expected}" if expected else "cannot hold this"
        super().__init__(f"the column {column!r} {holds}, and was given {found}")
        self.column, self.expected, self.found = column, expected, found


def same_named(kind: pa.DataType) -> pa.DataType:
    """The same type with lists' members named as Parquet names them, so that what was read back is what was written."""
    pa = arrow()
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, same_named(field.type)) for field in kind])
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(pa.field("element", same_named(kind.value_type)), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", same_named(kind.value_type)))
    return kind


def wider(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """The schema that holds the rows of both.

    Raises:
        OddValueError: a column that cannot.
    """
    large = large_in(one) | large_in(other)
    if one.equals(other):
        return with_large(one, large)
    fields = []
    for a, b in zip(one, other, strict=True):
        kind = wider_kind(a.type, b.type, is_whole=True)
        if kind is None or any(is_rounded(kind, place) for place in large if place[0] == a.name):
            raise OddValueError(a.name, told(one, a.name), told(other, a.name))
        fields.append((a.name, same_named(kind)))
    return with_large(arrow().schema(fields), large)


def told(schema: pa.Schema, column: str) -> str:
    """What a column holds, in words."""
    is_large = any(place[0] == column for place in large_in(schema))
    return words(schema.field(column).type) + (", some beyond ±2**53" if is_large else "")


def words(kind: pa.DataType) -> str:
    """What a column of a type holds, in words."""
    types = arrow().types
    if types.is_fixed_size_list(kind):
        return f"vectors of {kind.list_size} {_numpy_name(kind.value_type)}"
    if types.is_list(kind):
        return f"lists of {words(kind.value_type)}"
    if types.is_struct(kind):
        return f"values with {', '.join(field.name for field in kind)}"
    if types.is_null(kind):
        return "nothing"
    plain = {"string": "texts", "int64": "whole numbers", "double": "numbers", "bool": "truth values"}
    return plain.get(str(kind), str(kind))


def _numpy_name(kind: pa.DataType) -> str:
    return str(kind.to_pandas_dtype().__name__) if _is_number(kind) else str(kind)


def _is_number(kind: pa.DataType) -> bool:
    return bool(arrow().types.is_integer(kind) or arrow().types.is_floating(kind))


def wider_kind(one: pa.DataType, other: pa.DataType, *, is_whole: bool = False) -> pa.DataType | None:
    """The type that holds the values of both; ``None`` where one is odd beside the other.

    ``is_whole`` types are those of a column's values and not of what is within them: there vectors of several lengths
    are lists.
    """
    types = arrow().types
    if one.equals(other) or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    if types.is_struct(one) and types.is_struct(other):
        return _wider_struct(one, other)
    if all(types.is_list(kind) or types.is_fixed_size_list(kind) for kind in (one, other)):
        return _wider_list(one, other, is_whole=is_whole)
    if all(map(types.is_decimal, (one, other))) or all(map(_is_number, (one, other))):
        return _wider_number(one, other)
    return None


def _wider_list(one: pa.DataType, other: pa.DataType, *, is_whole: bool) -> pa.DataType | None:
    types = arrow().types
    are_fixed = [types.is_fixed_size_list(kind) for kind in (one, other)]
    if is_whole and any(are_fixed):  # the same length, but another type of numbers; or another length; or a list
        return None
    element = wider_kind(one.value_type, other.value_type)
    if element is None:
        return None
    is_fixed = all(are_fixed) and one.list_size == other.list_size
    return arrow().list_(element, one.list_size) if is_fixed else arrow().list_(element)


def _wider_struct(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    kinds = {field.name: field.type for field in one}
    if kinds.keys().isdisjoint(field.name for field in other):
        return None
    for field in other:
        kind = wider_kind(kinds[field.name], field.type) if field.name in kinds else field.type
        if kind is None:
            return None
        kinds[field.name] = kind
    return arrow().struct(list(kinds.items()))


def _wider_number(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Arrow's own; but of two whole types of 64 bits with and without a sign, none holds all values of the other."""
    types = arrow().types
    if any(types.is_uint64(kind) for kind in (one, other)) and any(map(types.is_signed_integer, (one, other))):
        return None
    schemas = [arrow().schema([("", kind)]) for kind in (one, other)]
    try:
        return arrow().unify_schemas(schemas, promote_options="permissive").field(0).type
    except arrow().ArrowException:
        return None
