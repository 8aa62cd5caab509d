"""What is known of items: four kinds of sets, from which follows what a model can be measured by and tuned for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from junco.errors import DataError
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


AnySet = LabelledSet | PairSet | TripletSet | RetrievalSet


def checked_labels(labels: Sequence[Any], what: str) -> list[Label]:
    """Labels of one kind: texts, whole numbers or truth values.

    Raises:
        DataError: one is missing, a number with a fraction, of another kind than the others, or all are the same.
    """
    plain = [label.item() if hasattr(label, "item") and not getattr(label, "ndim", 1) else label for label in labels]
    for row, label in enumerate(plain, 1):
        if label is None or label == "" or label != label:
            raise DataError(f"{what}: item {row} has no label; leave it out, or give it one")
        if isinstance(label, float):
            raise DataError(
                f"{what}: the label of item {row} is {label!r}, a number with a fraction: labels are texts or whole "
                "numbers; how alike two items are is told by pairs with a column 'score'"
            )
        if not isinstance(label, (str, int)):
            raise DataError(f"{what}: the label of item {row} is {picture(label)}, no text and no whole number")
    if len(kinds := {type(label) for label in plain}) > 1:
        first = [next(repr(label) for label in plain if type(label) is kind) for kind in kinds]
        raise DataError(f"{what}: labels of several kinds, {' and '.join(sorted(first))}: write all alike")
    if len(set(plain)) == 1:
        raise DataError(f"{what}: all {len(plain)} items have the label {picture(plain[0])}: nothing can be told apart")
    return plain


def items_in(data: AnySet) -> Iterator[Any]:
    """All items of a set, those that are there twice twice."""
    if isinstance(data, LabelledSet):
        yield from data.items
    elif isinstance(data, PairSet):
        yield from data.left
        yield from data.right
    elif isinstance(data, TripletSet):
        for each in (data.anchors, data.positives, data.negatives):
            yield from each
    else:
        yield from data.queries.values()
        yield from data.corpus.values()
