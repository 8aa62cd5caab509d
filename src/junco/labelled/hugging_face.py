"""Data sets of the library datasets: names of classes for their numbers, pictures and sounds as their files' bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.job.wanted import Told
from junco.labelled.columns import Columns
from junco.labelled.indexed import named_labels
from junco.labelled.lazy import LazyItem
from junco.labelled.sets import AnySet, set_of

_MEDIA = ("Image", "Audio", "Video")


def is_data_set(data: Any) -> bool:
    """Whether it is one, whose rows are there by their numbers."""
    return hasattr(data, "column_names") and hasattr(data, "features") and hasattr(data, "__len__")


def has_media(data: Any, columns: Columns) -> bool:
    """Whether one of the columns of items holds pictures or sounds, which the library would decode all at once."""
    return any(_is_media(data, name) for name in columns.items)


def of_media(data: Any, columns: Columns, what: str) -> AnySet:
    """What is known of its items, each of which is read from the data set's file when it is needed, and not decoded."""
    told = Told()
    count = len(data)
    items = [_lazy(data, name, count) if _is_media(data, name) else list(data[name]) for name in columns.items]
    extra = columns.label or columns.score
    values = named(data, extra, told) if extra else []
    return set_of(columns, items, values, [str(number) for number in range(count)], tuple(told.lines), what)


def named(data: Any, column: str, told: Told) -> list[Any]:
    """A column's values; of one of numbers of classes the classes' names, which it has where these are known."""
    return named_labels(list(data[column]), getattr(data.features.get(column), "names", None), told)


def has_class_names(data: Any, column: str) -> bool:
    """Whether a column holds numbers of classes that have names."""
    return bool(getattr(data.features.get(column), "names", None))


def _is_media(data: Any, column: str) -> bool:
    return type(data.features.get(column)).__name__ in _MEDIA


def _lazy(data: Any, column: str, count: int) -> Sequence[Any]:
    """The cells of a column as the library keeps them: ``{"bytes": …, "path": …}``, which every decoder takes."""
    kind = type(data.features[column])
    plain = data.select_columns([column]).cast_column(column, kind(decode=False))
    return [LazyItem(plain, number, column) for number in range(count)]
