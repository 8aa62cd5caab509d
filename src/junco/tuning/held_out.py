"""`HeldOut`: what was held out, with its vectors before and after, and what is seen of it by labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.evaluate.way import key_of
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TripletSet
from junco.tuning.mistakes import (
    Numbers,
    Searches,
    Votes,
    coded,
    confusion,
    mistaken,
    most_confused,
    searches,
    suspected,
    votes,
)
from junco.types import Vectors
from junco.wording import picture

MOST_ITEMS = 5_000
"""That are looked at one beside the other; of more, so many are taken evenly."""
MOST_LABELS = 30
"""Of which a confusion is a picture; of more the most confused pairs are listed."""
_KEY_LETTERS = 120


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What was held out: all of these items have vectors, before and after.

    Attributes:
        data: the set.
        before, after: float32 (n, dim) of each column: of items; of left and right; of anchors, positives and
            negatives; of queries and of the corpus.
    """

    data: AnySet
    before: tuple[Vectors, ...]
    after: tuple[Vectors, ...]

    def __post_init__(self) -> None:
        sizes = [len(column) for column in columns_of(self.data)]
        for when in (self.before, self.after):
            assert [len(vectors) for vectors in when] == sizes, "a vector for each item of each column"

    @property
    def columns(self) -> list[Sequence[Any]]:
        """Its items, column by column."""
        return columns_of(self.data)

    @cached_property
    def labels(self) -> SeenLabels | None:
        """What is seen by labels; ``None`` where there are none, or fewer than two items."""
        if not isinstance(self.data, LabelledSet) or len(self.data) < 2:
            return None
        return SeenLabels.of(self.data, self.before[0], self.after[0])

    @cached_property
    def gallery(self) -> Gallery | None:
        """What is searched, of pairs without scores and of queries; ``None`` of all else."""
        return gallery_of(self.data)

    @cached_property
    def searched(self) -> tuple[Searches, Searches] | None:
        """Where the answers were found, before and after; ``None`` where nothing is searched."""
        if (gallery := self.gallery) is None:
            return None
        ways = ((queries, answers[gallery.rows]) for queries, answers in (self.before, self.after))
        before, after = (searches(queries, answers, gallery.relevant) for queries, answers in ways)
        return before, after


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What is searched: equal items once.

    Attributes:
        rows: of the last column.
        relevant: of each query the places among ``rows`` of what answers it.
    """

    rows: Numbers
    relevant: list[list[int]]


def columns_of(data: AnySet) -> list[Sequence[Any]]:
    """The items of a set, column by column."""
    if isinstance(data, LabelledSet):
        return [data.items]
    if isinstance(data, PairSet):
        return [data.left, data.right]
    if isinstance(data, TripletSet):
        return [data.anchors, data.positives, data.negatives]
    return [list(data.queries.values()), list(data.corpus.values())]


def gallery_of(data: AnySet) -> Gallery | None:
    """What is searched; of pairs all right items, of which each that stands beside an equal left one answers it."""
    if isinstance(data, RetrievalSet):
        places = {name: place for place, name in enumerate(data.corpus)}
        relevant = [[places[name] for name in data.relevant.get(query, {})] for query in data.queries]
        return Gallery(np.arange(len(data.corpus)), relevant)
    if not isinstance(data, PairSet) or data.scores:
        return None
    first: dict[Any, int] = {}
    answers: dict[Any, dict[int, None]] = {}
    rows: list[int] = []
    for row, (one, other) in enumerate(zip(data.left, data.right, strict=True)):
        place = first.setdefault(key_of(other), len(first))
        if place == len(rows):
            rows.append(row)
        answers.setdefault(key_of(one), {})[place] = None
    return Gallery(np.array(rows, np.intp), [list(answers[key_of(one)]) for one in data.left])


def name_of(item: Any, key: str = "") -> str:
    """What an item is called in lists."""
    text = key or (item if isinstance(item, str) else picture(item))
    if isinstance(item, str) and key not in item:  # the number of a row says little
        text = f"{key}: {item}"
    return " ".join(text[: 2 * _KEY_LETTERS].split())[:_KEY_LETTERS]


@dataclass(frozen=True, eq=False)
class SeenLabels:
    """Items with labels, and what their neighbours say of them before and after.

    Attributes:
        data: the items.
        names: of labels, in their order.
        codes: (n,), each item's label as its place in ``names``.
        before, after: what the neighbours say.
        vectors: before and after, (n, dim) each.
        num_items: how many were held out, of which ``data`` may be a part.
    """

    data: LabelledSet
    names: list[str]
    codes: Numbers
    before: Votes
    after: Votes
    vectors: tuple[Vectors, Vectors]
    num_items: int

    @classmethod
    def of(cls, data: LabelledSet, before: Vectors, after: Vectors) -> SeenLabels:
        """Look at the neighbours of items; of very many at a part."""
        count = len(data)
        if count > MOST_ITEMS:
            rows = np.unique(np.linspace(0, count - 1, MOST_ITEMS).astype(np.intp))
            items, labels, keys = (_of(each, rows) for each in (data.items, data.labels, data.keys))
            data = replace(data, items=items, labels=labels, keys=keys)
            before, after = before[rows], after[rows]
        names, codes = coded(data.labels)
        return cls(data, names, codes, votes(before, codes), votes(after, codes), (before, after), count)

    @cached_property
    def confusions(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """How often items of each label (row) are taken for each (column), before and after."""
        before, after = (confusion(self.codes, each.taken, len(self.names)) for each in (self.before, self.after))
        return before, after

    @cached_property
    def confused(self) -> tuple[tuple[str, str, int], ...]:
        """Two labels, and how many items of either are taken for the other afterwards, those of most first."""
        found = most_confused(self.codes, self.after.taken)
        return tuple((self.names[one], self.names[other], count) for one, other, count in found)

    @cached_property
    def wrong(self) -> Numbers:
        """Items that are taken for something else afterwards, the most mistaken first."""
        return mistaken(self.after, self.codes)

    @cached_property
    def suspects(self) -> Numbers:
        """Items whose label may be wrong."""
        return suspected(self.before, self.after, self.codes)

    @property
    def num_mended(self) -> int:
        """Items that were mistaken before, and no longer are."""
        return int(((self.before.taken != self.codes) & (self.after.taken == self.codes)).sum())

    @property
    def num_broken(self) -> int:
        """Items that were not mistaken before, and now are."""
        return int(((self.before.taken == self.codes) & (self.after.taken != self.codes)).sum())

    def name(self, row: int) -> str:
        """What an item is called."""
        return name_of(self.data.items[row], self.data.keys[row] if self.data.keys else "")

    def to_dict(self, most: int = 50) -> dict[str, Any]:
        """As JSON has it: both confusions, and the worst mistakes."""
        worst = [
            {
                "item": self.name(row),
                "label": self.names[self.codes[row]],
                "taken_for_before": self.names[self.before.taken[row]],
                "taken_for_after": self.names[self.after.taken[row]],
                "near_after": [self.name(other) for other in self.after.near[row].tolist()],
            }
            for row in self.wrong[:most].tolist()
        ]
        counts = {"mended": self.num_mended, "broken": self.num_broken, "mistaken": len(self.wrong)}
        matrices = None
        if len(self.names) <= MOST_LABELS:
            matrices = dict(zip(("before", "after"), (each.tolist() for each in self.confusions), strict=True))
        confused = [list(each) for each in self.confused]
        suspects = [self.name(row) for row in self.suspects[:most].tolist()]
        plain = {"num_labels": len(self.names), "labels": self.names[:MOST_LABELS], "confusion": matrices}
        return {**plain, "confused": confused, **counts, "worst": worst, "suspected_labels": suspects}


def _of(values: Sequence[Any], rows: Numbers) -> list[Any]:
    return [values[row] for row in rows.tolist()] if values else []
