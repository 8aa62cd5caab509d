"""Tables in memory: DataFrames of whichever library, Arrow tables, arrays with fields, a mapping of columns.

They are known by what they can do, so that none of the libraries needs to be here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from junco.errors import InputError, JobError
from junco.job.arrow_tables import arrow_for, is_array, rows_of_stream
from junco.job.columns import choose, listed, may_be_texts, position_of
from junco.job.wanted import Wanted
from junco.store.times import FINE_TIMES
from junco.types.named_rows import NamedRows
from junco.wording import picture

_SAMPLE = 64
"""So many values say what a column holds."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table in memory.

    Attributes:
        called: what messages call it.
        names: of its columns; ``None`` where only its batches tell.
        column: the values of the column at a position.
        num_rows: how many it has, if it says so.
        stream: it gives batches as Arrow does.
    """

    called: str
    names: tuple[Any, ...] | None
    column: Callable[[int], Iterable[Any]]
    num_rows: int | None
    stream: Any = None

    def rows(self, wanted: Wanted) -> Iterator[Any]:
        """The inputs in it, as of a table in a file.

        Raises:
            JobError: the wanted column is not there.
        """
        if self.names is None:
            yield from rows_of_stream(self.stream, self.called, wanted)
            return
        sample = self._sample
        choice = choose(
            self.names, wanted, self.called, may_be_texts=lambda at: may_be_texts(sample(at)), sample=sample
        )
        wanted.tell(f"{self.called}: {choice.told}")
        there = [self.column(at) for at in choice.positions]
        columns = [choice.typed(n, str(getattr(column, "dtype", "")), column) for n, column in enumerate(there)]
        for number, row in enumerate(zip(*columns, strict=True), 1):
            yield choice.pick(row, f"row {number}", wanted)

    def _sample(self, at: int) -> list[Any]:
        return list(islice(self.column(at), _SAMPLE))


def frame_of(value: Any) -> Frame | None:
    """A table in memory, if that is what a source or the items of a call are.

    Raises:
        JobError: a mapping that is none; several tables.
    """
    if isinstance(value, Mapping):
        return _of_mapping(value)
    called = f"the {type(value).__name__}"
    if isinstance(value, NamedRows):
        names = value.column_names
        return Frame(called, names, lambda at: value.column(names[at]), value.num_rows)
    return _of_libraries(value, called)


def _of_libraries(value: Any, called: str) -> Frame | None:
    """Those of other libraries."""
    names = getattr(getattr(value, "dtype", None), "names", None)
    if names and hasattr(value, "__array__"):
        return Frame(called, tuple(names), lambda at: _values(value[names[at]]), len(value))
    if hasattr(value, "iloc") and hasattr(value, "columns"):  # pandas and its like
        return Frame(called, tuple(value.columns), lambda at: value.iloc[:, at], len(value))
    if hasattr(value, "get_column") and hasattr(value, "columns"):  # Polars
        return Frame(called, tuple(value.columns), lambda at: value.get_column(value.columns[at]), len(value))
    if hasattr(value, "column_names") and hasattr(value, "features") and hasattr(value, "__len__"):  # a data set of HF
        named = tuple(value.column_names)
        return Frame(called, named, lambda at: value[named[at]], len(value))
    if hasattr(value, "collect") and hasattr(value, "lazy"):
        raise JobError(f"{called} is not worked out yet: give its collect()")
    return _of_batches(value, called)


def _of_batches(value: Any, called: str) -> Frame | None:
    """Arrow's tables and what gives batches or is to be changed for such."""
    if hasattr(value, "__arrow_c_stream__") and _has_columns(value):
        return Frame(called, None, _none, getattr(value, "num_rows", None), value)
    if hasattr(value, "schema") and hasattr(value, "__arrow_c_array__"):  # one batch
        return Frame(called, None, _none, len(value), arrow_for(called).Table.from_batches([value]))
    if hasattr(value, "__dataframe__"):
        arrow_for(called)
        from pyarrow.interchange import from_dataframe

        return Frame(called, None, _none, None, from_dataframe(value))
    return None


