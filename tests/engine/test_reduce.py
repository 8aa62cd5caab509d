"""``reduce`` over rows that come block by block: its callable waits in a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from junco import op, pipe
from junco.errors import ClosedError, OperatorError

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


def test_what_fails_beyond_the_rows_that_a_reduction_asked_for_does_not_count():
    """Whatever stands beside the item: how far ahead rows are made follows from the time that they take."""

    def rows(fails_at: int) -> Iterator[int]:
        yield from range(fails_at)
        raise ValueError(f"row {fails_at}")

    def checked(n: int) -> int:
        if n == 7:
            raise ValueError("seven")
        return n

    def three(numbers: Iterator[int]) -> list[int]:
        return list(itertools.islice(numbers, 3))

    made = pipe.input("x").flat_map("x", "n", rows)
    for steps in (made, made.map("n", "n", checked)):
        with steps.reduce("n", "three", three).output("three") as p:
            for on_error in ("raise", "skip", "none"):
                told = []
                assert p.batch([3, 4, 8, 40, 5_000], on_error=on_error, rejects=told.append) == [[0, 1, 2]] * 5
                assert not told
            assert p.batch([3, 2, 4], on_error="skip", rejects=told.append) == [[0, 1, 2]] * 2
            assert [reject.position for reject in told] == [1]
            assert p.batch([2, 4], on_error="none") == [None, [0, 1, 2]]
            with pytest.raises(OperatorError, match="row 2"):
                p.batch([40, 2])


def test_a_failure_counts_once_where_several_reductions_reach_it():
    def rows(x: int) -> Iterator[int]:
        yield from range(x)
        raise ValueError("the end")

    made = pipe.input("x").flat_map("x", "n", rows).map("n", "n", lambda n: 6 // n)
    few = made.reduce("n", "few", lambda ns: list(itertools.islice(ns, 2)))
    more = made.reduce("n", "more", lambda ns: list(itertools.islice(ns, 3)))
    with few.concat(more).output("few", "more") as p:
        told = []
        assert p.batch([9, 3], on_error="skip", rejects=told.append) == [([6, 3], [6, 3, 2])]
        assert [(reject.position, reject.is_item) for reject in told] == [(0, False), (1, False), (1, True)]


def test_a_failure_is_that_of_the_row_whose_rows_were_reduced():
    def rows(m: int) -> Iterator[int]:
        yield from range(m)
        raise ValueError(f"of {m}")

    made = pipe.input("x").flat_map("x", "m", range).flat_map("m", "n", rows)
    with made.reduce("n", "two", lambda ns: list(itertools.islice(ns, 2)), per="m").output("m", "two") as p:
        assert p.batch([4, 1], on_error="skip") == [[(2, [0, 1]), (3, [0, 1])], []]
        assert p.batch([4], on_error="none") == [[None, None, (2, [0, 1]), (3, [0, 1])]]


def test_a_callable_that_goes_on_after_a_failure_gives_nothing():
    def rows(x: int) -> Iterator[int]:
        yield x
        raise ValueError("after one")

    def stubborn(numbers: Iterator[int]) -> int:
        with contextlib.suppress(BaseException):
            return sum(numbers)
        return 0

    with pipe.input("x").flat_map("x", "n", rows).reduce("n", "sum", stubborn).output("sum") as p:
        assert p.batch([1, 2], on_error="none") == [None, None]
        with pytest.raises(OperatorError, match="after one"):
            p(1)
