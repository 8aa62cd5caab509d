"""What is measured of held-out examples: each epoch, and before and after, by the same measures as `evaluate` has."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from junco.errors import DataError
from junco.evaluate.evaluation import Evaluation, Measured
from junco.evaluate.measures import Measure, main_of, measured, names_of, sides
from junco.evaluate.way import key_of
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TripletSet
from junco.metrics.ranking import Values
from junco.types import Vectors
from junco.wording import and_listed, did_you_mean, nearest

AT, NEIGHBOURS = (1, 10), 5


def check_metric(metric: str | None, data: AnySet | None) -> None:
    """Refuse a measure that is not one of such data.

    Raises:
        DataError: with those that are.
    """
    if metric is None:
        return
    if data is None:
        raise DataError(f"metric={metric!r}: nothing is held out to measure by: give eval_data, or leave metric out")
    if metric not in (names := names_of(data, AT, NEIGHBOURS)):
        near = did_you_mean(nearest(metric, names))
        raise DataError(f"metric={metric!r} is not measured of such data: {and_listed(names)} are.{near}")


@dataclass(frozen=True, eq=False)
class Asked:
    """A set by whose items is measured, each item a number, so that nothing of them has to stay in memory.

    Attributes:
        coded: the set, its items numbers: equal items have the same one.
        items: by side the items themselves, each once, in the order of their numbers.
        main: the measure that decides.
    """

    coded: AnySet
    items: tuple[Sequence[Any], ...]
    main: str

    def measures(self, vectors: Sequence[Vectors]) -> dict[str, Measure]:
        """By name, what the vectors say.

        Args:
            vectors: of the items of each side, (n, dim).
        """
        found: list[Mapping[Hashable, Vectors]] = [dict(enumerate(each)) for each in vectors]
        return measured(self.coded, found, AT, NEIGHBOURS)

    def means(self, vectors: Sequence[Vectors]) -> dict[str, float]:
        """The mean of each measure."""
        return {name: _mean(each) for name, each in self.measures(vectors).items()}


def asked_of(data: AnySet) -> Asked:
    """The set as it is measured by, whose items may be files, texts, arrays."""
    items: list[list[Any]] = []
    numbers: list[dict[Hashable, int]] = []
    for _, each in sides(data):
        known: dict[Hashable, int] = {}
        once = [item for item in each if key_of(item) not in known and known.setdefault(key_of(item), len(known)) >= 0]
        items.append(once)
        numbers.append(known)
    return Asked(_coded(data, numbers[0], numbers[-1]), tuple(items), main_of(data))


def side_by_side(asked: Asked, before: Measured, after: Measured, told: Sequence[str]) -> Evaluation:
    """Before and after, in one table."""
    return Evaluation(repr(asked.coded)[1:-1], asked.main, (before, after), tuple(told))


def measured_way(
    name: str, values: Mapping[str, Measure], first: Mapping[str, Measure] | None, of: WayFacts
) -> Measured:
    """One way's line of the table.

    Args:
        name: of the way.
        values: what was measured.
        first: what it is compared with; ``None`` for the first itself.
        of: what else is known.
    """
    gains = {} if first is None else {key: each.more_than(first[key]) for key, each in values.items()}
    estimates = {key: each.estimate() for key, each in values.items()}
    return Measured(name, of.space, of.dim, 4 * of.dim, of.model_bytes, of.items_per_s, estimates, gains)


@dataclass(frozen=True, slots=True)
class WayFacts:
    """What is known of a way beside its measures.

    Attributes:
        space: the id of its space.
        dim: numbers of a vector.
        model_bytes: of its weights.
        items_per_s: embedded.
    """

    space: str | None
    dim: int
    model_bytes: int
    items_per_s: float


def _coded(data: AnySet, first: Mapping[Hashable, int], last: Mapping[Hashable, int]) -> AnySet:
    """The set with numbers in place of items."""

    def left(items: Sequence[Any]) -> list[int]:
        return [first[key_of(item)] for item in items]

    def right(items: Sequence[Any]) -> list[int]:
        return [last[key_of(item)] for item in items]

    if isinstance(data, LabelledSet):
        return replace(data, items=left(data.items))
    if isinstance(data, PairSet):
        return replace(data, left=left(data.left), right=right(data.right))
    if isinstance(data, TripletSet):
        return replace(
            data, anchors=left(data.anchors), positives=right(data.positives), negatives=right(data.negatives)
        )
    queries = {name: first[key_of(item)] for name, item in data.queries.items()}
    corpus = {name: last[key_of(item)] for name, item in data.corpus.items()}
    return RetrievalSet(queries, corpus, data.relevant, data.told)


def _mean(measure: Any) -> float:
    """Without its interval, where that is costly to find."""
    values: Values | None = getattr(measure, "values", None)
    if values is None:
        return float(measure.estimate().mean)
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
