"""Data that comes in parts of its own, ``train`` and ``test``: what is learned from, and what is held out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import DataError
from junco.job.kinds import is_url
from junco.labelled.retrieval import RetrievalPart, is_retrieval_folder, splits_of
from junco.settings import user_path
from junco.types.named_rows import NamedRows
from junco.wording import and_listed, did_you_mean, nearest

TRAIN = ("train", "training", "训练")
HELD_OUT = ("test", "testing", "validation", "valid", "val", "dev", "eval", "测试", "验证")
"""What the part to measure by is called, the first before the others."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of some data.

    Attributes:
        what: the data, for messages.
        each: what `read_data` takes, by the part's name.
    """

    what: str
    each: Mapping[str, Any]

    @property
    def train(self) -> str | None:
        """The part to learn from."""
        return self._first(TRAIN)

    @property
    def held_out(self) -> str | None:
        """The part to measure by."""
        return self._first(HELD_OUT)

    def __getitem__(self, name: str) -> Any:
        """A part by its name.

        Raises:
            DataError: there is none of that name.
        """
        if name not in self.each:
            known = list(self.each)
            raise DataError(
                f"{self.what} has no part {name!r}; it has {and_listed(known)}.{did_you_mean(nearest(name, known, 1))}"
            )
        return self.each[name]

    def _first(self, names: tuple[str, ...]) -> str | None:
        folded = {name.casefold(): name for name in self.each}
        return next((folded[name] for name in names if name in folded), None)


def parts_of(data: Any) -> Parts | None:
    """The parts that data comes in; ``None``: it is one whole.

    That are a mapping of tables by such names, as ``datasets.DatasetDict`` is one; a folder with a folder of classes
    for each part; a folder as BEIR lays it out with several ``qrels``.
    """
    if isinstance(data, Mapping):
        is_parts = bool(data) and all(map(_is_table, data.values()))
        return Parts("the data", {str(name): each for name, each in data.items()}) if is_parts else None
    if isinstance(data, NamedRows):
        return Parts("the data", data.parts) if data.parts else None
    if not isinstance(data, (str, os.PathLike)) or is_url(os.fsdecode(data)):
        return None
    folder = user_path(os.fsdecode(data), "the data")
    if is_retrieval_folder(folder):
        found = {name: RetrievalPart(folder, name) for name in splits_of(folder)}
        return Parts(str(folder), found) if len(found) > 1 else None
    return _of_folders(folder) if folder.is_dir() else None


def _is_table(value: Any) -> bool:
    return hasattr(value, "column_names") or (hasattr(value, "columns") and not isinstance(value, Mapping))


def _of_folders(folder: Path) -> Parts | None:
    """A folder in which all folders are called as parts are, each with folders in it: the classes."""
    try:
        there = {each.name: each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")}
        found = Parts(str(folder), there)
        is_all = all(name.casefold() in (*TRAIN, *HELD_OUT) for name in there)
        if not (is_all and found.train and len(there) > 1):
            return None
        return found if all(any(each.is_dir() for each in path.iterdir()) for path in there.values()) else None
    except OSError:
        return None  # reading it says why
