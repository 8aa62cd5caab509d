"""``where=``: conditions on the columns of a set, all of which a row has to meet.

>>> str(Where.of("lang = zh and price <= 30")[1])
'price <= 30'

A condition is a column (``box.label`` names a field of one), a comparison and a value: ``=``, ``!=``, ``<``, ``<=``,
``>``, ``>=``, ``contains``, or ``in`` with several values in brackets. A value that holds spaces, commas or brackets
stands in quotes; a quote of the same kind in it is written twice. It is read as what the column holds, and is never a
piece of a language: no store runs it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.store.content import KEY, Content
from junco.vector_store.contract import Condition
from junco.wording import printable

if TYPE_CHECKING:
    import pyarrow as pa

_SIGNS = {"=": "equal", "==": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal"} | {
    ">": "greater",
    ">=": "greater_equal",
}
_QUOTED = r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'"


def _token(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\s*({pattern})", re.IGNORECASE)


_COLUMN = _token(rf"{_QUOTED}|[\w.\-]+")
_SIGN = _token(r"==|!=|<=|>=|=|<|>|contains\b|in\b")
_VALUE = _token(rf"{_QUOTED}|[^\s,()\"'][^\s,()]*")
_OPEN, _COMMA, _CLOSE, _AND, _END = map(_token, (r"\(", ",", r"\)", r"and\b", r"\Z"))


@dataclass(frozen=True, slots=True)
class Where:
    """One condition: a column, a comparison as it is written, and the values that it is compared with."""

    column: str
    sign: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, said: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None) -> tuple[Where, ...]:
        """The conditions that a text, or a mapping of columns to values, or several of these stand for.

        Raises:
            InputError: a text is no condition.
        """
        if said is None:
            return ()
        if isinstance(said, Mapping):
            return tuple(_equal(str(column), value) for column, value in said.items())
        if isinstance(said, str):
            return tuple(_read(said))
        return tuple(found for each in said for found in cls.of(each))

    def mask(self, content: Content) -> npt.NDArray[np.bool_]:
        """Which rows meet it; one without a value meets none.

        Raises:
            InputError: there is no such column or field, or it holds something that cannot be compared with the value.
        """
        cells = _decoded(_cells(content, self.column))
        compute = _compute()
        try:
            if self.sign == "contains":
                found = compute.match_substring(compute.cast(cells, "string"), str(self.values[0]), ignore_case=True)
            elif self.sign == "in":
                found = compute.is_in(cells, value_set=arrow().array([_as(v, cells.type) for v in self.values]))
            else:
                found = getattr(compute, _SIGNS[self.sign])(*_comparable(cells, self.values[0], self.sign))
        except (arrow().ArrowException, ValueError, TypeError):
            raise InputError(f"where {self}: the column holds {cells.type}, which cannot be compared so") from None
        return np.asarray(compute.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False), np.bool_)

    def plain(self, schema: pa.Schema | None) -> Condition | None:
        """The condition as a vector store can meet it by itself; ``None`` where only junco can compare so."""
        if schema is None or self.column not in schema.names or self.sign == "contains":
            return None
        kind, sign = schema.field(self.column).type, "=" if self.sign == "==" else self.sign
        values = tuple(_plain_value(value, kind) for value in self.values)
        is_text_less = arrow().types.is_string(kind) and sign not in ("=", "!=", "in")
        return None if None in values or is_text_less else Condition(self.column, sign, values)

    def __str__(self) -> str:
        values = ", ".join(map(str, self.values))
        return printable(f"{self.column} {self.sign} {f'({values})' if self.sign == 'in' else values}")


def rows_where(content: Content, conditions: Sequence[Where]) -> npt.NDArray[np.bool_] | None:
    """Which rows of a set meet all conditions; ``None`` without any."""
    masks = [condition.mask(content) for condition in conditions]
    return np.logical_and.reduce(masks) if masks else None


def _equal(column: str, value: Any) -> Where:
    is_many = isinstance(value, (list, tuple, set, frozenset))
    return Where(column, "in" if is_many else "=", tuple(value) if is_many else (value,))


def _read(text: str) -> list[Where]:
    reader = _Reader(text)
    found = [reader.condition()]
    while not reader.finds(_END):
        reader.take(_AND)
        found.append(reader.condition())
    return found


class _Reader:
    """Reads conditions from left to right, a token at a time."""

    def __init__(self, text: str) -> None:
        self._text, self._place, self._last = text, 0, ""

    def finds(self, token: re.Pattern[str]) -> bool:
        """Whether it stands here; then it is passed."""
        match = token.match(self._text, self._place)
        if match is not None:
            self._place, self._last = match.end(), match[1]
        return match is not None

    def take(self, token: re.Pattern[str]) -> str:
        """What has to stand here.

        Raises:
            InputError: something else does.
        """
        if not self.finds(token):
            raise InputError(
                f"where {self._text!r}: a condition is COLUMN = VALUE, also with != < <= > >= contains or in (A, B), "
                "several are joined by 'and'; a value with spaces, commas or brackets stands in quotes"
            )
        return self._last

    def condition(self) -> Where:
        """A column, a sign, a value or, of ``in``, several."""
        column, sign = _bare(self.take(_COLUMN)), self.take(_SIGN).lower()
        if self.finds(_OPEN) is not (sign == "in"):
            raise InputError(f"where {self._text!r}: 'in' takes values in brackets, as in: lang in (zh, en)")
        values = [_bare(self.take(_VALUE))]
        if sign == "in":
            while not self.finds(_CLOSE):
                self.take(_COMMA)
                values.append(_bare(self.take(_VALUE)))
        return Where(column, sign, tuple(values))


def _bare(text: str) -> str:
    """A column or a value without its quotes; one that stands in it is written twice."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in "\"'" else text


