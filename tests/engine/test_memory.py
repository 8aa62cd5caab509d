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
from junco.engine.engine import Engine
from junco.engine.group import WindowStage
from junco.engine.intake import IntakeSize
from junco.engine.options import RunOptions
from junco.engine.pieces import PieceSize, WindowsSize
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


def spied(stage):
    """Let a stage note the cells of each list of windows that it hands over at once."""
    asked, apply = [], stage.apply

    def noting(columns, num_rows, **options):
        asked.append((num_rows, sum(map(len, columns[0]))))
        return apply(columns, num_rows, **options)

    stage.apply = noting
    return asked


OVERLAPPING = {
    "window": lambda rows: rows.window("n", "w", 5_000, 1, len),
    "time window": lambda rows: rows.time_window("n", "w", "n", 5_000, 1, len),
}


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "beside its rows"])
@pytest.mark.parametrize("verb", OVERLAPPING)
def test_windows_that_overlap_are_made_some_at_a_time(verb, is_alone):
    """They are bounded by the rows that they hold together, not by their number."""
    rows = pipe.input("x").flat_map("x", "n", range)
    made, names = OVERLAPPING[verb](rows), ["w"]
    if not is_alone:
        made, names = made.concat(rows.window_all("n", "num", len)), ["w", "num"]
    with made.output(*names) as p:
        stages = p._engine.stages("raise")
        flow = p.plan.flow
        (windows,) = [stage for stage in stages if isinstance(stage, WindowStage)]
        asked = spied(windows)
        blocks = [source_block(0, 0, [[6_000]], flow.inputs, flow.levels[0])]
        for stage in stages:
            blocks = [made for block in blocks for made in stage.run([block])]
    assert windows.may_split == is_alone
    assert sum(count for count, _ in asked) == 6_000
    assert max(cells for _, cells in asked) <= WindowsSize.MAX_CELLS + 5_000
    assert max(count for count, _ in asked) <= WindowsSize.LARGEST


def test_a_row_that_lies_in_more_windows_than_there_is_room_for_gives_them_one_after_the_other():
    worked = []
    moments = pipe.input("t").flat_map("t", "at", lambda t: [t])
    p = moments.time_window("at", "w", "at", 1_000, 1e-3, lambda at: worked.append(1) or len(at)).output("w")
    with p:
        rows = p.rows([2_000])
        assert [row.row for row in itertools.islice(rows, 5)] == [1] * 5
        rows.close()
    assert len(worked) <= 40 * WindowsSize.LARGEST


def test_large_results_of_windows_leave_in_pieces_of_bounded_size():
    large_one = bytes(1_000_000)
    with pipe.input("x").flat_map("x", "n", range).window("n", "w", 2, 1, lambda ns: large_one).output("w") as p:
        stages = p._engine.stages("raise")
        flow = p.plan.flow
        blocks = [source_block(0, 0, [[1_000]], flow.inputs, flow.levels[0])]
        for stage in stages[:2]:
            blocks = [made for block in blocks for made in stage.run([block])]
        counts = [stages[1].num_made(block) for block in blocks]
    assert sum(counts) == 1_000
    assert max(counts[1:]) * len(large_one) <= WindowsSize.MAX_LATER_BYTES


class Alive:
    """Counts rows that have been made and not been let go."""

    def __init__(self):
        self.num = self.most = 0
        self.lock = threading.RLock()  # rows are made in one thread and let go in another

    def row(self, _):
        with self.lock:
            self.num += 1
            self.most = max(self.most, self.num)
        return Row(self)


class Row:
    __slots__ = ("alive",)

    def __init__(self, alive):
        self.alive = alive

    def __del__(self):
        with self.alive.lock:
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
