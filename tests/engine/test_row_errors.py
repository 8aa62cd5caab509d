"""What becomes of a row that fails, and of the rows and items around it."""

from __future__ import annotations

import pytest

from junco import pipe
from junco.errors import OperatorError
from ways import EVERY_WAY, WAYS


def fails_on_three(number):
    if number == 3:
        raise ValueError("three")
    return number * 10


def failing():
    return pipe.input("x").map("x", "y", fails_on_three, name="times ten").output("y")


def failing_deeper():
    return pipe.input("x").flat_map("x", "n", range).map("n", "y", fails_on_three, name="times ten")


@EVERY_WAY
def test_an_error_says_step_operator_position_and_value_and_keeps_its_cause(way):
    with pytest.raises(OperatorError) as caught:
        way(failing(), [1, 2, 3] if way is not WAYS["call"] else [3])
    error = caught.value
    assert (error.node, error.value) == ("times ten", "3")
    assert error.position == (0 if way is WAYS["call"] else 2)
    assert "fails_on_three" in error.operator
    assert isinstance(error.__cause__, ValueError)


def test_skip_leaves_out_an_item_that_fails_at_level_0_and_reports_it():
    rejects = []
    assert failing().batch([1, 3, 2], on_error="skip", rejects=rejects.append) == [10, 20]
    assert [(r.position, r.node) for r in rejects] == [(1, "times ten")]
    assert "three" in rejects[0].reason


def test_skip_drops_a_deeper_row_and_the_rest_of_its_item_goes_on():
    rejects = []
    assert failing_deeper().output("n", "y").batch([5, 1], on_error="skip", rejects=rejects.append) == [
        [(0, 0), (1, 10), (2, 20), (4, 40)],
        [(0, 0)],
    ]
    assert [r.position for r in rejects] == [0]


def test_none_keeps_the_place_of_an_item_that_fails_at_level_0():
    assert failing().batch([1, 3, 2], on_error="none") == [10, None, 20]


@pytest.mark.parametrize(("on_error", "place"), [("skip", []), ("none", [None])])
def test_an_item_that_fails_beside_one_with_many_rows_is_left_out(on_error, place):
    counts = [1] * 20 + [3, 100]  # enough short ones that blocks grow and the last two share one
    long = pipe.input("x").map("x", "y", fails_on_three).flat_map("y", "n", range).flat_map("n", "m", lambda n: [n])
    results = long.output("m").batch(counts, on_error=on_error)
    assert results[:20] == [list(range(10))] * 20
    assert results[20:] == [*place, list(range(1_000))]


def test_none_keeps_the_place_of_a_deeper_row_that_has_nothing_beneath_it():
    p = (
        pipe.input("list")
        .flat_map("list", "number", lambda numbers: numbers)
        .flat_map("number", "part", range)
        .flat_map("part", "piece", lambda part: [part])
        .map("number", (), lambda number: 1 / number)
        .output("number", "piece")
    )
    assert p.batch([[2, 0, 1, 0]], on_error="none") == [[(2, 0), (2, 1), None, (1, 0), None]]


def test_none_keeps_the_place_of_a_deeper_row_once():
    p = failing_deeper().flat_map("y", "z", lambda y: [y, y]).output("n", "z")
    assert p.batch([4], on_error="none") == [[(0, 0), (0, 0), (1, 10), (1, 10), (2, 20), (2, 20), None]]


def test_none_stands_in_a_group_for_the_row_that_failed():
    p = failing_deeper().window_all("y", "ys", list).output("ys")
    assert p.batch([5], on_error="none") == [[0, 10, 20, None, 40]]


def test_a_grouping_step_that_fails_drops_the_row_of_its_scope():
    def no_pairs(values):
        if len(values) == 2:
            raise ValueError("a pair")
        return values

    p = (
        pipe.input("x")
        .flat_map("x", "n", range)
        .flat_map("n", "m", range)
        .window_all("m", "ms", no_pairs, per="n")
        .output("n", "ms")
    )
    assert p.batch([4], on_error="skip") == [[(0, []), (1, [0]), (3, [0, 1, 2])]]
    assert p.batch([4], on_error="none") == [[(0, []), (1, [0]), None, (3, [0, 1, 2])]]


@pytest.mark.parametrize("verb", ["window", "time_window"])
def test_a_window_that_fails_is_left_out_and_the_others_go_on(verb):
    def fails_on_two(values):
        if 2 in values:
            raise ValueError("two")
        return values

    numbered = pipe.input("x").flat_map("x", "n", range)
    timestamp = {"timestamp": "n"} if verb == "time_window" else {}
    p = getattr(numbered, verb)("n", "w", size=2, step=2, fn=fails_on_two, **timestamp).output("w")
    assert p.batch([2, 6], on_error="skip") == [[[0, 1]], [[0, 1], [4, 5]]]
    assert p.batch([2, 6], on_error="none") == [[[0, 1]], [[0, 1], None, [4, 5]]]


def test_an_item_whose_nested_pipeline_fails_is_named_by_its_position():
    outer = pipe.input("x").map("x", "y", failing(), name="nested").output("y")
    with pytest.raises(OperatorError) as caught:
        outer.batch([1, 2, 3])
    assert (caught.value.node, caught.value.position) == ("nested/times ten", 2)


def test_a_grouping_sees_the_failures_of_a_flat_map_that_comes_before_it():
    def fails_on_two(a):
        if a == 2:
            raise ValueError(a)
        return [a]

    start = pipe.input("x").flat_map("x", "a", lambda x: [1, 2, 3]).flat_map("a", "b", fails_on_two)
    with pytest.warns(UserWarning, match="makes 'b', which nothing uses"):
        p = start.window_all("a", "all", list).output("all")
    assert p.batch([0], on_error="skip") == [[1, 3]]
    assert p.batch([0], on_error="none") == [[1, None, 3]]
