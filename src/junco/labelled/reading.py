"""Data of any shape → what is known of its items: a folder of classes, a table, a retrieval set, an iterable."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from junco.errors import DataError
from junco.job.frames import frame_of
from junco.job.item import BadRow, Item
from junco.job.keeping import Keeping
from junco.job.kinds import is_url, kind_of
from junco.job.source import items_of
from junco.job.wanted import LeftOut, Told, Wanted
from junco.labelled.columns import Columns, columns_of
from junco.labelled.hugging_face import has_class_names, has_media, is_data_set, named, of_media
from junco.labelled.indexed import is_indexed, named_labels, of_indexed
from junco.labelled.lazy import plain_item
from junco.labelled.listing import listed
from junco.labelled.parts import Parts, parts_of
from junco.labelled.retrieval import RetrievalPart, is_retrieval_folder, read_retrieval
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TripletSet, checked_labels, set_of
from junco.labelled.values import item_value
from junco.settings import user_path
from junco.types.named_rows import NamedRows
from junco.wording import and_listed, picture, some_listed

_USUAL = {".git", ".ipynb_checkpoints", ".cache", ".Trash", ".venv"}
"""Hidden folders that nobody takes for a class."""


class _ColumnsSeen(Exception):
    """A table has told its columns."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self.columns = list(columns)


def read_data(
    data: Any, inputs: Sequence[str] = ("item",), *, column: str | None = None, label: str | None = None
) -> AnySet:
    """What is known of the items of ``data``.

    Args:
        data: a folder with a folder for each class; a table (``.csv``, ``.jsonl``, ``.parquet`` …, a DataFrame, a data
            set of the library datasets, a mapping of columns) with a column of labels, two of items that belong
            together (and a score), or three; a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/``; an
            iterable of (item, label), or of rows with names; a set that was read before.
        inputs: what the pipeline calls its inputs.
        column: of a table, the items.
        label: of a table, the labels.

    Raises:
        DataError: nothing is known of its items, or what is known cannot be.
        JobError: it cannot be read.
    """
    if isinstance(data, (LabelledSet, PairSet, TripletSet, RetrievalSet)):
        return data
    if isinstance(data, RetrievalPart):
        return read_retrieval(data.folder, data.split)
    return _read(data, inputs, column, label)


