"""``reduce`` over rows that come block by block: its callable waits in a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from junco import op, pipe
from junco.errors import ClosedError

LONG_S = 30
"""Nothing here takes so long unless it hangs."""


def read(stream):
    with contextlib.suppress(ClosedError):
        list(stream)


def test_a_run_that_ends_does_not_wait_for_a_callable_that_is_at_work():
    """Nor does it keep other pipelines waiting: the callable uses one of them before it ends."""
    inside, closed, ended = threading.Event(), threading.Event(), threading.Event()

    def total(numbers):
        next(numbers)
        inside.set()
        assert closed.wait(LONG_S)
        try:
            return sum(len(other(number)) for number in numbers)
        finally:
            ended.set()

    other = pipe.input("x").flat_map("x", "n", range).output("n")
    rows = pipe.input("x").flat_map("x", "n", lambda x: itertools.repeat(2) if x else range(1))
    with other, rows.reduce("n", "total", total).output("total") as p:
        stream = p.stream([1])
        reader = threading.Thread(target=read, args=(stream,))
        reader.start()
        assert inside.wait(LONG_S)
        p.close()
        assert other(3) == [0, 1, 2]
        closed.set()
        reader.join(LONG_S)
        assert not reader.is_alive()
        assert ended.wait(LONG_S), "its clean-up runs"


def test_a_generator_that_is_given_up_may_use_pipelines_of_other_threads_to_clean_up():
    cleaned = []
    begun = threading.Event()

    def rows(x):
        try:
            begun.set()
            yield from itertools.count()
        finally:
            thread = threading.Thread(target=lambda: cleaned.append(other(2)))
            thread.start()
            thread.join(LONG_S)

    with pipe.input("x").flat_map("x", "n", range).output("n") as other:
        p = pipe.input("x").flat_map("x", "n", rows).map("n", "n", abs).output("n")
        reader = threading.Thread(target=read, args=(p.stream([1]),))
        reader.start()
        assert begun.wait(LONG_S)
        p.close()
        reader.join(LONG_S)
        assert cleaned == [[0, 1]]


# ---- reductions that have seen enough

ENDLESS = {
    "generator": lambda endless: pipe.input("x").flat_map("x", "n", endless),
    "step between": lambda endless: pipe.input("x").flat_map("x", "n", endless).map("n", "n", abs),
    "several workers": lambda endless: pipe.input("x").flat_map("x", "n", endless, workers=3),
    "two levels": lambda endless: pipe.input("x").flat_map("x", "m", endless).flat_map("m", "n", endless),
    "windows": lambda endless: pipe.input("x").flat_map("x", "m", endless).window("m", "n", 3, 3, lambda ms: ms[2] - 2),
    "time": lambda endless: (
        pipe.input("x").flat_map("x", "m", endless).time_window("m", "n", "m", 1, 1, lambda ms: ms[0])
    ),
    "operator": lambda endless: pipe.input("x").flat_map("x", "n", op("test.endless-rows")(endless)),
    "pipeline": lambda endless: pipe.input("x").flat_map(
        "x", "n", pipe.input("x").flat_map("x", "n", endless).output("n")
    ),
}


@pytest.mark.parametrize("rows", ENDLESS.values(), ids=ENDLESS)
def test_a_reduction_of_endless_rows_that_returns_ends_them_and_closes_their_source(rows):
    closed = []

    def endless(x: int) -> Iterator[int]:
        try:
            yield from itertools.count(x)
        finally:
            closed.append(x)

    with rows(endless).reduce("n", "first", next).output("first") as p:
        assert p(2) == 2
        assert p.batch([3, 50]) == [3, 50]
        assert list(p.stream(iter([4, 5]), on_error="skip")) == [4, 5]
    assert set(closed) >= {2, 3, 50, 4, 5}


def test_several_reductions_end_their_rows_when_the_last_of_them_has_returned():
    rows = pipe.input("x").flat_map("x", "n", itertools.count)
    found = rows.reduce("n", "first", next).concat(rows.reduce("n", "large", lambda ns: any(n > 9_000 for n in ns)))
    with found.output("first", "large") as p:
        assert p.batch([3, 10_000]) == [(3, True), (10_000, True)]


def test_a_reduction_for_each_of_some_rows_ends_those_of_each():
    rows = pipe.input("x").flat_map("x", "n", range).flat_map("n", "m", itertools.count)
    with rows.reduce("m", "first", next, per="n").output("n", "first") as p:
        assert p(3) == [(0, 0), (1, 1), (2, 2)]


def test_rows_that_another_step_takes_too_are_all_made():
    """An effect, a group and an output: each wants every row, whatever a reduction beside it does."""
    seen = []
    rows = pipe.input("x").flat_map("x", "n", range)
    with rows.map("n", (), seen.append).reduce("n", "first", next).output("first") as p:
        assert p(5_000) == 0
    assert seen == list(range(5_000))
    with rows.reduce("n", "first", next).concat(rows.window_all("n", "count", len)).output("first", "count") as p:
        assert p(5_000) == (0, 5_000)
    with rows.reduce("n", (), next).output("n") as p:
        assert len(p(5_000)) == 5_000


def total(numbers):
    return sum(numbers)


@op("reduce-test.total")
def total_of(numbers: Iterator[int]) -> int:
    return sum(numbers)


@pytest.mark.parametrize("fold", [total, total_of], ids=["a function", "an operator"])
def test_two_reductions_by_the_same_callable_do_not_wait_for_each_other(fold):
    """Each takes a scope of many blocks, and both work on each of them in turn."""
    rows = pipe.input("x").flat_map("x", "n", range).map("n", "m", lambda n: n + 1)
    with rows.reduce("n", "one", fold).concat(rows.reduce("m", "other", fold)).output("one", "other") as p:
        assert tuple(p(50_000, timeout_s=LONG_S)) == (sum(range(50_000)), sum(range(1, 50_001)))
