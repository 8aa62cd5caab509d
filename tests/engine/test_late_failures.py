"""Failures among rows that are made ahead of a ``reduce``: they count where it asked for more after all rows before."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game import SEEDS, Game
from junco import OperatorError
from junco.graph.pipe import PipeStart

graph_pipe = PipeStart(lambda graph: graph)


# ---- a game: rows that fail anywhere, reductions that want any number of them


class Source(NamedTuple):
    """An item: ``num`` rows 0, 1, 2 …, after which their generator fails, ends or goes on for ever."""

    num: int
    end: str
    bad: tuple[int, ...] = ()
    """Rows on which a ``map`` fails."""
    short: tuple[int, ...] = ()
    """Rows of which a second ``flat_map`` gives one, and then fails."""


def rows(source: Source) -> Iterator[tuple[Source, int]]:
    for n in itertools.count() if source.end == "endless" else range(source.num):
        yield source, n
    if source.end == "fails":
        raise ValueError("the source")


def checked(row: tuple[Source, int]) -> tuple[Source, int]:
    if row[1] in row[0].bad:
        raise ValueError(f"bad {row[1]}")
    return row


def is_kept(row: tuple[Source, int]) -> bool:
    return row[1] % 3 != 1


def twice(row: tuple[Source, int]) -> Iterator[tuple[Source, int]]:
    yield row
    if row[1] in row[0].short:
        raise ValueError(f"short {row[1]}")
    yield row


class Wants:
    """A reduction that asks for so many rows and no more; ``None``: for all."""

    def __init__(self, most: int | None) -> None:
        self.most = most

    def __call__(self, values: Iterator[Any]) -> list[Any]:
        return [None if value is None else value[1] for value in itertools.islice(values, self.most)]


class Shape(NamedTuple):
    """The steps of a graph between the source and its reductions, and how many rows each of these wants."""

    steps: tuple[str, ...]
    wants: tuple[int | None, ...]

    def graph(self) -> Any:
        written = graph_pipe.input("x").flat_map("x", "n", rows)
        for step in self.steps:
            if step == "map":
                written = written.map("n", "n", checked)
            elif step == "filter":
                written = written.filter("n", "n", "n", is_kept)
            else:
                written = written.flat_map("n", "n", twice)
        ends = [written.reduce("n", f"s{i}", Wants(most)) for i, most in enumerate(self.wants)]
        return (ends[0].concat(*ends[1:]) if ends[1:] else ends[0]).output(*(f"s{i}" for i in range(len(ends))))


Event = tuple[str, Any]
"""A ``row`` with its number; or a failure: a ``place`` on the level that is reduced, ``gone``, or the ``end``."""


def events(shape: Shape, source: Source) -> Iterator[Event]:
    """What a reduction comes to, one after the other."""
    opened = shape.steps.index("flat_map") if "flat_map" in shape.steps else len(shape.steps)
    for n in itertools.count() if source.end == "endless" else range(source.num):
        yield from through(shape.steps[:opened], shape.steps[opened:], source, n)
    if source.end == "fails":
        yield "end", ("the source", 0)


def through(steps: Sequence[str], inner: Sequence[str], source: Source, n: int, copy: int = 0) -> Iterator[Event]:
    for step in steps:
        if step == "map" and n in source.bad:
            yield "gone" if inner else "place", (f"bad {n}", copy)
            return
        if step == "filter" and n % 3 == 1:
            return
    if not inner:
        yield "row", n
        return
    for second in range(2):
        if second and n in source.short:
            yield "gone", (f"short {n}", 0)
            return
        yield from through(inner[1:], (), source, n, second)


class Expected(NamedTuple):
    values: list[Any] | None
    told: list[str]


def expected(shape: Shape, source: Source, on_error: str) -> Expected:
    values, told = [], {}
    for most in shape.wants:
        taken: list[Any] = []
        coming = events(shape, source)
        while most is None or len(taken) < most:
            kind, what = next(coming, ("over", None))
            if kind == "over":
                break
            if kind == "row":
                taken.append(what)
                continue
            told[what] = None
            if kind == "end" or on_error == "raise":
                return Expected(None, [reason for reason, _ in told])
            if kind == "place" and on_error == "none":
                taken.append(None)
        values.append(taken)
    return Expected(values[0] if len(values) == 1 else tuple(values), [reason for reason, _ in told])


def shapes(*, all_rows: bool) -> st.SearchStrategy[Shape]:
    steps = st.lists(st.sampled_from(["map", "filter", "flat_map"]), max_size=3, unique=True).map(tuple)
    most = st.integers(0, 9)
    return st.builds(Shape, steps, st.lists(st.none() | most if all_rows else most, min_size=1, max_size=2).map(tuple))


def sources(*ends: str) -> st.SearchStrategy[Source]:
    numbers = st.lists(st.integers(0, 12), max_size=2).map(tuple)
    return st.builds(Source, st.integers(0, 12), st.sampled_from(ends), numbers, numbers)


def cases() -> st.SearchStrategy[tuple[Shape, list[Source]]]:
    ended = st.tuples(shapes(all_rows=True), st.lists(sources("ends", "fails"), max_size=5))
    return ended | st.tuples(shapes(all_rows=False), st.lists(sources("ends", "fails", "endless"), max_size=5))


@pytest.mark.parametrize("on_error", ["raise", "skip", "none"])
@given(case=cases(), seed=SEEDS)
def test_failures_count_where_a_reduction_reaches_them_whatever_the_sizes_and_the_order_of_tasks(on_error, case, seed):
    shape, items = case
    outcomes = [expected(shape, item, on_error) for item in items]
    game = Game(shape.graph(), random.Random(seed), on_error)
    if on_error == "raise":
        first = next((i for i, outcome in enumerate(outcomes) if outcome.values is None), None)
        if first is None:
            assert game.play(items) == [outcome.values for outcome in outcomes]
            return
        with pytest.raises(OperatorError) as caught:
            game.play(items)
        assert (caught.value.position, str(caught.value.__cause__)) == (first, outcomes[first].told[-1])
        return
    assert game.play(items) == [o.values for o in outcomes if on_error == "none" or o.values is not None]
    told = Counter((i, f"ValueError: {reason}") for i, outcome in enumerate(outcomes) for reason in outcome.told)
    assert Counter((reject.position, reject.reason) for reject in game.rejects) == told
