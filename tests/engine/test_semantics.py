"""The worked cases of the row semantics, in every way to run a pipeline."""

from __future__ import annotations

import pytest

from junco import pipe
from junco.errors import JuncoError, OperatorError
from reference import run
from ways import EVERY_WAY


def numbers(text):
    return [f"{text}{i}" for i in range(int(text[1]))]


def is_even(number):
    return number % 2 == 0


@EVERY_WAY
def test_the_worked_case_gives_each_box_its_own_item(way):
    p = (
        pipe.input("list")
        .flat_map("list", "item", lambda items: items)
        .flat_map("item", "box", lambda item: [f"{item}.{i}" for i in range(int(item[1]))])
        .output("item", "box")
    )
    expected = [("A1", "A1.0"), ("C3", "C3.0"), ("C3", "C3.1"), ("C3", "C3.2")]
    assert way(p, [["A1", "B0", "C3"]]) == [expected]
    assert run(p.graph, ["A1", "B0", "C3"]) == expected
    row = way(p, [["A1"]])[0][0]
    assert (row.item, row.box) == ("A1", "A1.0")


@EVERY_WAY
def test_one_output_at_level_0_is_one_value(way):
    assert way(pipe.input("x").map("x", "y", lambda x: x + 1).output("y"), [1, 2]) == [2, 3]


@EVERY_WAY
def test_several_outputs_at_level_0_are_one_named_row(way):
    (row,) = way(pipe.input("x").map("x", "y", lambda x: x + 1).output("x", "y"), [1])
    assert row == (1, 2)
    assert (row.x, row.y) == (1, 2)


@EVERY_WAY
def test_a_filter_at_level_0_makes_the_result_a_list_of_no_or_one_row(way):
    p = pipe.input("x").filter("x", "x", "x", is_even).output("x")
    assert way(p, [1, 2]) == [[], [2]]


@EVERY_WAY
def test_a_filter_beneath_level_0_leaves_the_shape_of_level_0_alone(way):
    p = (
        pipe.input("x")
        .flat_map("x", "n", range)
        .filter("n", "n", "n", is_even)
        .window_all("n", "ns", list)
        .output("x", "ns")
    )
    assert way(p, [0, 4]) == [(0, []), (4, [0, 2])]


@EVERY_WAY
def test_window_all_gives_one_list_for_each_frame_also_an_empty_one(way):
    p = (
        pipe.input("video")
        .flat_map("video", "frame", lambda video: video)
        .flat_map("frame", "box", numbers)
        .map("box", "vector", str.lower)
        .window_all("vector", "vectors", list, per="frame")
        .output("frame", "vectors")
    )
    assert way(p, [["A1", "B0", "C2"]]) == [[("A1", ["a10"]), ("B0", []), ("C2", ["c20", "c21"])]]


@EVERY_WAY
def test_windows_at_the_end_of_a_scope_are_shorter(way):
    p = pipe.input("x").flat_map("x", "n", lambda x: range(1, x + 1)).window("n", "w", 3, 2, list).output("w")
    assert way(p, [6, 5, 0, 1]) == [[[1, 2, 3], [3, 4, 5], [5, 6]], [[1, 2, 3], [3, 4, 5], [5]], [], [[1]]]


@EVERY_WAY
def test_windows_that_step_further_than_their_size_leave_rows_out(way):
    p = pipe.input("x").flat_map("x", "n", range).window("n", "w", 2, 3, list).output("w")
    assert way(p, [7]) == [[[0, 1], [3, 4], [6]]]


@EVERY_WAY
def test_a_window_gets_one_list_for_each_input_column(way):
    p = pipe.input("x").flat_map("x", "n", range).window(("x", "n"), "w", 2, 2, lambda xs, ns: (xs, ns)).output("w")
    assert way(p, [3]) == [[([3, 3], [0, 1]), ([3], [2])]]


@EVERY_WAY
def test_time_windows_lie_on_whole_multiples_of_the_step_and_empty_ones_are_left_out(way):
    p = (
        pipe.input("times")
        .flat_map("times", "t", lambda times: times)
        .time_window("t", "w", "t", 2, 2, list)
        .output("w")
    )
    assert way(p, [[0, 1, 3, 7], []]) == [[[0, 1], [3], [7]], []]


@EVERY_WAY
def test_time_windows_may_overlap(way):
    p = pipe.input("ts").flat_map("ts", "t", lambda ts: ts).time_window("t", "w", "t", 2, 1, list).output("w")
    assert way(p, [[0, 1, 2]]) == [[[0, 1], [1, 2], [2]]]


@EVERY_WAY
def test_time_that_runs_backwards_within_a_scope_is_an_error(way):
    p = (
        pipe.input("ts")
        .flat_map("ts", "t", lambda ts: ts)
        .time_window("t", "w", "t", 2, 1, list, name="by time")
        .output("w")
    )
    assert way(p, [[5], [1, 1]])
    with pytest.raises(OperatorError, match="step 'by time'"):
        way(p, [[0, 2, 1]])


@EVERY_WAY
def test_reduce_takes_one_iterator_of_values(way):
    p = pipe.input("x").flat_map("x", "n", range).reduce("n", "total", sum).output("total")
    assert way(p, [4, 0]) == [6, 0]


@EVERY_WAY
def test_reduce_over_several_columns_takes_one_iterator_of_tuples(way):
    p = pipe.input("x").flat_map("x", "n", range).reduce(("x", "n"), "rows", list).output("rows")
    assert way(p, [2, 0]) == [[(2, 0), (2, 1)], []]


