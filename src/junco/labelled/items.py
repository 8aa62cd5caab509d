"""Items of which nothing is known: a folder, a list, a table, an iterable."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from junco.errors import DataError
from junco.job.frames import frame_of
from junco.job.item import BadRow
from junco.job.source import items_of
from junco.job.wanted import Told, Wanted
from junco.labelled.indexed import is_indexed
from junco.labelled.lazy import LazyItem, is_heavy, plain_item
from junco.labelled.listing import listed
from junco.labelled.sets import LabelledSet, UnlabelledSet
from junco.labelled.values import item_value
from junco.wording import NOT_OURS, brief


def read_items(data: Any, inputs: Sequence[str] = ("item",), *, column: str | None = None) -> UnlabelledSet:
    """The items of ``data``, whatever may be known of them.

    Args:
        data: all that a job takes as its source (a folder with its folders, a pattern, a list or table in a file, a
            DataFrame, an iterable), a data set that gives items by their number, or a set that was read before.
        inputs: what the pipeline calls its inputs.
        column: of a table, the items.

    Raises:
        DataError: there are none, or no end of them.
        JobError: it cannot be read.
    """
    if isinstance(data, UnlabelledSet):
        return data
    if isinstance(data, LabelledSet):
        return UnlabelledSet(data.items, data.keys, data.told)
    told = Told()
    source = data
    if not isinstance(data, (str, os.PathLike)) and frame_of(data) is None:
        if is_indexed(data) and (lazily := _of_indexed(data)) is not None:
            return lazily
        source = _without_labels(listed(data), told)
    items: list[Any] = []
    keys: list[str] = []
    for item in items_of(source, Wanted(tuple(inputs)[:1], column, tell=told)):
        if isinstance(row := getattr(item.read, "__self__", None), BadRow):
            told(f"{item.key} is left out: {row.reason}")
        elif (value := item_value(item, told)) is not None:
            items.append(plain_item(value))
            keys.append(item.key)
    if not items:
        raise DataError("the data has no items")
    return UnlabelledSet(items, _beneath(keys, data), tuple(told.lines))


def _without_labels(values: list[Any], told: Told) -> list[Any]:
    """Items alone, where all come with a label."""
    if not values or not all(isinstance(each, (tuple, list)) and len(each) == 2 for each in values):
        return values
    if not all(isinstance(label, (str, int)) for _, label in values):
        return values
    told("each item comes with a label, which is not looked at")
    return [item for item, _ in values]


def _beneath(keys: list[str], data: Any) -> list[str]:
    """Names of files from the folder that they lie in."""
    if not isinstance(data, (str, os.PathLike)) or not Path(os.fsdecode(data)).is_dir():
        return keys
    return [os.path.relpath(key, os.fsdecode(data)) for key in keys]


def _of_indexed(data: Any) -> UnlabelledSet | None:
    """Of data that gives items by their number, alone or with labels; ``None``: they may as well all be read."""
    if not (count := len(data)):
        raise DataError("the data has no items")
    try:
        first = data[0]
    except NOT_OURS as error:
        raise DataError(f"item 0 of the data cannot be had: {brief(error)}") from error
    field = 0 if isinstance(first, (tuple, list)) and len(first) == 2 else None
    if not is_heavy(first if field is None else first[field]) or isinstance(first, Mapping):
        return None
    return UnlabelledSet([LazyItem(data, number, field) for number in range(count)], [*map(str, range(count))])