def _has_columns(value: Any) -> bool:
    """Whether it is no single column, which gives batches too."""
    return any(hasattr(value, name) for name in ("column_names", "columns", "schema"))


def _none(at: int) -> Iterable[Any]:
    raise AssertionError(at)


def _of_mapping(value: Mapping[Any, Any]) -> Frame:
    columns = list(value.values())
    if any(hasattr(each, "column_names") or hasattr(each, "columns") for each in columns):
        raise JobError(f"{picture(value)} holds several tables ({listed(list(map(str, value)))}): give one of them")
    if not columns or not all(map(_is_column, columns)):
        raise JobError(
            f"a mapping is no list of inputs: give list(….values()), or a mapping of columns, "
            f"{{'text': [\"…\", …]}}, and not {picture(value, 40)}"
        )
    lengths = {len(each) for each in columns}
    if len(lengths) > 1:
        raise JobError(f"the mapping's columns have several lengths, {min(lengths):,} to {max(lengths):,}: no table")
    return Frame(f"the {type(value).__name__}", tuple(value), lambda at: _values(columns[at]), lengths.pop())


def _values(column: Any) -> Any:
    """A column's values; those of an array as Python's own, which going through it would not give."""
    is_plain = getattr(column, "ndim", 0) == 1 and hasattr(column, "tolist")
    is_fine = str(getattr(column, "dtype", "")) in FINE_TIMES  # of which Python's own would be whole numbers
    return column.tolist() if is_plain and not is_fine else column


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and hasattr(value, "__iter__") and not isinstance(value, (str, bytes, Mapping))


def as_items(items: Any, columns: tuple[str, ...] | None) -> Any:
    """The items of a call: the rows of a table where that is what was given, else the same.

    Args:
        items: what was given.
        columns: of a table, by name; ``None``: its only one.

    Raises:
        InputError: a text, a table without these columns, or a mapping that is none.
    """
    if isinstance(items, (list, tuple)):
        return items
    if isinstance(items, (str, bytes)):  # of which each character would be an item
        raise InputError(f"batch, stream and rows take many items, and {picture(items)} is one: put it in a list")
    try:
        frame = frame_of(items)
        if frame is None:
            return items.to_pylist() if is_array(items) else items
        if frame.names is None:
            names = frame.stream.schema.names if hasattr(frame.stream, "schema") else frame.stream.columns
            frame = Frame(frame.called, tuple(names), _columns_of(frame.stream), frame.num_rows)
        return frame_rows(frame, columns)
    except JobError as error:
        raise InputError(str(error)) from None


def _columns_of(stream: Any) -> Callable[[int], Iterable[Any]]:
    read: list[Any] = []

    def column(at: int) -> Iterable[Any]:
        if not read:
            read.append(arrow_for("the items").RecordBatchReader.from_stream(stream).read_all())
        found: list[Any] = read[0].column(at).to_pylist()
        return found

    return column


def frame_rows(frame: Frame, columns: tuple[str, ...] | None) -> Iterable[Any]:
    """The rows as items, by the pipeline's own names alone, in any case: a call has no place to say what it chose.

    Raises:
        JobError: a column is not there, or twice; there are several, and none was named.
    """
    names = list(map(str, frame.names or ()))
    if columns is None:
        if len(names) != 1:
            raise JobError(f"{frame.called} has {len(names):,} columns ({listed(names)}): choose one")
        return list(frame.column(0))
    positions = [position_of(each, names, frame.called) for each in columns]
    if None in positions:
        raise JobError(
            f"{frame.called} has no column {columns[positions.index(None)]!r}; its columns: {listed(names)}: "
            "give that column's values, table['…']"
        )
    chosen = [frame.column(at) for at in positions if at is not None]
    return list(chosen[0]) if len(chosen) == 1 else list(zip(*chosen, strict=True))
