"""`split`: data into tables for training and measuring, by content, so that no copy stands on both sides."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.datasets.getting import new_folder
from junco.datasets.loading import load, place_first
from junco.datasets.rows import LABEL, Rows
from junco.datasets.tables import write_rows
from junco.errors import InputError, ParameterError
from junco.labelled.content import Watch, unwatched
from junco.labelled.sets import LabelledSet, TrainSet, UnlabelledSet
from junco.pages.letters import amount
from junco.settings import user_path
from junco.tuning.split import SplitOptions
from junco.tuning.split import split as split_by_content
from junco.types.named_rows import NamedRows
from junco.wording import printable_lines


@dataclass(frozen=True, eq=False, repr=False)
class SplitReport:
    """Data cut into parts.

    Attributes:
        parts: the items of each part, by its name.
        seed: of what was drawn.
        paths: of the tables that were written.
        told: what was found out and decided, a line each.
    """

    parts: Mapping[str, LabelledSet | UnlabelledSet]
    seed: int
    paths: Mapping[str, Path]
    told: tuple[str, ...]

    def counts(self) -> dict[str, dict[str, int]]:
        """By a part's name how many items of each label it has."""
        return {
            name: {str(label): count for label, count in sorted(Counter(map(str, part.labels)).items())}
            for name, part in self.parts.items()
            if isinstance(part, LabelledSet)
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return {
            "parts": {name: len(part) for name, part in self.parts.items()},
            "labels": self.counts(),
            "seed": self.seed,
            "paths": {name: str(path) for name, path in self.paths.items()},
            "told": list(self.told),
        }

    def __str__(self) -> str:
        whole = sum(map(len, self.parts.values()))
        lines = []
        for name, part in self.parts.items():
            labels = f" of {amount(len(part.counts), 'label')}" if isinstance(part, LabelledSet) else ""
            where = f"  {self.paths[name]}" if name in self.paths else ""
            lines.append(f"{name:10} {len(part):>9,} items ({len(part) / whole:.0%}){labels}{where}")
        return printable_lines([*lines, *(f"  {line}" for line in self.told)])

    def __repr__(self) -> str:
        return f"<split: {', '.join(f'{name} {len(part):,}' for name, part in self.parts.items())}>"


def split(
    source: Any,
    to: str | os.PathLike[str] | None = None,
    *,
    test: float = 0.2,
    validation: float = 0.0,
    seed: int = 0,
    accept_licence: bool = False,
    watch: Watch = unwatched,
) -> SplitReport:
    """Cut data into ``train``, ``test`` and, if wanted, ``validation``: shares of each label, drawn by content.

    Neither the order nor the names of files change what is drawn. Copies stay together.

    Args:
        source: a folder, a table, a name of the catalogue, or rows of a data set.
        to: a new folder for ``train.parquet``, ``test.parquet`` …, which training takes; ``None``: nothing is written.
        test, validation: shares of all.
        seed: of what is drawn.
        accept_licence: as `load` takes it.
        watch: is told how much is read.

    Raises:
        ParameterError: shares that leave nothing to train on.
        DataError: one content has two labels, or there is too little.
        InputError: it is in parts already.
        TargetError: the folder is there already, or cannot be written.
    """
    if not (0 < test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ParameterError(f"test={test:g} and validation={validation:g}: shares above 0 that leave some to train on")
    data = source if isinstance(source, NamedRows) else load(place_first(source), accept_licence=accept_licence)
    if not isinstance(data, Rows):
        raise InputError(f"{data!r} is no list of items: training cuts it by eval_data=")
    if data.parts:
        raise InputError(f"{data!r} is in parts already ({', '.join(data.parts)}): they are best kept")
    known = _set(data)
    options = SplitOptions(_inputs(data), has_labels=isinstance(known, LabelledSet), watch=watch)
    first = split_by_content(known, test, seed, options)
    parts: dict[str, TrainSet | None] = {"train": first.train, "test": first.eval}
    told = [*data.told, *first.told]
    if validation:
        second = split_by_content(first.train, validation / (1 - test), seed, options)
        parts |= {"train": second.train, "validation": second.eval}
        told += second.told
    found = {name: part for name, part in parts.items() if isinstance(part, (LabelledSet, UnlabelledSet))}
    paths = _written(found, user_path(to, "--to"), _inputs(data)[0]) if to is not None else {}
    return SplitReport(found, seed, paths, tuple(dict.fromkeys(told)))


def _inputs(data: Rows) -> tuple[str, ...]:
    return (next(name for name in data.column_names if name != LABEL),)


def _set(data: Rows) -> LabelledSet | UnlabelledSet:
    items = list(data.column(_inputs(data)[0]))
    keys = [str(number) for number in range(len(items))]
    if LABEL not in data.column_names:
        return UnlabelledSet(items, keys)
    return LabelledSet(items, list(data.column(LABEL)), keys)


def _written(parts: Mapping[str, LabelledSet | UnlabelledSet], target: Path, column: str) -> dict[str, Path]:
    """A table of each part in a new folder."""
    with new_folder(target) as folder:
        for name, part in parts.items():
            columns = (column, LABEL) if isinstance(part, LabelledSet) else (column,)
            write_rows(_rows(part, column), columns, folder / f"{name}.parquet")
    return {name: target / f"{name}.parquet" for name in parts}


def _rows(part: LabelledSet | UnlabelledSet, column: str) -> Sequence[dict[str, Any]]:
    if isinstance(part, LabelledSet):
        return [{column: item, LABEL: label} for item, label in zip(part.items, part.labels, strict=True)]
    return [{column: item} for item in part.items]
