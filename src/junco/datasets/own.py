"""One's own folder or table as a data set: a folder of classes or of parts, a table, a retrieval set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from junco.datasets.card import DataCard
from junco.datasets.rows import LABEL, Rows, Table
from junco.errors import DataError
from junco.labelled.items import read_items
from junco.labelled.lazy import asked
from junco.labelled.parts import parts_of
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, UnlabelledSet

_TEXTS = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".txt")


def own_rows(card: DataCard) -> Rows:
    """The rows of a folder or a table.

    Raises:
        DataError: nothing can be read in it, or it is no list of items.
        JobError: it is not there.
    """
    parts = parts_of(card.place)
    if parts is None:
        found = _read(card.place)
        return _rows(card, found, {})
    read = {name: _read(each) for name, each in parts.each.items()}
    numbers, start = {}, 0
    for name, each in read.items():
        numbers[name] = range(start, start + len(each))
        start += len(each)
    return _rows(card, _joined(list(read.values())), numbers)


def _read(place: Any) -> LabelledSet | UnlabelledSet:
    """Items with labels, where there are any."""
    inputs = ("text",) if str(place).lower().endswith(_TEXTS) else ("path",)
    try:
        found = read_data(place, inputs)
    except DataError:
        return read_items(place, inputs)
    if not isinstance(found, LabelledSet):
        raise DataError(f"{place} holds {found!r}, which are no rows of items: give it to evaluate or train as it is")
    return found


def _joined(sets: Sequence[LabelledSet | UnlabelledSet]) -> LabelledSet | UnlabelledSet:
    items = [item for each in sets for item in each.items]
    keys = [key for each in sets for key in each.keys]
    told = tuple(line for each in sets for line in each.told)
    if all(isinstance(each, LabelledSet) for each in sets):
        return LabelledSet(items, [label for each in sets for label in each.labels], keys, told)  # type: ignore[union-attr]
    return UnlabelledSet(items, keys, told)


def _rows(card: DataCard, found: LabelledSet | UnlabelledSet, parts: Mapping[str, Sequence[int]]) -> Rows:
    labels = found.labels if isinstance(found, LabelledSet) else None
    column = "path" if _are_paths(found.items) else "text"
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


def _are_paths(items: Sequence[Any]) -> bool:
    """Whether items are names of files: the first tells."""
    from junco.tuning.content import path_of

    first = items[0]
    return not isinstance(first, str) or path_of(first) is not None
