"""One's own folder or table as a data set: a folder of classes or of parts, a table with labels or without."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from junco.datasets.card import DataCard
from junco.datasets.rows import LABEL, Rows, Table
from junco.errors import DataError
from junco.job.kinds import kind_of
from junco.job.source import items_of
from junco.job.wanted import Told, Wanted
from junco.labelled.columns import LABELS, PAIRS
from junco.labelled.content import path_of
from junco.labelled.items import read_items
from junco.labelled.lazy import asked
from junco.labelled.parts import HELD_OUT, TRAIN, parts_of
from junco.labelled.reading import column_names_of, read_data
from junco.labelled.retrieval import is_retrieval_folder
from junco.labelled.sets import LabelledSet, UnlabelledSet
from junco.wording import some_listed

_TABLES = (".parquet", ".csv", ".tsv", ".jsonl")
_CARD = ("dataset.yaml", "README.md")
_ANY = LabelledSet | UnlabelledSet


def own_rows(card: DataCard) -> Rows:
    """The rows of a folder or a table.

    Raises:
        DataError: nothing can be read in it, or it is no list of items.
        JobError: it is not there.
    """
    place = Path(card.place)
    if place.is_dir() and is_retrieval_folder(place):
        raise DataError(f"{place} is a retrieval set, which evaluate and train take as it is, and no list of items")
    parts = parts_of(card.place)
    each = parts.each if parts is not None else _tables_in(place)
    if len(each) < 2:
        return _rows(card, _read(Path(next(iter(each.values()), place))), {})
    read = {name: _read(Path(one)) for name, one in each.items()}
    numbers, start = {}, 0
    for name, found in read.items():
        numbers[name] = range(start, start + len(found))
        start += len(found)
    return _rows(card, _joined(list(read.values())), numbers)


def _tables_in(folder: Path) -> dict[str, Path]:
    """The tables of a folder that holds nothing else: one, or several that are called as parts are."""
    if not folder.is_dir():
        return {}
    there = [each for each in sorted(folder.iterdir()) if each.name not in _CARD and not each.name.startswith(".")]
    if not all(each.is_file() and each.suffix.lower() in _TABLES for each in there):
        return {}
    named = {each.stem: each for each in there}
    are_parts = all(name.casefold() in (*TRAIN, *HELD_OUT) for name in named) and len(named) == len(there)
    return named if len(there) == 1 or are_parts else {}


def _read(place: Path) -> _ANY:
    """Items with labels, where there are any."""
    if place.is_dir():
        return files_of(place)
    if place.is_file() and kind_of(place.name) is None:
        raise DataError(f"{place} is one file, and no table: give a folder, or a table")
    names = {name.strip().casefold() for name in column_names_of(str(place), str(place))} if place.exists() else set()
    inputs = ("path",) if "path" in names else ("text",)
    are_pairs = any(names.issuperset(pair) for pair in PAIRS)
    if not (are_pairs or names & {*LABELS}):
        return read_items(place, inputs)
    found = read_data(place, inputs)
    if not isinstance(found, LabelledSet):
        raise DataError(f"{place} holds {found!r}, and no list of items: give it to evaluate or train as it is")
    return found


def files_of(folder: Path) -> _ANY:
    """The files beneath a folder, each of the class that the first folder on its way is called, where there are such.

    Raises:
        DataError: there are none.
        JobError: a folder cannot be read.
    """
    told = Told()
    items: list[str] = []
    labels: list[str] = []
    loose: list[str] = []
    for item in items_of(str(folder), Wanted(("path",), tell=told)):
        first, *rest = Path(item.key).relative_to(folder).parts
        if not rest and first in _CARD:
            continue
        if rest:
            items.append(item.key)
            labels.append(first)
        else:
            loose.append(item.key)
    if not items and not loose:
        raise DataError(f"{folder} has no files in it")
    if not items:
        return UnlabelledSet(loose, _beneath(loose, folder), tuple(told.lines))
    if loose:
        names, are = some_listed(_beneath(loose, folder)), "is" if len(loose) == 1 else "are"
        told(f"{folder}: {names} {are} in no class's folder, and left out")
    return LabelledSet(items, labels, _beneath(items, folder), tuple(told.lines))


def _beneath(paths: Sequence[str], folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in paths]


def _joined(sets: Sequence[_ANY]) -> _ANY:
    items = [item for each in sets for item in each.items]
    keys = [key for each in sets for key in each.keys]
    told = tuple(dict.fromkeys(line for each in sets for line in each.told))
    labelled = [each for each in sets if isinstance(each, LabelledSet)]
    if len(labelled) < len(sets):
        return UnlabelledSet(items, keys, told)
    return LabelledSet(items, [label for each in labelled for label in each.labels], keys, told)


def _rows(card: DataCard, found: _ANY, parts: Mapping[str, Sequence[int]]) -> Rows:
    labels = found.labels if isinstance(found, LabelledSet) else None
    first = found.items[0]
    column = "text" if isinstance(first, str) and path_of(first) is None else "path"
    columns = (column,) if labels is None else (column, LABEL)

    def row(number: int) -> dict[str, Any]:
        told = {column: asked(found.items[number])}
        return told if labels is None else {**told, LABEL: labels[number]}

    def values(name: str, numbers: Sequence[int]) -> Iterator[Any]:
        if name == LABEL and labels is not None:
            return (labels[number] for number in numbers)
        return (asked(found.items[number]) for number in numbers)

    table = Table(columns, len(found.items), row, values)
    return Rows(card, table, numbers=range(table.count), own_parts=parts, told=found.told)
