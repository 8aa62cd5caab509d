"""What is measured of vectors, by what is known of their items."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from junco.errors import DataError
from junco.evaluate.way import Role, key_of, stacked
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TripletSet
from junco.metrics.interval import Estimate, Rows, difference, drawn, estimate
from junco.metrics.labels import labelled, silhouette
from junco.metrics.pairs import cosines, spearman
from junco.metrics.ranking import Values, retrieval
from junco.types import Vectors

Found = Mapping[Hashable, Vectors]
"""Vectors by `key_of` their items."""
MAIN = {LabelledSet: "map", PairSet: "mrr", TripletSet: "accuracy", RetrievalSet: "ndcg@10"}
"""What decides which of two ways is better, by the kind of set; of pairs with scores it is ``spearman``."""


class Measure(Protocol):
    """Something measured, with its interval, which can be compared with the same of another way."""

    def estimate(self) -> Estimate:
        """The mean and its interval."""

    def more_than(self, other: Any) -> Estimate:
        """By how much it is more than another way's, measured of the same items."""


@dataclass(frozen=True, eq=False)
class MeanMeasure:
    """The mean of a number for each item."""

    values: Values

    def estimate(self) -> Estimate:
        """The mean and its interval."""
        return estimate(self.values)

    def more_than(self, other: MeanMeasure) -> Estimate:
        """Item by item."""
        return difference(self.values, other.values)


@dataclass(frozen=True, eq=False)
class OrderMeasure:
    """How well cosines follow what is told of pairs: their rank correlation."""

    found: Values
    told: Values

    def estimate(self) -> Estimate:
        """The correlation and its interval."""
        return drawn(len(self.told), self._of_rows)

    def more_than(self, other: OrderMeasure) -> Estimate:
        """Of the same draws."""

        def more(rows: Rows) -> float:
            return self._of_rows(rows) - other._of_rows(rows)

        return drawn(len(self.told), more)

    def _of_rows(self, rows: Rows) -> float:
        return spearman(self.found[rows], self.told[rows])


def main_of(data: AnySet) -> str:
    """What decides which of two ways is better."""
    return "spearman" if isinstance(data, PairSet) and data.scores else MAIN[type(data)]


def names_of(data: AnySet, at: Sequence[int], neighbours: int) -> tuple[str, ...]:
    """What is measured of such data, by name; `measured` says it of a few made-up items."""
    like: AnySet = RetrievalSet({"q": 0}, {"d": 1}, {"q": {"d": 1.0}})
    if isinstance(data, LabelledSet):
        like = LabelledSet([0, 1, 2, 3], ["a", "a", "b", "b"])
    elif isinstance(data, PairSet):
        like = PairSet([0, 1], [2, 3], [0.0, 1.0] if data.scores else [])
    elif isinstance(data, TripletSet):
        like = TripletSet([0], [1], [2])
    vectors: Found = {item: np.eye(4, dtype=np.float32)[item] for item in range(4)}
    return tuple(measured(like, [vectors], at, neighbours))


def sides(data: AnySet) -> list[tuple[Role, Sequence[Any]]]:
    """What is embedded, and in which role."""
    if isinstance(data, LabelledSet):
        return [(None, data.items)]
    if isinstance(data, PairSet):
        return [(None, [*data.left, *data.right])] if data.scores else [("query", data.left), ("document", data.right)]
    if isinstance(data, TripletSet):
        return [("query", data.anchors), ("document", [*data.positives, *data.negatives])]
    return [("query", list(data.queries.values())), ("document", list(data.corpus.values()))]


def without(data: AnySet, failed: Sequence[set[Hashable]]) -> AnySet:
    """The set without what failed, by the sides of it: one that failed takes those with it that it stands beside.

    Raises:
        DataError: too little is left to measure anything.
    """
    left = _without(data, failed[0], failed[-1])
    if _is_too_little(left):
        raise DataError(f"of {data!r} only {left!r} could be embedded, which is too little to measure anything by")
    return left


