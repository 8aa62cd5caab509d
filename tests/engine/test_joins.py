"""Windows over several levels: fed as far as they ask, with the results of levels that are held whole."""

from __future__ import annotations

import random
from functools import partial
from typing import Any
from unittest import mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from game import SEEDS, Game
from junco import OperatorError, pipe
from junco.graph.pipe import PipeStart
from junco.plan.plan import make_plan
from junco.plan.program import Join
from reference import Unsettled, batch, outcomes_of
from strategies import FUNCTIONS, OPERATORS

graphs_only = PipeStart(lambda graph: graph)


def times(step: int, x: Any):
    """Times that do not fall, with a number each."""
    for index in range((x + step) % 6):
        yield index * step // 2, (x * index + step) % 13


def with_map(rows, column, options):
    return rows.map(column, column, OPERATORS["mix"].with_params(options))


def with_filter(rows, column, options):
    return rows.filter(column, column, column, partial(FUNCTIONS["keep"], **options))


def with_spread(rows, column, options):
    return rows.flat_map(column, column, partial(FUNCTIONS["spread"], **options))


@st.composite
def joined(draw, fails=0):
    """A graph with windows over two or three levels, each with some steps of its own, and items for it."""
    rows = graphs_only.input("x")
    sides = "abc"[: draw(st.integers(2, 3))]
    for side in sides:
        rows = rows.flat_map("x", (f"{side}t", side), partial(times, draw(st.integers(1, 5))))
        for step in draw(st.lists(st.sampled_from([with_map, with_filter, with_spread]), max_size=2)):
            rows = step(rows, side, {"salt": draw(st.integers(0, 9)), "fails": fails})
    fn = draw(st.sampled_from([FUNCTIONS["gather"], OPERATORS["mix"].with_params({"fails": fails})]))
    stamps = tuple(f"{side}t" for side in sides)
    size, step = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    rows = rows.time_window(tuple(sides), "w", stamps, size, step, fn, per=draw(st.sampled_from([None, "x"])))
    graph = rows.output(*draw(st.sampled_from([("w",), ("x", "w")])))
    return graph, draw(st.lists(st.integers(0, 20), max_size=5))


def is_joined(graph):
    return any(isinstance(instruction, Join) for instruction in make_plan(graph).program)


def held_whole():
    """Levels are made whole before their windows, as where they serve other steps too."""
    return mock.patch("junco.plan.program.supplies_of", return_value=())


@given(case=joined(), seed=SEEDS)
def test_windows_that_are_fed_are_those_of_levels_that_are_held_whole(case, seed):
    graph, items = case
    assert is_joined(graph)
    expected = batch(graph, items)
    assert Game(graph, random.Random(seed)).play(items) == expected
    with held_whole():
        assert not is_joined(graph)
        assert Game(graph, random.Random(seed)).play(items) == expected


@pytest.mark.parametrize("on_error", ["skip", "none"])
@given(case=joined(fails=11), seed=SEEDS)
def test_what_fails_in_a_level_is_put_aside_with_its_step_and_position(on_error, case, seed):
    graph, items = case
    try:
        outcomes = outcomes_of(graph, items, on_error)
    except Unsettled:
        assume(False)
    game = Game(graph, random.Random(seed), on_error)
    assert game.play(items) == [o.value for o in outcomes if on_error == "none" or not o.is_failed]
    failures = sorted((i, name) for i, outcome in enumerate(outcomes) for name, _ in outcome.failures)
    assert sorted((reject.position, reject.node) for reject in game.rejects) == failures


@given(case=joined(fails=11), seed=SEEDS)
def test_an_error_in_a_level_comes_with_its_step_and_position(case, seed):
    graph, items = case
    outcomes = outcomes_of(graph, items)
    failing_at = [position for position, outcome in enumerate(outcomes) if outcome.failures]
    assume(failing_at)
    game = Game(graph, random.Random(seed))
    with pytest.raises(OperatorError) as caught:
        game.play(items)
    assert caught.value.position in failing_at
    assert caught.value.node in {name for name, _ in outcomes[caught.value.position].failures}
    assert game.results == [outcome.value for outcome in outcomes[: caught.value.position]]


def two_sides(frames, sounds, **options):
    """Windows of one second over frames and sounds, which are lists of times."""
    rows = pipe.input("v").flat_map("v", "f", frames, name="frames").flat_map("v", "s", sounds, name="sounds")
    return rows.time_window(("f", "s"), "w", ("f", "s"), 1, 1, lambda fs, ss: (fs, ss), name="seconds", **options)


