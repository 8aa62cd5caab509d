"""`write_table`: a folder as a table: a row for each file that can be read, with its label, size, shape and sha256."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.datasets.facts import facts_of_all
from junco.datasets.inventory import unread
from junco.datasets.loading import load
from junco.datasets.rows import LABEL, Rows
from junco.datasets.tables import check_ending, write_rows
from junco.errors import InputError
from junco.labelled.content import Watch, unwatched
from junco.pages.letters import amount
from junco.places.files import file_sha256
from junco.settings import user_path
from junco.wording import printable_lines

_KINDS = {
    "path": "string",
    LABEL: "string",
    "split": "string",
    "kind": "string",
    "num_bytes": "int64",
    "sha256": "string",
    "width": "int32",
    "height": "int32",
    "seconds": "float64",
    "letters": "int64",
    "script": "string",
}
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of a folder.

    Attributes:
        path: of the table.
        num_rows: of it.
        labels: how many rows each has.
        rejects: files that are not in it, each with the reason.
        told: what was found out on the way.
    """

    path: Path
    num_rows: int
    labels: dict[str, int]
    rejects: list[tuple[str, str]] = field(default_factory=list)
    told: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        rejects = [{"path": path, "problem": why} for path, why in self.rejects]
        return {
            "path": str(self.path),
            "rows": self.num_rows,
            "labels": self.labels,
            "unreadable": rejects,
            "told": list(self.told),
        }

    def __str__(self) -> str:
        labels = f" of {amount(len(self.labels), 'label')}" if self.labels else ""
        lines = [f"{self.path}: {amount(self.num_rows, 'row')}{labels}"]
        if self.rejects:
            lines.append(f"  {amount(len(self.rejects), 'file')} cannot be read, and are left out:")
        lines += [f"    {path}: {why}" for path, why in self.rejects[:_SHOWN]]
        lines += [f"    … {len(self.rejects) - _SHOWN:,} more"] if len(self.rejects) > _SHOWN else []
        return printable_lines([*lines, *(f"  {line}" for line in self.told)])


def write_table(folder: str | os.PathLike[str], to: str | os.PathLike[str], *, watch: Watch = unwatched) -> TableReport:
    """Write a table of a folder's files, batch by batch: with many files no more memory is needed.

    Its columns are ``path``, ``label`` and ``split`` where the folder's folders say them, ``kind``, ``num_bytes``,
    ``sha256``, and what goes with the kind: ``width``, ``height``, ``seconds``, ``letters``, ``script``. Paths begin
    with the folder as it is given here.

    Args:
        folder: of files, with a folder for each label or without, in parts or not.
        to: a ``.parquet``, ``.csv`` or ``.jsonl`` file.
        watch: is told how many files are read.

    Raises:
        InputError: it is no folder, or nothing in it can be read.
        TargetError: the table cannot be written.
        ParameterError: the table is of another form.
    """
    target = user_path(to, "the table")
    check_ending(target)
    place = user_path(folder, "the folder")
    if not place.is_dir():
        raise InputError(f"{place} is no folder")
    data = load(place if place.is_absolute() else f"./{place}")
    assert isinstance(data, Rows)
    rejects: list[tuple[str, str]] = []
    labels: Counter[str] = Counter()
    columns = [
        name for name in _KINDS if (name != LABEL or LABEL in data.column_names) and (name != "split" or data.parts)
    ]
    rows = _rows(data, rejects, labels, watch)
    count = write_rows(_not_empty(rows, place, rejects), columns, target, {name: _KINDS[name] for name in columns})
    return TableReport(target, count, dict(labels.most_common()), rejects, data.told)


def _rows(data: Rows, rejects: list[tuple[str, str]], labels: Counter[str], watch: Watch) -> Iterator[dict[str, Any]]:
    """A row for each file that can be read; the others are put aside."""
    split_of = {number: name for name, numbers in data.own_parts.items() for number in numbers}
    paths = map(Path, data.column(data.column_names[0]))
    for number, (row, facts) in enumerate(zip(data, facts_of_all(paths, looks=False), strict=True)):
        path = str(row[data.column_names[0]])
        watch("reading files", number + 1, len(data))
        why = facts.problem or unread(path)
        sha256 = "" if why else _sha256(path)
        if why or not sha256:
            rejects.append((path, why or "it cannot be read"))
            continue
        if LABEL in row:
            labels[str(row[LABEL])] += 1
        yield {
            "path": path,
            LABEL: row.get(LABEL),
            "split": split_of.get(number),
            "kind": facts.kind,
            "num_bytes": facts.num_bytes,
            "sha256": sha256,
            "width": facts.width,
            "height": facts.height,
            "seconds": facts.seconds,
            "letters": facts.letters,
            "script": facts.script or None,
        }


def _sha256(path: str) -> str:
    try:
        return file_sha256(Path(path))
    except OSError:
        return ""


def _not_empty(
    rows: Iterator[dict[str, Any]], folder: Path, rejects: list[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """The same; refused where there is none at all.

    Raises:
        InputError: with the first reason.
    """
    first = next(rows, None)
    if first is None:
        path, why = rejects[0]
        raise InputError(f"of the {amount(len(rejects), 'file')} of {folder} none can be read, first {path}: {why}")
    yield first
    yield from rows
