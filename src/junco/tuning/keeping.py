"""Rows that are made now: kept in files while the disk has room for all, else made anew whenever they are wanted."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from junco.errors import DataError, TargetError
from junco.labelled.content import Watch
from junco.labelled.lazy import called
from junco.train.examples import Rows
from junco.train.task import Row, Side
from junco.tuning.decoding import WayIn
from junco.tuning.making import RowsOf, made_rows
from junco.tuning.row_store import RowStore
from junco.tuning.rows import FreshRows

_LEFT_FREE_BYTES = 1_000_000_000
"""Of the disk, which others write to as well."""
_LARGE_BYTES = 200_000_000
"""Of rows, from which on it is told where they lie."""
_LEAST_WEIGHED = 32
"""Items by whose rows is foretold what all will take."""


@dataclass(frozen=True, eq=False)
class Work:
    """How rows are made.

    Attributes:
        way, rows, side: as `made_rows` takes them.
        watch: is told how many are made.
        most_bytes: of rows that are kept; ``None``: as many as the disk has room for.
        is_always_kept: never make them anew: they are vectors.
    """

    way: WayIn
    rows: RowsOf
    side: Side
    watch: Watch
    most_bytes: int | None = None
    is_always_kept: bool = False


@dataclass(frozen=True, eq=False)
class Kept:
    """What was made.

    Attributes:
        rows: all that there are.
        of_key: by what an item holds, the numbers of its rows.
        failed: by what an item holds, why there are none of it.
        told: what was decided, a line each.
    """

    rows: Rows
    of_key: Mapping[bytes, Sequence[int]]
    failed: Mapping[bytes, str]
    told: tuple[str, ...]


def keep(work: Work, store: RowStore, items: Sequence[Any], keys: Sequence[bytes]) -> Kept:
    """Make the rows of items that a store does not have, and keep them there.

    Args:
        work: how.
        store: where they go.
        items: what a pipeline takes.
        keys: what each holds; one of several equal ones is made rows.

    Raises:
        DataError: the disk has no room for what has to be kept.
        TargetError: it cannot be written.
    """
    once: dict[bytes, int] = {}
    for place, key in enumerate(keys):
        once.setdefault(key, place)
    counts = Counter(store.digests)
    todo = [place for key, place in once.items() if key not in counts]
    try:
        failed, is_kept = _made(work, store, items, keys, todo, counts)
    except BaseException:
        with suppress(TargetError):  # which may be what ended it
            store.flush()
        raise
    if is_kept:
        return _stored(store, failed)
    return _fresh(work, items, {key: place for key, place in once.items() if counts[key]}, counts, failed)


def _made(
    work: Work,
    store: RowStore,
    items: Sequence[Any],
    keys: Sequence[bytes],
    todo: Sequence[int],
    counts: Counter[bytes],
) -> tuple[dict[bytes, str], bool]:
    """Make the rows of some items: why others have none, and whether they are kept; ``counts`` is told how many."""
    failed: dict[bytes, str] = {}
    is_kept, before = True, store.size
    for done, (at, made) in enumerate(made_rows(work.way, work.rows, work.side, [items[at] for at in todo]), 1):
        key = keys[todo[at]]
        if isinstance(made, str):
            failed[key] = made
        else:
            counts[key] = len(made)
            if is_kept:
                store.add(key, made)
        if is_kept and _is_weighed(done, len(todo)):
            is_kept = _has_room(work, store, (store.size - before) / done * len(todo), before)
        work.watch(work.way.what, done, len(todo))
    return failed, is_kept


def _is_weighed(done: int, total: int) -> bool:
    """Whether it is time to look for room: after the first items, then when there are twice as many, and at the end."""
    return done == total or (done >= _LEAST_WEIGHED and done & (done - 1) == 0)


def _has_room(work: Work, store: RowStore, num_bytes: float, before: int) -> bool:
    """Whether rows of so many bytes, with those that were there before, can be kept; else those that are go.

    Raises:
        DataError: they cannot, and have to be.
    """
    free = shutil.disk_usage(store.folder).free - _LEFT_FREE_BYTES - (num_bytes - (store.num_bytes - before))
    if free >= 0 and (work.most_bytes is None or before + num_bytes <= work.most_bytes):
        return True
    if work.is_always_kept:
        raise DataError(
            f"vectors of all items take {num_bytes / 1e6:,.1f} MB, and the disk of {store.folder} has no room for them "
            f"beside the {_LEFT_FREE_BYTES / 1e9:g} GB that others are left: let JUNCO_HOME be a folder on a larger one"
        )
    store.clear()
    return False


def _stored(store: RowStore, failed: Mapping[bytes, str]) -> Kept:
    rows = store.rows()
    of_key: dict[bytes, list[int]] = defaultdict(list)
    for number, key in enumerate(store.digests):
        of_key[key].append(number)
    told = f"what was made of the items is kept in {store.folder}: {store.size / 1e9:,.1f} GB"
    return Kept(rows, of_key, failed, (told,) if store.size >= _LARGE_BYTES else ())


def _fresh(
    work: Work,
    items: Sequence[Any],
    places: Mapping[bytes, int],
    counts: Mapping[bytes, int],
    failed: Mapping[bytes, str],
) -> Kept:
    """Rows that are made when they are wanted.

    Args:
        work: how.
        items: all of them.
        places: of those that can be read, by what they hold.
        counts: how many rows each makes.
        failed: as in `Kept`.
    """
    each = list(places.values())
    amounts = np.array([counts[key] for key in places], np.int64)
    starts = np.concatenate([[0], amounts.cumsum()])
    numbers = np.arange(starts[-1]) - np.repeat(starts[:-1], amounts)

    def made(wanted: Sequence[int]) -> list[list[Row]]:
        some = [items[each[number]] for number in wanted]
        found: list[list[Row]] = [[]] * len(some)
        for at, rows in made_rows(work.way, work.rows, work.side, some):
            if isinstance(rows, str):
                name = called(some[at], each[wanted[at]])
                raise DataError(f"{name} could be read at first, and cannot be now: {rows}")
            found[at] = rows
        return found

    of_key = {key: range(starts[at], starts[at + 1]) for at, key in enumerate(places)}
    told = (
        "the disk has no room for what goes into the network of all items: it is made anew in each epoch, which is slow"
    )
    return Kept(FreshRows(made, np.repeat(np.arange(len(each)), amounts), numbers), of_key, failed, (told,))
