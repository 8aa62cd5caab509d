"""Blocks of the source, whatever the clock says, and however long its items are in coming."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from junco import pipe
from junco.engine.intake import Intake, IntakeSize
from junco.errors import InputError

LONG_S = 30
"""Nothing here takes so long unless it hangs."""


def source_of(items, clock=lambda: 0.0):
    flow = pipe.input("x").map("x", "y", abs).output("y").plan.flow
    return Intake(items, flow, IntakeSize(), clock)


def test_a_thread_that_is_put_aside_while_it_looks_at_the_clock_leaves_no_gap_in_the_numbers():
    looks = itertools.count()
    # every third look at the clock a second has gone by, far more than a block waits for
    blocks = list(source_of(range(100), lambda: float(next(looks) // 3)).blocks())
    assert [block.key for block in blocks] == [(number,) for number in range(len(blocks))]
    assert [place for block in blocks for place in block.positions] == list(range(100))


def test_what_has_come_of_a_block_can_be_taken_while_the_next_item_is_waited_for():
    early = []

    def items():
        for number in range(10):
            if (block := source.early()) is not None:
                early.append(block)
            yield number

    source = source_of(items())
    source.size.start(slowest_s=0.001)  # ten items a block
    blocks = [*source.blocks(), *early]
    assert early
    assert sorted(block.key for block in blocks) == [(number,) for number in range(len(blocks))]
    assert sorted(place for block in blocks for place in block.positions) == list(range(10))
    assert source.early() is None


def test_only_what_has_no_length_may_keep_its_reader_waiting():
    assert source_of(iter([1])).may_wait
    assert not source_of([1]).may_wait


def test_an_iterable_is_asked_for_its_iterator_once():
    class Items:
        num_asked = 0

        def __iter__(self):
            self.num_asked += 1
            return iter(range(3))

    items = Items()
    with pipe.input("x").map("x", "y", abs).output("y") as p:
        assert p.batch(items) == [0, 1, 2]
    assert items.num_asked == 1


@pytest.mark.parametrize("one", ["cat.jpg", b"cat"])
def test_one_text_is_not_taken_for_many_items(one):
    with pipe.input("x").map("x", "y", len).output("y") as p:
        for many in (p.batch, p.stream):
            with pytest.raises(InputError, match=r"put it in a list"):
                many(one)
        assert p.batch([one]) == [len(one)]


def test_what_is_not_iterable_is_refused_before_anything_runs():
    with pipe.input("x").map("x", "y", abs).output("y") as p, pytest.raises(InputError, match="must be iterable"):
        p.stream(3)


@pytest.mark.parametrize("num_first", [1, 2, 3, 10, 100])
@pytest.mark.parametrize("options", [{}, {"workers": 2}], ids=["alone", "workers"])
def test_results_of_what_has_come_are_there_while_a_live_source_waits(num_first, options):
    all_are_there = threading.Event()

    def live():
        yield from range(num_first)
        assert all_are_there.wait(LONG_S)
        yield num_first

    with pipe.input("x").map("x", "y", abs, **options).output("y") as p:
        got = []
        for result in p.stream(live()):
            got.append(result)
            if len(got) == num_first:
                all_are_there.set()
    assert got == list(range(num_first + 1))


def test_what_came_early_of_a_live_source_waited_no_longer_than_the_run_took():
    is_there = threading.Event()

    def live():
        yield 1
        assert is_there.wait(LONG_S)

    started = time.perf_counter()
    with pipe.input("x").map("x", "y", abs).output("y") as p:
        for _ in p.stream(live()):
            is_there.set()
        assert p.stats().stages[0].wait_s <= time.perf_counter() - started


def test_a_generator_is_read_by_one_thread_whoever_works():
    threads = set()

    def items():
        for number in range(1_000):
            threads.add(threading.get_ident())
            yield number

    with pipe.input("x").map("x", "y", abs, workers=4).output("y") as p:
        p.batch(items())
    assert len(threads) == 1


def test_a_stream_can_be_closed_while_its_source_waits():
    go_on = threading.Event()

    def live():
        yield 1
        go_on.wait(LONG_S)

    with pipe.input("x").map("x", "y", abs).output("y") as p:
        stream = p.stream(live())
        assert next(stream) == 1
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        stream.close()
        reader.join(LONG_S)
        assert not reader.is_alive()
        assert not go_on.is_set()
        go_on.set()
