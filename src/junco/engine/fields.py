"""Fields of columns while rows flow: ``chunk.text`` is read where a step looks at it.

A value without the field is the failure of the step's row, as if its callable had read it. Until the step comes to that
row an `Unread` stands in the field's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import getattr_static
from types import BuiltinMethodType, MethodType
from typing import Any

from junco.engine.apply import Applier, Columns, Failure, is_no_value
from junco.errors import ContractError
from junco.graph.levels import Slot
from junco.wording import brief, did_you_mean, nearest, picture


@dataclass(frozen=True, slots=True, repr=False)
class Unread:
    """Stands for a field that could not be read; shows itself as the value that has no such field."""

    value: Any
    error: Exception

    def __repr__(self) -> str:
        return picture(self.value)


def read_field(value: Any, slot: Slot) -> Any:
    """The field of one value; ``None`` has ``None`` in every field.

    Raises:
        ContractError: it has no such field.
    """
    name = slot.column
    for field in slot.fields:
        if value is None:
            return None
        value = _attribute(value, field, name)
        name = f"{name}.{field}"
    return value


def read_fields(values: Sequence[Any], slot: Slot) -> list[Any]:
    """A field of many values, with an `Unread` where one has none."""
    read: list[Any] = []
    for value in values:
        try:
            read.append(read_field(value, slot))
        except Exception as error:  # also what a property raises
            read.append(Unread(value, error))
    return read


def _attribute(value: Any, field: str, column: str) -> Any:
    try:
        found = getattr(value, field)
    except AttributeError as error:
        if hasattr(type(value), field):  # a property, whose own code looked for what is not there
            raise
        raise _no_field(value, field, column) from error
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # sys.exit() in a property fails a row, not its reader
        raise ContractError(f"reading the field '{column}.{field}' raised {brief(error)}") from error
    kind = type(found)
    if kind is MethodType or kind is BuiltinMethodType:
        raise _no_field(value, field, column)
    if is_no_value(kind):
        raise _read_once(f"{column}.{field}", found)
    return found


def _read_once(name: str, found: Any) -> ContractError:
    if hasattr(found, "__next__"):
        cure = "let the property give a list, or a flat_map make rows of the whole value"
        return ContractError(
            f"the field {name!r} gave an iterator ({type(found).__name__}), which can be read only once: {cure}"
        )
    return ContractError(f"the field {name!r} gave a {type(found).__name__}, which nobody awaits")


def _no_field(value: Any, field: str, column: str) -> ContractError:
    kind = type(value)
    known = (n for n in dir(value) if n[0] != "_" and not callable(getattr_static(kind, n, None)))
    near = did_you_mean(f"{column}.{name}" for name in nearest(field, known, 1))
    return ContractError(
        f"the column {column!r} holds a {kind.__name__}, which has no field {field!r} to read as "
        f"{f'{column}.{field}'!r}.{near}"
    )


class FieldApplier(Applier):
    """Lets rows fail whose fields could not be read, and hands the others on.

    Args:
        applier: who works on the others.
        in_lists: whether each value is a list of rows that were grouped.
    """

    def __init__(self, applier: Applier, *, in_lists: bool) -> None:
        self._applier = applier
        self._why = first_unread if in_lists else unread

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._applier.batch_rows

    def draw(self, values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
        """Up to so many values of an iterator that the callable gave, and the error that ended it."""
        return self._applier.draw(values, most)

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        """As every applier."""
        wrong = {row: why for column in columns for row, value in enumerate(column) if (why := self._why(value))}
        if not wrong:
            return self._applier(columns, num_rows, stop=stop)
        end = min(wrong) if stop else num_rows
        self._applier.skip(wrong)
        places = [row for row in range(end) if row not in wrong]
        rest = [[column[row] for row in places] for column in columns]
        given, failures = self._applier(rest, len(places), stop=stop) if places else ([], [])
        if stop:
            return given, failures or [Failure(end, wrong[end])]
        results: list[Any] = [None] * num_rows
        for row, result in zip(places, given, strict=True):
            results[row] = result
        failed = [Failure(places[f.row], f.error) for f in failures]
        failed += [Failure(row, error) for row, error in wrong.items()]
        return results, sorted(failed, key=lambda failure: failure.row)


def unread(value: Any) -> Exception | None:
    """Why a field could not be read."""
    return value.error if isinstance(value, Unread) else None


def first_unread(values: Iterable[Any]) -> Exception | None:
    """Why the first of several fields could not be read."""
    return next((value.error for value in values if isinstance(value, Unread)), None)


def each_read(values: Iterable[Any], num_columns: int) -> Iterator[Any]:
    """The values of a scope one by one (tuples, for several columns).

    Raises:
        Exception: what a field raised, when its turn comes.
    """
    for value in values:
        if (error := first_unread(value) if num_columns > 1 else unread(value)) is not None:
            raise error
        yield value