def _read(data: Any, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    """Of what was not read before."""
    if (parts := parts_of(data)) is not None:
        return _of_part(parts, inputs, column, label)
    if isinstance(data, (str, os.PathLike)):
        return _of_path(os.fsdecode(data), inputs, column, label)
    if isinstance(data, NamedRows) and (found := _of_named_rows(data, inputs, column, label)) is not None:
        return found
    if is_data_set(data):
        return _of_data_set(data, inputs, column, label)
    if frame_of(data) is not None:
        return _of_table(data, "the table", inputs, column, label)
    return _of_values(data, inputs, column, label)


def _of_named_rows(data: NamedRows, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet | None:
    """What such rows know of themselves, or lazily what their columns say; ``None``: they may as well all be read."""
    known: AnySet | None = data.known()
    return of_indexed(data, inputs, column, label) if known is None and is_indexed(data) else known


def _of_part(parts: Parts, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    """Of data in parts, the one to measure by."""
    name = parts.held_out or parts.train
    if name is None:
        raise DataError(f"{parts.what} has the parts {and_listed([*parts.each])}: give one of them")
    found = read_data(parts[name], inputs, column=column, label=label)
    line = f"{parts.what} has the parts {and_listed([*parts.each])}: this is {name!r}"
    return replace(found, told=(line, *found.told)) if len(parts.each) > 1 else found


def _of_data_set(data: Any, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    """Of a data set of the library datasets."""
    what = "the data set"
    columns = columns_of(data.column_names, inputs, column, label, what)
    if has_media(data, columns):
        return of_media(data, columns, what)
    if not (columns.label and has_class_names(data, columns.label)):
        return _of_table(data, what, inputs, column, label)
    told = Told()
    item = columns.items[0]
    table = {item: list(data[item]), columns.label: named(data, columns.label, told)}
    found = _of_table(table, what, inputs, item, columns.label)
    return replace(found, told=(*told.lines, *found.told))


def _of_path(text: str, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    if not is_url(text):
        path = user_path(text, "the data")
        if is_retrieval_folder(path):
            return read_retrieval(path)
        if path.is_dir():
            return _of_classes(path, inputs)
        if path.is_file() and kind_of(path.name) is None:
            raise DataError(f"{path} is one file, and no table: give a folder with a folder for each class, or a table")
        if not path.exists():
            raise DataError(f"{path} is not there: give a folder with a folder for each class, or a table")
    return _of_table(text, text, inputs, column, label)


def _of_classes(folder: Path, inputs: Sequence[str]) -> LabelledSet:
    """The files of a folder of folders: each is of the class that the first folder on its way is called.

    Where the pipeline takes texts, an item is what a file says, as in a job.
    """
    told = Told()
    items: list[Any] = []
    labels: list[str] = []
    keys: list[str] = []
    loose: list[str] = []
    for item in items_of(str(folder), Wanted(tuple(inputs)[:1], tell=told)):
        first, *rest = Path(item.key).relative_to(folder).parts
        if not rest:
            loose.append(first)
        elif (value := item_value(item, told)) is not None:
            items.append(value)
            labels.append(first)
            keys.append(os.path.relpath(item.key, folder))
    if not items:
        what = f" that hold what is taken here ({inputs[0]})" if inputs else ""
        raise DataError(f"{folder} has no folders with files in them{what}: its items come as {folder.name}/CLASS/file")
    if hidden := _hidden_folders(folder):
        told(f"{folder}: left out, as all whose names begin with a dot: {some_listed(hidden)}")
    if loose:
        told(f"{folder}: {some_listed(loose)} {'is' if len(loose) == 1 else 'are'} in no class's folder, and left out")
    return LabelledSet(items, checked_labels(labels, str(folder)), keys, tuple(told.lines))


def _hidden_folders(folder: Path) -> list[str]:
    """Folders with something in them that are passed over, as all are whose names begin with a dot."""
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.name.startswith(".") and entry.name not in _USUAL and entry.is_dir() and any(Path(entry).iterdir())
        )


def _of_table(source: Any, what: str, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    """Of a table whose columns tell what they hold."""
    there = column_names_of(source, what)
    columns = columns_of(there, inputs, column, label, what)
    told = Told()
    extra = tuple(filter(None, (columns.label, columns.score)))
    keeping = Keeping(None, extra, outputs=()) if extra else None
    wanted = Wanted(columns.items, tell=told, keeping=keeping)
    if len(columns.items) == 1:
        # by name, and still texts where the pipeline takes texts
        wanted = replace(
            wanted, columns=tuple(inputs)[:1] if len(inputs) == 1 else columns.items, column=columns.items[0]
        )
    rows = list(items_of(source, wanted))
    if isinstance(source, NamedRows) and len(there) == len(columns.items) + len(extra):
        told.lines[:] = [line for line in told.lines if "; kept: " not in line]  # there was no column to choose
    return _as_set(rows, columns, what, told)


def _as_set(rows: Sequence[Item], columns: Columns, what: str, told: Told) -> AnySet:
    good = [row for row in rows if not isinstance(getattr(row.read, "__self__", None), BadRow)]
    if bad := [(row.key, each) for row in rows if isinstance(each := getattr(row.read, "__self__", None), BadRow)]:
        key, first = bad[0]
        some = "1 row is none, and left out" if len(bad) == 1 else f"{len(bad):,} rows are none, and left out, first"
        told(LeftOut(f"{what}: {some}: {key}: {first.reason}"))
    if not good:
        raise DataError(f"{what} has no rows")
    values = [item_value(row, told) for row in good]
    items = [values] if len(columns.items) == 1 else [list(each) for each in zip(*values, strict=True)]
    named = columns.label or columns.score
    extra = [row.kept[named] for row in good] if named else []
    return set_of(columns, items, extra, [row.key for row in good], tuple(told.lines), what)


def column_names_of(source: Any, what: str) -> list[str]:
    """What a table calls its columns."""

    def seen(columns: Sequence[str]) -> None:
        raise _ColumnsSeen(columns)

    try:
        next(items_of(source, Wanted(("item",), keeping=Keeping(None, "*", outputs=()), see=seen)), None)
    except _ColumnsSeen as told:
        return told.columns
    raise DataError(f"{what} is no table with named columns, so that nothing is known of its items")


def _of_values(data: Any, inputs: Sequence[str], column: str | None, label: str | None) -> AnySet:
    """Of an iterable, or of what has a length and items by their number, as data sets of torch do."""
    if is_indexed(data) and (lazily := of_indexed(data, inputs, column, label)) is not None:
        return lazily
    values = listed(data)
    if not values:
        raise DataError("the data has no items")
    if all(isinstance(value, Mapping) for value in values):
        names = list(dict.fromkeys(name for value in values for name in value))
        table = {name: [value.get(name) for value in values] for name in names}
        return _of_table(table, "the data", inputs, column, label)
    for number, value in enumerate(values, 1):
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise DataError(
                f"item {number} of the data is {picture(value)}: it takes (item, label), or rows with names "
                "({'anchor': …, 'positive': …}), or a folder, or a table"
            )
    items, labels = zip(*values, strict=True)
    told = Told()
    names = named_labels(labels, getattr(data, "classes", None), told)
    keys = [str(n) for n in range(len(values))]
    return LabelledSet(list(map(plain_item, items)), checked_labels(names, "the data"), keys, tuple(told.lines))