def test_a_window_with_rows_on_one_side_only_has_an_empty_list_for_the_other():
    p = two_sides(lambda v: [0.1, 2.5], lambda v: [0.2, 1.5]).output("w")
    assert p(0) == [([0.1], [0.2]), ([], [1.5]), ([2.5], [])]


def test_no_side_is_read_further_than_the_windows_ask():
    read = {"f": 0, "s": 0}

    def side(name, rate):
        def rows(v):
            for i in range(100_000):
                read[name] = i / rate
                yield i / rate

        return rows

    p = two_sides(side("f", 1000), side("s", 10)).output("w")
    next(iter(p.rows([0])))
    assert abs(read["f"] - read["s"]) < 300
    assert read["f"] < 90
    p.close()


@pytest.mark.parametrize(("wrong", "says"), [([1, 0], "1: sort the rows"), ([-1], "below 0"), (["x"], "no finite")])
def test_a_time_that_makes_no_sense_on_any_side_fails_the_scopes_row(wrong, says):
    p = two_sides(lambda v: [0, 1], lambda v: wrong if v else [0]).output("w")
    rejects = []
    assert p.batch([0, 1], on_error="skip", rejects=rejects.append) == [[([0], [0]), ([1], [])]]
    assert [(reject.position, reject.node, reject.is_item) for reject in rejects] == [(1, "seconds", True)]
    assert says in rejects[0].reason


def test_a_level_that_cannot_be_made_fails_the_scopes_row_in_its_own_step():
    def frames(v):
        if v == 2:
            raise ValueError("no frames")
        return [0]

    p = two_sides(frames, lambda v: [0]).output("w")
    rejects = []
    assert p.batch([1, 2], on_error="skip", rejects=rejects.append) == [[([0], [0])]]
    assert p.batch([2, 1], on_error="none") == [None, [([0], [0])]]
    assert [(reject.position, reject.node, reject.is_item) for reject in rejects] == [(1, "frames", True)]
    with pytest.raises(OperatorError, match=r"step 'frames'.*input 1.*no frames") as caught:
        p.batch([1, 2])
    assert isinstance(caught.value.__cause__, ValueError)


def test_levels_that_later_steps_use_are_held_whole():
    rows = two_sides(lambda v: [0, 1], lambda v: [0])
    assert is_joined(rows.output("w").graph)
    seen = []
    rows = pipe.input("v").flat_map("v", "f", lambda v: [0, 1]).flat_map("v", "s", lambda v: [0])
    p = rows.time_window(("f", "s"), (), ("f", "s"), 1, 1, lambda *sides: seen.append(sides)).output("f")
    assert not is_joined(p.graph)
    assert p(0) == [0, 1]
    assert seen == [([0], [0]), ([1], [])]


def test_a_field_that_cannot_be_read_fails_the_window_that_it_lies_in():
    rows = pipe.input("v").flat_map("v", ("f", "ft"), lambda v: [(1j, 0), ("no number", 1), (2j, 1), (3j, 2)])
    rows = rows.flat_map("v", "s", lambda v: [0])
    p = rows.time_window(("f.imag", "s"), "w", ("ft", "s"), 1, 1, lambda fs, ss: fs, name="seconds").output("w")
    rejects = []
    assert p.batch([0], on_error="skip", rejects=rejects.append) == [[[1.0], [3.0]]]
    assert [(reject.node, reject.is_item) for reject in rejects] == [("seconds", False)]


def test_the_steps_of_all_levels_are_counted():
    p = two_sides(lambda v: [0, 1], lambda v: [0]).output("w")
    p.batch([1, 2, 3])
    assert {stage.name: stage.num_rows for stage in p.stats().stages} == {"frames": 3, "sounds": 3, "seconds": 6}


def test_an_engine_closes_what_a_window_that_nobody_reads_on_has_opened():
    closed = []

    def frames(v):
        try:
            yield from map(float, range(100_000))
        finally:
            closed.append("frames")

    with two_sides(frames, lambda v: [0]).output("w") as p:
        stream = p.rows([0])
        next(iter(stream))
        stream.close()
    assert closed == ["frames"]


def test_each_step_can_be_looked_at():
    p = two_sides(lambda v: [0, 1], lambda v: [0]).output("w")
    looked = p.inspect("v")
    assert [(step.name, step.num_in, step.num_out) for step in looked.steps] == [
        ("frames", 1, 2),
        ("sounds", 1, 1),
        ("seconds", 3, 2),
    ]
