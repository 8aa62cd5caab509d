"""``reduce`` over rows that come block by block: its callable waits in a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import threading

from junco import pipe
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
