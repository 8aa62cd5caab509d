"""`Row`: a row of several output columns, a tuple whose values have names."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple, Self

from junco.wording import printable


class Row(tuple[Any, ...]):
    """A row of results: a tuple that can be asked by column, ``row["vector"]``, and by attribute, ``row.vector``.

    Columns keep their names, whatever they are: one that is called ``class`` is ``row["class"]``. Like a named tuple it
    is equal to a tuple of the same values, and has ``_fields``, ``_asdict()`` and ``_replace(…)``.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """A row of values in the columns' order, by name, or both."""
        if named:
            values = (*values, *(named.pop(name) for name in cls._fields[len(values) :] if name in named))
        if named or len(values) != len(cls._fields):
            raise TypeError(f"a row has the columns {', '.join(cls._fields)}, one value each")
        return tuple.__new__(cls, values)

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        return cls(*values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: Any) -> Self:
        if unknown := [name for name in changes if name not in self._fields]:
            raise ValueError(f"no columns {', '.join(unknown)}: there are {', '.join(self._fields)}")
        return self._make((self._asdict() | changes).values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            try:
                return tuple.__getitem__(self, self._fields.index(index))
            except ValueError:
                raise KeyError(index) from None
        return tuple.__getitem__(self, index)

    def __reduce__(self) -> Any:
        return _rebuilt, (self._fields, tuple(self))

    def _repr_html_(self) -> str:
        from junco.pages.tables import row_html  # notebooks alone need it

        return row_html(self._fields, self)

    def __repr__(self) -> str:
        shown = (f"{printable(name)}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"Row({', '.join(shown)})"


class ItemRow(NamedTuple):
    """A row of a long run: the position of its item among the items of the call, from 0, and the row itself.

    ``row`` is a value where the pipeline has one output column.
    """

    position: int
    row: Any


@cache
def row_type(fields: tuple[str, ...]) -> type[Row]:
    """The type of rows with these columns. What rows have themselves is not overwritten by a column of such a name."""
    plain: Any = namedtuple("plain", [f"c{i}" for i in range(len(fields))])  # type: ignore[misc]  # for its quick getters
    columns = {name: vars(plain)[f"c{i}"] for i, name in enumerate(fields) if name not in _OWN}
    return type("Row", (Row,), {**columns, "__slots__": (), "_fields": fields, "__match_args__": fields})


_OWN = {name for name in dir(Row) if name.startswith("_")}


def _rebuilt(fields: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    return row_type(fields)._make(values)


def row_maker(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """What makes a result of the output columns' values: the value itself, a named row, or ``None`` without columns."""
    if not names:
        return lambda values: None
    if len(names) == 1:
        return lambda values: values[0]
    return partial(tuple.__new__, row_type(tuple(names)))


def rows_of(names: Sequence[str], columns: Sequence[Sequence[Any]], num_rows: int) -> Iterator[Any]:
    """A result for each row of some columns."""
    if not names:
        return iter([None] * num_rows)
    return iter(columns[0]) if len(names) == 1 else map(row_maker(names), zip(*columns, strict=True))
