"""`Inventory`: the items of some data, with their labels, parts and names, and what each of them is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.datasets.facts import Facts, facts_of_all
from junco.datasets.loading import load, place_first
from junco.datasets.rows import LABEL, Rows
from junco.errors import InputError
from junco.labelled.content import Contents, Watch, contents_of, unwatched
from junco.types.named_rows import NamedRows


@dataclass(frozen=True, eq=False)
class Inventory:
    """Items of one or several sources.

    Attributes:
        name: of the data, for people.
        items: what a pipeline takes.
        keys: what each is called.
        labels: of each; ``None``: there are none.
        parts: of each the name of its part; empty texts where there is one whole.
        contents: what each holds.
        facts: what each is.
        told: what was found out on the way, a line each.
    """

    name: str
    items: Sequence[Any]
    keys: Sequence[str]
    labels: Sequence[Any] | None
    parts: Sequence[str]
    contents: Contents
    facts: Sequence[Facts]
    told: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)

    def said(self, row: int) -> str:
        """What a row is called, with its part and label."""
        label = f" ({self.labels[row]})" if self.labels is not None else ""
        return f"{self.parts[row]}: {self.keys[row]}{label}" if self.parts[row] else f"{self.keys[row]}{label}"


def inventory(
    sources: Sequence[Any], *, looks: bool = True, accept_licence: bool = False, watch: Watch = unwatched
) -> Inventory:
    """Read what there is.

    Args:
        sources: folders, tables, names of the catalogue, or rows of a data set; several are parts of one.
        looks: whether to tell how pictures look.
        accept_licence: as `load` takes it.
        watch: is told how much is read.

    Raises:
        InputError: there is no source, or one that is no list of items.
        JuncoError: as `load`.
    """
    if not sources:
        raise InputError("there is nothing to report on: give a folder, a table or a name of the catalogue")
    loaded = [_loaded(each, accept_licence) for each in sources]
    columns = [_columns(each) for each in loaded]
    names = _part_names(sources, loaded)
    items = [
        _item(item, column) for each, (column, _) in zip(loaded, columns, strict=True) for item in each.column(column)
    ]
    has_labels = all(label for _, label in columns)
    labels = [label for each in loaded for label in each.column(LABEL)] if has_labels else None
    parts = [part for each, name in zip(loaded, names, strict=True) for part in _parts(each, name)]
    are_texts = all(column == "text" for column, _ in columns)
    contents = contents_of(items, are_texts=are_texts, watch=watch)
    facts = []
    for number, each in enumerate(facts_of_all(items, looks=looks), 1):
        facts.append(each)
        watch("looking", number, len(items))
    told = tuple(dict.fromkeys(line for each in loaded for line in each.told))
    keys = [_key(item, row, sources) for row, item in enumerate(items)]
    name = ", ".join(each.card.title for each in loaded)
    return Inventory(name, items, keys, labels, parts, contents, facts, (*told, *contents.told()))


def _loaded(source: Any, accept_licence: bool) -> Rows:
    is_read = isinstance(source, NamedRows)
    data: Any = source if is_read else load(place_first(source), accept_licence=accept_licence)
    if not isinstance(data, Rows):
        raise InputError(f"{data!r} is no list of items with labels: give a folder, a table, or rows")
    if not len(data):
        raise InputError(f"{data!r}: there is nothing in it")
    return data


def _columns(data: Rows) -> tuple[str, bool]:
    """The column of items, and whether there are labels."""
    first = next(name for name in data.column_names if name != LABEL)
    return first, LABEL in data.column_names


def _item(item: Any, column: str) -> Any:
    """An item; a path that looks like a text is one by its type."""
    return Path(item) if column == "path" and isinstance(item, str) and ("\n" in item or not item.strip()) else item


def _part_names(sources: Sequence[Any], loaded: Sequence[Rows]) -> list[str]:
    """What each of several sources is called as a part; nothing where there is one."""
    if len(loaded) == 1:
        return [loaded[0].split]
    names = [each.split or each.card.title for each in loaded]
    if len(set(names)) < len(names):
        names = [
            str(source) if isinstance(source, (str, os.PathLike)) else name
            for source, name in zip(sources, names, strict=True)
        ]
    return [f"{name} ({number})" if names.count(name) > 1 else name for number, name in enumerate(names, 1)]


def _parts(data: Rows, name: str) -> list[str]:
    if not data.own_parts or data.split:
        return [name] * len(data)
    found = [""] * len(data)
    for part, numbers in data.own_parts.items():
        for number in numbers:
            found[number] = f"{name}/{part}" if name else part
    return found


def _key(item: Any, row: int, sources: Sequence[Any]) -> str:
    if isinstance(item, (str, Path)):
        item = str(item)
        base = str(sources[0]) if len(sources) == 1 and isinstance(sources[0], (str, os.PathLike)) else ""
        is_beneath = bool(base) and item.startswith(base.rstrip("/") + "/")
        return os.path.relpath(item, base) if is_beneath else item
    if isinstance(item, dict) and item.get("path"):
        return str(item["path"])
    return f"item {row:,}"


def unread(path: str) -> str:
    """Why a path cannot stand in a table; empty: it can."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is no valid Unicode, which tables need"
    return ""
