"""Retrieval sets as BEIR lays them out: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/test.tsv``.

Thakur et al., "BEIR: A Heterogenous Benchmark for Zero-shot Evaluation of Information Retrieval Models" (2021).
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import DataError
from junco.labelled.sets import RetrievalSet
from junco.wording import picture

_CORPUS, _QUERIES, _RELEVANT = "corpus.jsonl", "queries.jsonl", "qrels"
_SPLITS = ("test", "dev", "train")


@dataclass(frozen=True, slots=True)
class RetrievalPart:
    """One of the splits of a folder: ``train``, ``dev`` or ``test``."""

    folder: Path
    split: str


def is_retrieval_folder(path: Path) -> bool:
    """Whether a folder is laid out so."""
    return (path / _CORPUS).is_file() and (path / _QUERIES).is_file()


def splits_of(folder: Path) -> list[str]:
    """The splits that a folder has relevances of, the one to measure by first."""
    return [name for name in _SPLITS if (folder / _RELEVANT / f"{name}.tsv").is_file()]


def read_retrieval(folder: Path, split: str = "") -> RetrievalSet:
    """The set in a folder. Queries of which nothing is known are left out.

    Args:
        folder: as BEIR lays it out.
        split: ``test``, ``dev`` or ``train``; empty: the first of these that is there.

    Raises:
        DataError: a line is none, or the relevances are not there.
    """
    split = next((name for name in splits_of(folder) if split in ("", name)), "")
    if not split:
        raise DataError(f"{folder} has no {_RELEVANT}/test.tsv, which says what answers which query")
    relevant = _relevances(folder / _RELEVANT / f"{split}.tsv")
    queries = _texts(folder / _QUERIES)
    left_out = len(queries) - len(relevant)
    told = (f"{folder}: {left_out:,} queries have nothing that answers them in {split}, and are left out",)
    asked = {name: queries[name] for name in relevant if name in queries}
    return RetrievalSet(asked, _texts(folder / _CORPUS), relevant, told if left_out > 0 else ())


def _texts(file: Path) -> dict[str, str]:
    """By their ids; a title stands before the text."""
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.strip():
            name, text = _text_of(line, f"{file}, line {number}")
            found[name] = text
    return found


def _text_of(line: str, place: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
        return str(row["_id"]), " ".join(filter(None, (row.get("title") or "", row["text"])))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{place}: {picture(line, 60)} is no object with '_id' and 'text'") from error


def _relevances(file: Path) -> dict[str, dict[str, float]]:
    """By a query's id the ids of what answers it, with gains; lines with 0 say that something does not."""
    found: dict[str, dict[str, float]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if number == 1 and row and row[-1:] == ["score"]:
                continue
            try:
                query, item, gain = row
                value = float(gain)
            except ValueError as error:
                place = f"{file}, line {number}"
                raise DataError(f"{place}: {picture(row)} is not query, item and score with tabs between") from error
            if value > 0:
                found.setdefault(query, {})[item] = value
    return found