def _cells(content: Content, name: str) -> pa.ChunkedArray:
    """A column, or a field of one whose values have fields."""
    if "." not in name or name in content.names:
        _check_no_field(content, name)
        return content.column(name)
    column, *fields = name.split(".")
    cells = content.column(column)
    for each in fields:
        kind = cells.type
        if not arrow().types.is_struct(kind) or kind.get_field_index(each) < 0:
            there = ", ".join(one.name for one in kind) if arrow().types.is_struct(kind) else "none"
            raise InputError(f"where {name}: {column} has no field {each!r}; there are: {there}")
        cells = _compute().struct_field(cells, each)
    return cells


def _check_no_field(content: Content, name: str) -> None:
    """Refuse the name of no column that a column's field has.

    Raises:
        InputError: with the field's full name.
    """
    if name in content.names or name == KEY:
        return
    kinds = {column: content.column(column).type for column in content.names}
    full = [f"{each}.{name}" for each, kind in kinds.items() if arrow().types.is_struct(kind)]
    full = [each for each in full if kinds[each.partition(".")[0]].get_field_index(name) >= 0]
    if full:
        raise InputError(f"the set has no column {name!r}; it is a field of one: {' or '.join(map(repr, full))}")


def _decoded(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells that a file keeps as places in a list of values, as these values."""
    return cells.cast(cells.type.value_type) if arrow().types.is_dictionary(cells.type) else cells


def _comparable(cells: pa.ChunkedArray, value: Any, sign: str) -> tuple[pa.ChunkedArray, pa.Scalar]:
    """Cells and a value that can be compared: what is less or more of texts that are numbers, as tables of texts have
    them, are these numbers; a fraction is compared with whole numbers as it is.
    """
    kinds, kind, compute = arrow().types, cells.type, _compute()
    number = _number(value)
    is_text = kinds.is_string(kind) or kinds.is_large_string(kind)
    if is_text and sign in ("<", "<=", ">", ">=") and number is not None:
        trimmed = compute.utf8_trim_whitespace(cells)
        numbers = compute.if_else(compute.match_substring_regex(trimmed, _NUMBER), trimmed, None)
        return numbers.cast("float64"), arrow().scalar(number)
    if kinds.is_integer(kind) and (bound := _whole_bound(value, sign)) is not None:
        digits = arrow().decimal128(_DIGITS + 1)  # of more than any type of whole numbers has
        return cells.cast(digits), arrow().scalar(bound, digits)
    if kinds.is_floating(kind) and number is not None:
        return cells.cast("float64"), arrow().scalar(number)
    if kinds.is_timestamp(kind) and kind.tz is not None and isinstance(value, str):
        time = datetime.fromisoformat(value)
        return cells, arrow().scalar(time if time.tzinfo else time.replace(tzinfo=UTC)).cast(kind)
    return cells, _as(value, kind)


_DIGITS = 20


def _whole_bound(value: Any, sign: str) -> Decimal | None:
    """The whole number that whole numbers compare with as they do with a value: less than 4.5 is less than 5, and none
    is 4.5. It is exact to the last digit, and what is beyond them all stays so. ``None`` of what is no number.
    """
    try:
        number = Decimal("nan" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    beyond = Decimal(10**_DIGITS)
    number = max(-beyond, min(beyond, number))
    bound = number.to_integral_value(ROUND_CEILING if sign in ("<", ">=") else ROUND_FLOOR)
    return beyond if bound != number and sign in ("=", "==", "!=") else bound


def _plain_value(value: Any, kind: pa.DataType) -> str | int | float | bool | None:
    """A value as a column of texts, numbers or truth values has it; ``None`` where it cannot be one."""
    types, number = arrow().types, _number(value)
    if types.is_string(kind):
        return value if isinstance(value, str) else None
    if types.is_boolean(kind):
        return {"true": True, "false": False}.get(str(value).lower())
    if types.is_integer(kind) and number is not None:
        return int(number) if number.is_integer() and abs(number) < 2**53 else None
    return number if types.is_float64(kind) else None


_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"


def _number(value: Any) -> float | None:
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _as(value: Any, kind: pa.DataType) -> pa.Scalar:
    """A value as the column's type has it: texts are read as numbers, dates or truth where those are there."""
    scalar = arrow().scalar(value)
    return scalar if scalar.type == kind else scalar.cast(kind)


def _compute() -> Any:
    import pyarrow.compute

    return pyarrow.compute
