"""Data sets that give a row for a number, as those of torch and torchvision do: their items stay where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from junco.errors import DataError
from junco.job.wanted import Told
from junco.labelled.columns import Columns, columns_of
from junco.labelled.lazy import LazyItem, is_heavy
from junco.labelled.sets import AnySet, LabelledSet, checked_labels, set_of
from junco.wording import NOT_OURS, brief, picture

_TOLD_LABELS = ("targets", "labels", "_labels", "y")
"""Where data sets of torchvision keep the labels of all items, which need not be decoded for them."""


def is_indexed(data: Any) -> bool:
    """Whether data gives items by their number, and is no list of them."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, (Sequence, Mapping))


def of_indexed(data: Any, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet | None:
    """What is known of the items of such data, each of which is asked for when it is needed.

    ``None``: its items are texts, paths and the like, and may as well all be read.

    Raises:
        DataError: no items, a first one that cannot be had, or rows that say nothing of them.
    """
    count = len(data)
    if not count:
        raise DataError("the data has no items")
    try:
        first = data[0]
    except NOT_OURS as error:
        raise DataError(f"item 0 of the data cannot be had: {brief(error)}") from error
    if isinstance(first, Mapping):
        columns = columns_of(list(map(str, first)), inputs, column, label, "the data")
        is_lazy = any(is_heavy(first[name]) for name in columns.items)
        return _of_rows(data, count, columns) if is_lazy else None
    if not (isinstance(first, (tuple, list)) and len(first) == 2 and is_heavy(first[0])):
        return None
    told = Told()
    there, labels = _labels(data, count, 1, first, told)
    labels = named_labels(labels, getattr(data, "classes", None), told)
    items = [LazyItem(data, number, 0) for number in there]
    keys = [str(number) for number in there]
    return LabelledSet(items, checked_labels(labels, "the data"), keys, tuple(told.lines))


def _of_rows(data: Any, count: int, columns: Columns) -> AnySet:
    """Of rows with names."""
    told = Told()
    extra = columns.label or columns.score
    there, extras = _values(data, count, extra, told) if extra else (list(range(count)), [])
    items = [[LazyItem(data, number, name) for number in there] for name in columns.items]
    keys = [str(number) for number in there]
    labels = named_labels(extras, getattr(data, "classes", None), told) if columns.label else extras
    return set_of(columns, items, labels, keys, tuple(told.lines), "the data")


def _labels(data: Any, count: int, field: int, first: Sequence[Any], told: Told) -> tuple[list[int], list[Any]]:
    """The labels of all items that can be had: those that the data set keeps, if they are those that it gives."""
    for name in _TOLD_LABELS:
        kept: Any = getattr(data, name, None)
        kept = kept.tolist() if hasattr(kept, "tolist") else kept
        if isinstance(kept, (list, tuple)) and len(kept) == count and _agree(data, kept, field, first):
            return list(range(count)), list(kept)
    return _values(data, count, field, told)


def _agree(data: Any, kept: Sequence[Any], field: int, first: Sequence[Any]) -> bool:
    try:
        given = (first[field], data[len(kept) // 2][field], data[len(kept) - 1][field])
        return all(bool(a == b) for a, b in zip(given, (kept[0], kept[len(kept) // 2], kept[-1]), strict=True))
    except NOT_OURS:
        return False


def _values(data: Any, count: int, field: int | str, told: Told) -> tuple[list[int], list[Any]]:
    """A field of all rows that can be had, and their numbers; of the others it is told."""
    there, found = [], []
    for number in range(count):
        try:
            found.append(data[number][field])
            there.append(number)
        except NOT_OURS as error:
            told(f"item {number:,} of the data cannot be had, and is left out: {brief(error)}")
    if not there:
        raise DataError(f"of the {count:,} items of the data none can be had: {told.lines[0]}")
    return there, found


def named_labels(labels: Sequence[Any], names: Any, told: Told) -> list[Any]:
    """Labels that are numbers of names by these; as they are, where they are none. A number below 0 is no label."""
    plain = [label.item() if hasattr(label, "item") and not getattr(label, "ndim", 1) else label for label in labels]
    is_names = isinstance(names, (list, tuple)) and names and all(isinstance(each, str) for each in names)
    if not is_names or len(set(names)) < len(names):
        return plain
    if not all(label is None or (type(label) is int and label < len(names)) for label in plain):
        return plain
    told(f"labels are called by their names in the data: {picture(names[0])} for 0, and so on")
    return [None if label is None or label < 0 else names[label] for label in plain]
