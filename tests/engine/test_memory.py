"""Memory is bounded by what is under way, however many rows there are."""

from __future__ import annotations

import gc
import itertools
import threading
import time
import tracemalloc
from collections import deque

import pytest

from junco import pipe
from junco.engine.engine import Engine, RunOptions
from junco.engine.intake import IntakeSize
from junco.engine.pieces import PieceSize
from junco.engine.rows import source_block
from junco.engine.scheduler import Limits
from junco.engine.stream import Stream

ALLOWED_BYTES = 20_000_000
"""What more rows may cost: a few blocks of a larger size. All rows together would take 100 MB and more."""


def peak_bytes(run, *arguments) -> int:
    """The most memory that Python objects took during a run, above what there was."""
    gc.collect()
    tracemalloc.start()
    try:
        run(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def consume(stream):
    deque(stream, maxlen=0)


def large(x):
    """A row that would be noticed if a hundred thousand of it were kept: 1 kB."""
    return bytes(1_000)


def test_a_hundred_thousand_items_take_no_more_memory_than_a_thousand():
    with pipe.input("x").map("x", "y", large).map("y", "z", len).output("y", "z") as p:

        def run(num_items):
            consume(p.stream(iter(range(num_items))))

        run(1_000)
        assert peak_bytes(run, 100_000) < peak_bytes(run, 1_000) + ALLOWED_BYTES


GROUPINGS = {
    "reduce": lambda rows: rows.reduce("n", "result", count),
    "window": lambda rows: rows.window("n", "w", 100, 100, len).reduce("w", "result", sum),
    "time window": lambda rows: rows.time_window("n", "w", "n", 100, 100, len).reduce("w", "result", sum),
    "filter": lambda rows: rows.filter("n", "n", "n", lambda n: True).reduce("n", "result", count),
}


def count(values):
    return sum(1 for _ in values)


@pytest.mark.parametrize("group", GROUPINGS.values(), ids=GROUPINGS)
def test_a_hundred_thousand_rows_of_one_item_take_no_more_memory_than_a_thousand(group):
    rows = pipe.input("x").flat_map("x", "n", range).map("n", "big", large).map(("n", "big"), "n", lambda n, big: n)
    with group(rows).output("result") as p:
        assert p(1_000) == 1_000
        assert peak_bytes(p, 100_000) < peak_bytes(p, 1_000) + ALLOWED_BYTES


def test_a_million_rows_of_one_item_are_reduced_while_a_bounded_number_of_them_is_alive():
    alive = Alive()
    rows = pipe.input("x").flat_map("x", "n", lambda x: map(alive.row, range(x))).map("n", "n", lambda row: row)
    with rows.window("n", "w", 1_000, 1_000, len).reduce("w", "num", sum).output("num") as p:
        assert p(1_000_000) == 1_000_000
    assert alive.most < 100_000


def test_of_a_long_item_no_more_than_two_pieces_are_there_at_a_time():
    alive = Alive()
    with pipe.input("x").flat_map("x", "n", lambda x: map(alive.row, range(x))).output("n") as p:
        (stage,) = Engine(p.plan).stages("raise")
        flow = p.plan.flow
        consume(stage.run([source_block(0, 0, [[20_000]], flow.inputs, flow.levels[0])]))
    assert PieceSize.LARGEST <= alive.most <= 2 * PieceSize.LARGEST


def test_large_rows_of_a_long_item_come_in_pieces_of_bounded_size():
    row = bytes(100_000)
    with pipe.input("x").flat_map("x", "n", lambda x: itertools.repeat(row, x)).output("n") as p:
        (stage,) = Engine(p.plan).stages("raise")
        flow = p.plan.flow
        blocks = stage.run([source_block(0, 0, [[1_000]], flow.inputs, flow.levels[0])])
        counts = [stage.num_made(block) for block in blocks]
    assert sum(counts) == 1_000
    assert max(counts) * len(row) <= PieceSize.MAX_BYTES


class Alive:
    """Counts rows that have been made and not been let go."""

    def __init__(self):
        self.num = self.most = 0

    def row(self, _):
        self.num += 1
        self.most = max(self.most, self.num)
        return Row(self)


class Row:
    __slots__ = ("alive",)

    def __init__(self, alive):
        self.alive = alive

    def __del__(self):
        self.alive.num -= 1


# ---- a slow consumer


def test_a_consumer_that_stops_reading_stops_the_reading_of_the_input():
    """However many cores help: blocks that nobody takes hold everything up."""
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield number

    with pipe.input("x").map("x", "y", large, workers=4).output("y") as p:
        stream = Stream(run := Engine(p.plan).run(endless(), RunOptions()))
        for _ in range(20_000):
            next(stream)
        quiet(run)
        num_read = len(read)
        assert num_read - 20_000 <= 4 * Limits().max_blocks * IntakeSize.LARGEST
        stream.close()
        assert len(read) == num_read


def quiet(run):
    """Wait until no thread works for a run."""
    until = time.monotonic() + 30
    while is_at_work(run):
        assert time.monotonic() < until
        threading.Event().wait(0.001)


def is_at_work(run):
    with run.pool.lock:
        return run.scheduler.num_running > 0