def _without(data: AnySet, first: set[Hashable], last: set[Hashable]) -> AnySet:
    if isinstance(data, LabelledSet):
        kept = [row for row, item in enumerate(data.items) if key_of(item) not in first]
        return replace(data, items=_of(data.items, kept), labels=_of(data.labels, kept), keys=_of(data.keys, kept))
    if isinstance(data, PairSet):
        pairs = zip(data.left, data.right, strict=True)
        kept = [row for row, pair in enumerate(pairs) if _fine(*pair, first, last)]
        return replace(data, left=_of(data.left, kept), right=_of(data.right, kept), scores=_of(data.scores, kept))
    if isinstance(data, TripletSet):
        rows = zip(data.anchors, data.positives, data.negatives, strict=True)
        kept = [i for i, (a, p, n) in enumerate(rows) if _fine(a, p, first, last) and key_of(n) not in last]
        anchors, positives, negatives = (_of(each, kept) for each in (data.anchors, data.positives, data.negatives))
        return TripletSet(anchors, positives, negatives, data.told)
    return _of_retrieval(data, first, last)


def _is_too_little(data: AnySet) -> bool:
    if isinstance(data, LabelledSet):
        return len(data.counts) < 2 or len(data) < 3
    return len(data) < (2 if isinstance(data, PairSet) else 1)


def _fine(one: Any, other: Any, first: set[Hashable], last: set[Hashable]) -> bool:
    return key_of(one) not in first and key_of(other) not in last


def _of(values: Sequence[Any], kept: Sequence[int]) -> list[Any]:
    return [values[row] for row in kept] if values else []


def _of_retrieval(data: RetrievalSet, first: set[Hashable], last: set[Hashable]) -> RetrievalSet:
    queries = {name: item for name, item in data.queries.items() if key_of(item) not in first}
    corpus = {name: item for name, item in data.corpus.items() if key_of(item) not in last}
    relevant = {name: {k: v for k, v in data.relevant.get(name, {}).items() if k in corpus} for name in queries}
    relevant = {name: gains for name, gains in relevant.items() if gains}
    return RetrievalSet({name: queries[name] for name in relevant}, corpus, relevant)


def measured(data: AnySet, found: Sequence[Found], at: Sequence[int], neighbours: int) -> dict[str, Measure]:
    """What the vectors of a set's sides say.

    Args:
        data: all of whose items have a vector.
        found: vectors of the items of each side.
        at: ranks up to which is looked.
        neighbours: how many vote.
    """
    first, last = found[0], found[-1]
    values: dict[str, Values]
    if isinstance(data, LabelledSet):
        vectors = stacked(first, data.items)
        values = labelled(vectors, data.labels, at=at, neighbours=neighbours)
        values["silhouette"] = silhouette(vectors, data.labels)
    elif isinstance(data, PairSet) and data.scores:
        both = cosines(stacked(first, data.left), stacked(first, data.right))
        return {"spearman": OrderMeasure(both, np.asarray(data.scores, np.float64))}
    elif isinstance(data, PairSet):
        values = _of_pairs(data, first, last, at)
    elif isinstance(data, TripletSet):
        anchors = stacked(first, data.anchors)
        near, far = (cosines(anchors, stacked(last, each)) for each in (data.positives, data.negatives))
        values = {"accuracy": (near > far).astype(np.float64), "margin": near - far}
    else:
        rows = {name: row for row, name in enumerate(data.corpus)}
        relevant = [{rows[k]: v for k, v in data.relevant[name].items()} for name in data.queries]
        queries, corpus = stacked(first, data.queries.values()), stacked(last, data.corpus.values())
        values = retrieval(queries, corpus, relevant, at)
    return {name: MeanMeasure(each) for name, each in values.items()}


def _of_pairs(data: PairSet, first: Found, last: Found, at: Sequence[int]) -> dict[str, Values]:
    """Each left item looks for its right one among all right ones; of equal ones each is right."""
    numbers: dict[Hashable, int] = {}
    for item in data.right:
        numbers.setdefault(key_of(item), len(numbers))
    answers: dict[Hashable, dict[int, float]] = {}
    for one, other in zip(data.left, data.right, strict=True):
        answers.setdefault(key_of(one), {})[numbers[key_of(other)]] = 1.0
    gallery = np.stack([last[key] for key in numbers])
    relevant = [answers[key_of(item)] for item in data.left]
    return retrieval(stacked(first, data.left), gallery, relevant, at)
