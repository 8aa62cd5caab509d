"""`Loader`: a set → the rows that are trained on, kept in files; what cannot be read is told, or ends it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from junco.errors import DataError
from junco.evaluate.measures import sides, without
from junco.evaluate.way import key_of
from junco.labelled.content import Contents, Watch, contents_of, unwatched
from junco.labelled.lazy import called
from junco.labelled.sets import AnySet, LabelledSet, PairSet, TrainSet, UnlabelledSet, columns_in, with_rows
from junco.pages.letters import amount
from junco.train.examples import Rows
from junco.train.task import Row, Side, TrainTask
from junco.tuning.decoding import Tuned, WayIn, way_of_values, way_of_vectors
from junco.tuning.keeping import Work, keep
from junco.tuning.loaded import HeldRows, Loaded, LoadedItems, Unreadable, check_labels, listed_rejects, told_rejects
from junco.tuning.making import RowsOf
from junco.tuning.measuring import Asked, asked_of
from junco.tuning.row_store import RowStore
from junco.tuning.rows import chosen
from junco.types import Vectors
from junco.wording import picture

OnUnreadable = Literal["skip", "raise"]
_SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True, slots=True)
class LoadingOptions:
    """How is loaded.

    Attributes:
        are_texts: texts are items themselves, and name no files.
        on_error: what cannot be read is left out and listed, or ends it.
        watch: is told what is done.
        most_bytes: of rows that are kept in files; ``None``: as many as the disk has room for.
    """

    are_texts: bool = False
    on_error: OnUnreadable = "skip"
    watch: Watch = unwatched
    most_bytes: int | None = None


@dataclass(eq=False)
class Loader:
    """Makes rows of items, and keeps them in a folder.

    Attributes:
        folder: of a run.
        ways: how items of each side come in.
        rows: what comes in → rows.
        options: how.
        are_vectors: rows are vectors, which are small, and the same wherever the item stands: they are always kept.
    """

    folder: Path
    ways: Mapping[Side, WayIn]
    rows: RowsOf
    options: LoadingOptions = LoadingOptions()
    are_vectors: bool = False
    _stores: dict[str, RowStore] = field(default_factory=dict)

    def load(self, data: TrainSet, contents: Sequence[Contents] | None = None, name: str = "train") -> Loaded:
        """The rows of a set.

        Args:
            data: labelled items, pairs, triplets, or items alone.
            contents: what the items of each column hold, where that is known.
            name: of the files in which rows are kept.

        Raises:
            DataError: nothing can be read, or nothing of a label; something, with ``on_error="raise"``; a loader that
                makes several rows of an item of pairs.
            TargetError: rows cannot be kept.
        """
        columns = columns_in(data)
        contents = contents or [self._contents(each) for each in columns]
        first = self.items(columns[0], "left", contents[0], name)
        if len(columns) == 1:
            found, places = [first.rows], first.places
            rejects = {(0, place): why for place, why in first.rejects.items()}
            told = first.told
        else:
            found, places, rejects, told = self._of_several(columns, contents, first, name)
        unreadable = tuple(Unreadable(_name(data, *at), why) for at, why in sorted(rejects.items()))
        left = with_rows(data, places.tolist())
        self._check_rejects(unreadable, len(data))
        check_labels(data, left, unreadable)
        return Loaded(
            left, tuple(found), places, _groups(contents, places), unreadable, told + told_rejects(unreadable)
        )

    def held_out(self, data: AnySet) -> HeldRows:
        """The rows of a set by which is measured.

        Raises:
            DataError, TargetError: as `load`; and what is left is too little to measure by.
        """
        if isinstance(data, LabelledSet):
            loaded = self.load(data, None, "eval")
            assert isinstance(loaded.data, LabelledSet)
            coded = replace(loaded.data, items=range(len(loaded.data)))
            return HeldRows(
                Asked(coded, (loaded.data.items,), asked_of(data).main), loaded.columns, loaded.rejects, loaded.told
            )
        wanted = [items for _, items in sides(data)]
        found = [self.items(each, side, None, "eval") for each, side in zip(wanted, _SIDES, strict=False)]
        rejects = tuple(
            Unreadable(called(items[place], place), why)
            for items, each in zip(wanted, found, strict=True)
            for place, why in each.rejects.items()
        )
        self._check_rejects(rejects, sum(map(len, wanted)))
        failed = [{key_of(items[at]) for at in each.rejects} for items, each in zip(wanted, found, strict=True)]
        asked = asked_of(without(data, failed) if any(failed) else data)
        rows = []
        for items, each, once in zip(wanted, found, asked.items, strict=True):
            row_of = {key_of(items[place]): row for place, row in each.row_of.items()}
            rows.append(chosen(each.rows, np.array([row_of[key_of(item)] for item in once], np.int64)))
        told = tuple(line for each in found for line in each.told)
        return HeldRows(asked, tuple(rows), rejects, told + told_rejects(rejects))

    def items(
        self, items: Sequence[Any], side: Side, contents: Contents | None = None, name: str = "train"
    ) -> LoadedItems:
        """The rows of items of a side; items of one content are made rows once.

        Args:
            items: what a pipeline takes.
            side: of all of them.
            contents: what they hold, where that is known.
            name: of the files in which rows are kept.
        """
        keys = self._keys(contents or self._contents(items))
        how = self.options
        work = Work(self.ways[side], self.rows, side, how.watch, how.most_bytes, self.are_vectors)
        kept = keep(work, self._store(side, name), items, keys)
        rejects = {place: kept.failed[key] for place, key in enumerate(keys) if key in kept.failed}
        pairs = [(place, row) for place, key in enumerate(keys) for row in kept.of_key.get(key, ())]
        places, rows = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
        return LoadedItems(chosen(kept.rows, rows), places, rejects, kept.told)

    def _of_several(
        self, columns: Sequence[Sequence[Any]], contents: Sequence[Contents], first: LoadedItems, name: str
    ) -> tuple[list[Rows], npt.NDArray[np.int64], dict[tuple[int, int], str], tuple[str, ...]]:
        """Of pairs and triplets: a row is kept where all of its items could be read."""
        count = len(columns[0])
        others = [item for column in columns[1:] for item in column]
        right = self.items(others, "right", _joined(contents[1:]), name)
        _check_single(first, count)
        _check_single(right, len(others))
        rejects = {(0, place): why for place, why in first.rejects.items()}
        rejects |= {(1 + place // count, place % count): why for place, why in right.rejects.items()}
        lost = {row for _, row in rejects}
        kept = np.array([row for row in range(count) if row not in lost], np.int64)
        found = [chosen(first.rows, _rows_at(first, kept))]
        found += [chosen(right.rows, _rows_at(right, kept + number * count)) for number in range(len(columns) - 1)]
        return found, kept, rejects, first.told + right.told

    def _contents(self, items: Sequence[Any]) -> Contents:
        return contents_of(items, are_texts=self.options.are_texts, watch=self.options.watch)

    @staticmethod
    def _keys(contents: Contents) -> list[bytes]:
        """By which rows are known again; those of items whose content nobody can tell are not."""
        keys = list(contents.digests)
        for place in contents.unknown:
            keys[place] = hashlib.sha256(b"once" + os.urandom(16)).digest()
        return keys

    def _store(self, side: Side, name: str) -> RowStore:
        identity = self.ways[side].identity
        place = f"vectors-{identity[:16] or side}" if self.are_vectors else f"rows-{name}-{side}"
        if place not in self._stores:
            self._stores[place] = RowStore(self.folder / place, identity)
        return self._stores[place]

    def _check_rejects(self, rejects: Sequence[Unreadable], count: int) -> None:
        if rejects and (self.options.on_error == "raise" or len(rejects) >= count):
            is_all, count = len(rejects) >= count, max(count, len(rejects))  # a pair may have two
            cure = "Is it what the operator takes?" if is_all else "Mend them, or leave them out by on_error='skip'"
            raise DataError(
                f"{amount(len(rejects), 'item')} of {count:,} cannot be read: {listed_rejects(rejects)}. {cure}"
            )


def loader_of_rows(
    operator: Tuned, task: TrainTask, folder: Path, loader: Any = None, options: LoadingOptions = LoadingOptions()
) -> Loader:
    """What goes into an operator's network, of items that its family's decoding reads, or a pipeline of the caller's.

    Args:
        operator: that is trained.
        task: that it lends.
        folder: where rows are kept.
        loader: a pipeline that makes what the operator takes; of labelled items any number of rows each.
        options: how.
    """
    way = way_of_values(operator, loader)
    return Loader(folder, {"left": way, "right": way}, task.rows, options)


def loader_of_vectors(
    operator: Tuned, data: TrainSet, folder: Path, loader: Any = None, options: LoadingOptions = LoadingOptions()
) -> Loader:
    """The operator's own numbers of items, on its fastest runtime, before they are cut, scaled or made smaller.

    Where a set says what asks and what answers, models that know these roles are given them, as in `evaluate`.

    Args:
        operator: that is trained.
        data: which kind of set it will be.
        folder, loader, options: as in `loader_of_rows`.
    """
    has_roles = not isinstance(data, (LabelledSet, UnlabelledSet)) and not (isinstance(data, PairSet) and data.scores)
    left = way_of_vectors(operator, loader, "query" if has_roles else None)
    right = way_of_vectors(operator, loader, "document") if has_roles else left
    return Loader(folder, {"left": left, "right": right}, _vector_rows, options, are_vectors=True)


def vectors_of(rows: Rows) -> Vectors:
    """Rows of one vector each as an array, float32 (n, dim)."""
    block = getattr(rows, "block", None)
    assert block is not None, "vectors of one space are of one length"
    found: Vectors = block(np.arange(len(rows)))[0]
    return found


def _vector_rows(vectors: Sequence[Any], side: Side) -> list[Row]:
    return [(np.asarray(vector, np.float32),) for vector in vectors]


def _name(data: TrainSet, column: int, place: int) -> str:
    keys = getattr(data, "keys", ())
    return picture(keys[place]) if len(keys) == len(data) else called(columns_in(data)[column][place], place)


def _joined(contents: Sequence[Contents]) -> Contents:
    """Of several columns as of one."""
    starts = np.cumsum([0, *(len(each.digests) for each in contents)]).tolist()
    unknown = frozenset(start + place for start, each in zip(starts, contents, strict=False) for place in each.unknown)
    return Contents([digest for each in contents for digest in each.digests], unknown)


def _check_single(found: LoadedItems, count: int) -> None:
    if len(found.places) + len(found.rejects) != count:
        raise DataError(
            "the loader makes several rows of an item, and of what belongs together each item needs one: take labelled "
            "items, or a loader that makes one"
        )


def _rows_at(found: LoadedItems, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows of items that have one each."""
    row_of = np.zeros(int(found.places.max(initial=-1)) + 1, np.int64)
    row_of[found.places] = np.arange(len(found.places))
    return row_of[places]


def _groups(contents: Sequence[Contents], places: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    numbers: dict[bytes, int] = {}
    return tuple(
        np.array([numbers.setdefault(digest, len(numbers)) for digest in each.digests], np.int64)[places]
        for each in contents
    )
