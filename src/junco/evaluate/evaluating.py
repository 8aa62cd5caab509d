"""`evaluate`: data and some ways to make vectors of it → what is measured of each, of the same items."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from junco.errors import DataError
from junco.evaluate.circumstances import circumstances
from junco.evaluate.evaluation import Evaluation, Measured
from junco.evaluate.measures import Found, Measure, main_of, measured, sides, without
from junco.evaluate.way import Way, key_of
from junco.job.progress import Progress, progress_for
from junco.labelled.fingerprint import fingerprint_of
from junco.labelled.sets import AnySet, LabelledSet
from junco.wording import did_you_mean, nearest

OnUnreadable = Literal["skip", "raise"]


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How is measured.

    Attributes:
        at: the ranks up to which is looked.
        neighbours: how many vote in ``knn``.
        metrics: which are shown, by name; empty: all.
        on_error: whether items that cannot be embedded are left out, of all ways, or end it.
        progress: ``None`` lets the terminal decide, ``False`` shows nothing.
    """

    at: tuple[int, ...] = (1, 10)
    neighbours: int = 5
    metrics: tuple[str, ...] = ()
    on_error: OnUnreadable = "skip"
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name, values in (("at", self.at), ("neighbours", (self.neighbours,))):
            if not values or any(not isinstance(each, int) or each < 1 for each in values):
                raise DataError(f"{name} is ranks from 1 up, not {values!r}")


def evaluate(ways: Sequence[Way], data: AnySet, options: EvaluateOptions) -> Evaluation:
    """Measure some ways by what is known of the same items.

    Raises:
        DataError: a pipeline that gives no one vector for an item, too few items, a measure that does not exist.
    """
    for way in ways:
        way.check()
    wanted = sides(data)
    count = len(ways) * sum(len({key_of(item) for item in items}) for _, items in wanted)
    with progress_for(options.progress, lambda: count) as progress:
        found = [_embedded(way, wanted, progress) for way in ways]
    rejects = _rejects(ways)
    failed = [_failed(items, [each[side] for each in found]) for side, (_, items) in enumerate(wanted)]
    if rejects and options.on_error == "raise":
        item, why = next(iter(rejects.items()))
        raise DataError(f"{len(rejects)} items cannot be embedded, the first {item}: {why}")
    left = without(data, failed) if any(failed) else data
    values = [_chosen(measured(left, each, options.at, options.neighbours), options.metrics) for each in found]
    rows = [_row(way, each, one, values[0]) for way, each, one in zip(ways, found, values, strict=True)]
    main = main_of(data) if main_of(data) in values[0] else next(iter(values[0]))
    told = (*data.told, *_few(left, max(*options.at, options.neighbours)))
    around, are_texts = circumstances(), [*ways[0].pipeline.graph.inputs] == ["text"]
    data_id = fingerprint_of(left, are_texts=are_texts)
    return Evaluation(repr(left)[1:-1], main, tuple(rows), told, rejects, around, data_id)


def _embedded(way: Way, wanted: Sequence[tuple[Any, Sequence[Any]]], progress: Progress) -> list[Found]:
    with progress.loading():
        way.pipeline.prepare()
    return [way.vectors(items, role, progress.worked) for role, items in wanted]


def _rejects(ways: Sequence[Way]) -> dict[str, str]:
    """Why items failed, by the item; with the way, where others could embed it."""
    found: dict[str, str] = {}
    for way in ways:
        for item, why in way.rejects.items():
            is_theirs = all(item in each.rejects for each in ways)
            found.setdefault(item, why if is_theirs else f"{why} ({way.name})")
    return found


def _failed(items: Sequence[Any], found: Sequence[Found]) -> set[Hashable]:
    """What has no vector in one of the ways: what is compared is of the same items."""
    keys = {key_of(item) for item in items}
    return {key for key in keys if any(key not in each for each in found)}


def _chosen(values: dict[str, Measure], metrics: Sequence[str]) -> dict[str, Measure]:
    """Those that were asked for.

    Raises:
        DataError: one that does not exist, with those that do.
    """
    for name in metrics:
        if name not in values:
            known = ", ".join(values)
            raise DataError(
                f"{name!r} is not measured of such data; {known} are.{did_you_mean(nearest(name, values, 1))}"
            )
    return {name: values[name] for name in metrics or values}


def _row(way: Way, found: Sequence[Found], values: dict[str, Measure], first: dict[str, Measure]) -> Measured:
    vector = next(iter(found[0].values()))
    gains = {name: each.more_than(first[name]) for name, each in values.items()} if values is not first else {}
    return Measured(
        way.name,
        way.pipeline.space,
        len(vector),
        way.vector_bytes,
        way.model_bytes,
        way.num_embedded / max(way.seconds, 1e-9),
        {name: each.estimate() for name, each in values.items()},
        gains,
        way.pipeline.graph.name,
        way.operators,
    )


def _few(data: AnySet, most: int) -> list[str]:
    """What the data itself says against what is measured by it.

    Args:
        most: how far is looked.
    """
    if not isinstance(data, LabelledSet):
        return []
    lines = []
    if len(data) - 1 < most:
        lines.append(f"each item has {len(data) - 1:,} others, so that what looks further looks at all of them")
    alone = [label for label, count in data.counts.items() if count == 1]
    if alone:
        some = ", ".join(map(str, alone[:3]))
        lines.append(f"{len(alone):,} labels have one item, of which nobody can find another: {some}")
    return lines
