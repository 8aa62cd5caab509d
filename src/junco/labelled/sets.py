"""What is known of items: four kinds of sets, from which follows what a model can be measured by and tuned for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from junco.errors import DataError
from junco.labelled.columns import Columns
from junco.wording import picture

Label = str | int | bool


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Items, each with one label.

    Attributes:
        items: what a pipeline takes: paths, texts, pictures.
        labels: of each.
        keys: what each is called in reports.
        told: what was found out about the source, a line each.
    """

    items: Sequence[Any]
    labels: Sequence[Label]
    keys: Sequence[str] = ()
    told: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Label]:
        """How many items each label has."""
        return Counter(self.labels)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<{len(self):,} items of {len(self.counts):,} labels>"


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of items that belong together, or of which a number says how much.

    Attributes:
        left, right: what a pipeline takes.
        scores: of each pair, the more the more alike; empty: all belong together.
        told: what was found out about the source, a line each.
    """

    left: Sequence[Any]
    right: Sequence[Any]
    scores: Sequence[float] = ()
    told: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.left)

    def __repr__(self) -> str:
        return f"<{len(self):,} pairs{' with scores' if self.scores else ''}>"


@dataclass(frozen=True, eq=False)
class TripletSet:
    """Items, each with one that is like it and one that is not.

    Attributes:
        anchors, positives, negatives: what a pipeline takes.
        told: what was found out about the source, a line each.
    """

    anchors: Sequence[Any]
    positives: Sequence[Any]
    negatives: Sequence[Any]
    told: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.anchors)

    def __repr__(self) -> str:
        return f"<{len(self):,} triplets>"


@dataclass(frozen=True, eq=False)
class RetrievalSet:
    """Queries, a corpus, and which of its items answer each.

    Attributes:
        queries, corpus: items by their ids.
        relevant: by a query's id the ids of what answers it, each with its gain above 0.
        told: what was found out about the source, a line each.
    """

    queries: Mapping[str, Any]
    corpus: Mapping[str, Any]
    relevant: Mapping[str, Mapping[str, float]]
    told: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for kind, there, wanted in (
            ("query", self.queries, self.relevant),
            ("item of the corpus", self.corpus, (each for gains in self.relevant.values() for each in gains)),
        ):
            if missing := next((each for each in wanted if each not in there), None):
                raise DataError(f"the relevances speak of {picture(missing)}, and there is no {kind} of that id")
        if not any(self.relevant.values()):
            raise DataError("no query has anything that answers it")

    def __len__(self) -> int:
        return len(self.queries)

    def __repr__(self) -> str:
        return f"<{len(self.queries):,} queries, {len(self.corpus):,} items to find>"


@dataclass(frozen=True, eq=False)
class UnlabelledSet:
    """Items of which nothing is known: another model's vectors of them may still be learned.

    Attributes:
        items: what a pipeline takes.
        keys: what each is called in reports.
        told: what was found out about the source, a line each.
    """

    items: Sequence[Any]
    keys: Sequence[str] = ()
    told: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<{len(self):,} items without labels>"


AnySet = LabelledSet | PairSet | TripletSet | RetrievalSet
"""What models are measured by."""
TrainSet = AnySet | UnlabelledSet
"""What they are trained on."""


def set_of(
    columns: Columns,
    items: Sequence[Sequence[Any]],
    extra: Sequence[Any],
    keys: Sequence[str],
    told: tuple[str, ...],
    what: str,
) -> AnySet:
    """The set that columns of a table make.

    Args:
        columns: what they hold.
        items: of each column of items.
        extra: labels or scores; empty where the table has none.
        keys: what each row is called.
        told: what was found out about the source.
        what: the table, for messages.

    Raises:
        DataError: labels or scores that cannot be.
    """
    if columns.label:
        return LabelledSet(items[0], checked_labels(extra, what), keys, told)
    if len(items) == 3:
        return TripletSet(items[0], items[1], items[2], told)
    return PairSet(items[0], items[1], checked_scores(extra, columns.score, what), told)


def checked_scores(values: Sequence[Any], column: str, what: str) -> list[float]:
    """Finite numbers.

    Raises:
        DataError: one is none.
    """
    found = []
    for row, value in enumerate(values, 1):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{what}: {picture(value)} in the column {column!r} of row {row} is no number")
        found.append(number)
    return found


def checked_labels(labels: Sequence[Any], what: str) -> list[Label]:
    """Labels of one kind: texts, whole numbers or truth values.

    Raises:
        DataError: one is missing, a number with a fraction, of another kind than the others, or all are the same.
    """
    plain = [label.item() if hasattr(label, "item") and not getattr(label, "ndim", 1) else label for label in labels]
    missing = [row for row, label in enumerate(plain, 1) if _is_missing(label)]
    if missing:
        more = f" (nor have {len(missing) - 1:,} others)" if missing[1:] else ""
        raise DataError(f"{what}: item {missing[0]} has no label{more}; leave it out, or give it one")
    for row, label in enumerate(plain, 1):
        _check_label(label, row, what)
    if len(kinds := {type(label) for label in plain}) > 1:
        first = [next(repr(label) for label in plain if type(label) is kind) for kind in kinds]
        raise DataError(f"{what}: labels of several kinds, {' and '.join(sorted(first))}: write all alike")
    if len(set(plain)) == 1:
        raise DataError(f"{what}: all {len(plain)} items have the label {picture(plain[0])}: nothing can be told apart")
    return plain


def _is_missing(label: Any) -> bool:
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    return math.isnan(label) if isinstance(label, float) else isinstance(label, str) and not label.strip()


def _check_label(label: Any, row: int, what: str) -> None:
    if isinstance(label, float):
        raise DataError(
            f"{what}: the label of item {row} is {label!r}, a number with a fraction: labels are texts or whole "
            "numbers; how alike two items are is told by pairs with a column 'score'"
        )
    if not isinstance(label, (str, int)):
        raise DataError(f"{what}: the label of item {row} is {picture(label)}, no text and no whole number")


def with_rows(data: TrainSet, rows: Sequence[int]) -> Any:
    """The same kind of set with some of its rows (of a retrieval set: queries), in the order that is given."""
    if isinstance(data, RetrievalSet):
        names = [*data.queries]
        asked = {names[row]: data.queries[names[row]] for row in rows}
        return replace(data, queries=asked, relevant={name: data.relevant.get(name, {}) for name in asked})
    chosen: dict[str, Any] = {
        each.name: [value[row] for row in rows] if len(value := getattr(data, each.name)) else value
        for each in fields(data)
        if each.name != "told"
    }
    return replace(data, **chosen)


def columns_in(data: TrainSet) -> tuple[Sequence[Any], ...]:
    """The columns of items: one of items; left and right; anchors, positives, negatives; queries and corpus."""
    if isinstance(data, (LabelledSet, UnlabelledSet)):
        return (data.items,)
    if isinstance(data, PairSet):
        return data.left, data.right
    if isinstance(data, TripletSet):
        return data.anchors, data.positives, data.negatives
    return [*data.queries.values()], [*data.corpus.values()]


def items_in(data: TrainSet) -> Iterator[Any]:
    """All items of a set, those that are there twice twice."""
    for column in columns_in(data):
        yield from column