@EVERY_WAY
def test_keep_empty_keeps_a_row_once_with_none_in_all_columns(way):
    p = (
        pipe.input("x")
        .flat_map("x", ("n", "m"), lambda x: [(i, -i) for i in range(x)], keep_empty=True)
        .output("x", "n", "m")
    )
    assert way(p, [0, 2]) == [[(0, None, None)], [(2, 0, 0), (2, 1, -1)]]


@EVERY_WAY
def test_branches_meet_by_row_and_never_by_position(way):
    start = pipe.input("x").flat_map("x", "n", range)
    evens = start.filter("n", "n", "n", is_even)
    squares = start.map("n", "square", lambda n: n * n)
    assert way(evens.concat(squares).output("n", "square"), [5]) == [[(0, 0), (2, 4), (4, 16)]]


def test_a_filter_in_one_branch_is_not_seen_by_another_before_they_meet():
    start = pipe.input("x").flat_map("x", "n", range)
    seen = []
    p = start.filter("n", "n", "n", is_even).concat(start.map("n", "m", lambda n: seen.append(n) or n)).output("m")
    assert p(4) == [0, 2]
    assert seen == [0, 1, 2, 3]


@EVERY_WAY
def test_of_two_columns_with_one_name_that_of_the_later_branch_wins(way):
    start = pipe.input("x")
    one, two = start.map("x", "y", lambda x: x + 1), start.map("x", "y", lambda x: x + 2)
    with pytest.warns(UserWarning, match="which nothing uses"):
        p, q = one.concat(two).output("y"), two.concat(one).output("y")
    assert (way(p, [0]), way(q, [0])) == ([2], [1])


@EVERY_WAY
def test_a_column_grouped_in_one_branch_lives_on_where_another_kept_it(way):
    start = pipe.input("x").flat_map("x", "n", range)
    p = start.window_all("n", "all", list).concat(start.map("n", "m", lambda n: -n)).output("all", "n", "m")
    assert way(p, [2]) == [[([0, 1], 0, 0), ([0, 1], 1, -1)]]


@EVERY_WAY
def test_a_row_dropped_in_a_branch_is_gone_after_the_meeting_though_the_branch_grouped_it(way):
    start = pipe.input("x").flat_map("x", "n", range)
    evens = start.filter("n", "n", "n", is_even).window_all("n", "evens", list)
    met = evens.concat(start.map("n", "m", lambda n: n))
    assert way(met.output("evens", "m"), [3]) == [[([0, 2], 0), ([0, 2], 2)]]
    assert way(met.window_all("m", "ms", list).output("evens", "ms"), [3]) == [([0, 2], [0, 2])]


@EVERY_WAY
def test_a_filter_on_a_deeper_column_repeats_the_shallower_one(way):
    p = pipe.input("x").flat_map("x", "n", range).filter("x", "copy", "n", is_even).output("copy")
    assert way(p, [3]) == [[3, 3]]


@EVERY_WAY
def test_several_inputs_come_as_tuples(way):
    p = pipe.input("x", "y").map(("x", "y"), "z", lambda x, y: x - y).output("z")
    assert way(p, [(5, 3), (1, 1)]) == [2, 0]


@EVERY_WAY
def test_a_pipeline_under_map_gives_its_own_result_a_list(way):
    inner = pipe.input("n").flat_map("n", "i", range).output("i")
    p = pipe.input("x").flat_map("x", "n", range).map("n", "list", inner).output("n", "list")
    assert way(p, [3]) == [[(0, []), (1, [0]), (2, [0, 1])]]


@EVERY_WAY
def test_a_pipeline_under_flat_map_gives_rows(way):
    inner = pipe.input("n").flat_map("n", "i", range).map("i", "j", lambda i: -i).output("i", "j")
    p = pipe.input("x").flat_map("x", ("i", "j"), inner).output("x", "i", "j")
    assert way(p, [2]) == [[(2, 0, 0), (2, 1, -1)]]


@EVERY_WAY
def test_an_empty_tuple_as_output_drops_the_result(way):
    seen = []
    p = pipe.input("x").map("x", (), seen.append).output("x")
    assert way(p, [1, 2]) == [1, 2]
    assert seen == [1, 2]


@EVERY_WAY
@pytest.mark.parametrize("wrong", [(1,), (1, 2, 3), 5, None], ids=repr)
def test_another_count_of_results_than_columns_is_an_error_naming_the_step(way, wrong):
    p = pipe.input("x").map("x", ("a", "b"), lambda x: wrong, name="two").output("a")
    with pytest.raises(JuncoError, match="'two'"):
        way(p, [1])


def test_a_plain_callable_is_the_callers_own_object_called_in_row_order():
    class Memory(list):
        def __call__(self, value):
            self.append(value)
            return value

    memory = Memory()
    p = pipe.input("x").flat_map("x", "n", range).map("n", "m", memory).output("m")
    assert p.batch([3, 2]) == [[0, 1, 2], [0, 1]]
    assert memory == [0, 1, 2, 0, 1]


@EVERY_WAY
def test_each_branch_may_group_what_the_other_keeps(way):
    start = pipe.input("x").flat_map("x", "a", range).flat_map("x", "b", range)
    p = start.window_all("a", "as", list).concat(start.window_all("b", "bs", sum)).output("as", "bs")
    assert way(p, [3]) == [([0, 1, 2], 3)]


@EVERY_WAY
@pytest.mark.parametrize("verb", ["window_all", "reduce"])
def test_a_grouping_waits_for_a_filter_that_itself_waits_for_another_grouping(way, verb):
    start = pipe.input("x").flat_map("x", "a", range).flat_map("x", "b", range).window_all("b", "num_b", len)
    kept = start.filter("a", "a", ("a", "num_b"), lambda a, num_b: a < num_b - 1)
    assert way(getattr(kept, verb)("a", "as", list).output("as"), [3]) == [[0, 1]]
