"""Every way to run a pipeline gives what the naive reference interpreter of the row semantics gives."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings

from junco import pipe, pipeline
from junco.errors import JuncoError, OperatorError
from junco.graph.nodes import GROUPING, Graph
from reference import Unsettled, batch, outcomes_of, run
from strategies import graphs_with_items

pytestmark = pytest.mark.filterwarnings("ignore:.*which nothing uses")

WAYS = {
    "call": lambda p, items: [p(*(item if len(p.graph.inputs) > 1 else (item,))) for item in items],
    "batch": lambda p, items: p.batch(items),
    "stream": lambda p, items: list(p.stream(items)),
    "stream from a generator": lambda p, items: list(p.stream(iter(items))),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


ROW_BY_ROW = {"map", "flat_map", "filter"}


def as_written(graph: Graph) -> Graph:
    return graph


def with_workers(graph: Graph) -> Graph:
    """The same graph with several workers for each step that works row by row."""
    return changed(graph, ROW_BY_ROW, workers=3)


def in_processes(graph: Graph) -> Graph:
    """The same graph with every step's rows worked on in other processes."""
    return changed(graph, ROW_BY_ROW | GROUPING, workers=2, backend="process")


def changed(graph: Graph, verbs: set[str], **options) -> Graph:
    nodes = (dataclasses.replace(node, **options) if node.verb in verbs else node for node in graph.nodes)
    return dataclasses.replace(graph, nodes=tuple(nodes))


@dataclasses.dataclass(frozen=True)
class Mode:
    """Another way to run the same graph, and which part of the examples it is worth."""

    change: Callable[[Graph], Graph]
    share: float = 1.0

    def __call__(self, graph: Graph) -> Graph:
        return self.change(graph)

    def holds(self, cases, check) -> None:
        """Check a property on random cases."""
        num_examples = max(1, int(settings.default.max_examples * self.share))
        settings(max_examples=num_examples)(given(cases)(check))()


# one line here, and every property holds for it too; rows take a hundred times longer to another process and back
MODES = {"as written": Mode(as_written), "several workers": Mode(with_workers)}
if importlib.util.find_spec("loky") is not None:  # junco[processes]
    MODES["in processes"] = Mode(in_processes, share=0.5)
EVERY_MODE = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)


@pytest.fixture(scope="module", autouse=True)
def _no_process_left():
    yield
    if "in processes" in MODES:
        from loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True, kill_workers=True)


def numbers(text):
    return [f"{text}{i}" for i in range(int(text[1]))]


def is_even(number):
    return number % 2 == 0


def fails_on_three(number):
    if number == 3:
        raise ValueError("three")
    return number * 10


# ---- worked cases


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
    assert way(p, [[-3, -1, 0, 1, 7], []]) == [[[-3], [-1], [0, 1], [7]], []]


@EVERY_WAY
def test_time_windows_may_overlap(way):
    p = pipe.input("ts").flat_map("ts", "t", lambda ts: ts).time_window("t", "w", "t", 2, 1, list).output("w")
    assert way(p, [[0, 1, 2]]) == [[[0], [0, 1], [1, 2], [2]]]


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


# ---- errors


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
    assert (caught.value.node, caught.value.position) == ("nested", 2)


# ---- properties


@EVERY_WAY
@EVERY_MODE
def test_any_graph_on_any_items_gives_what_the_reference_gives(way, mode):
    def check(case):
        graph, items = case
        with pipeline(mode(graph)) as p:
            assert way(p, items) == batch(graph, items)

    mode.holds(graphs_with_items(), check)


@given(case=graphs_with_items(kind="operators", most_nodes=20))
def test_any_graph_of_operators_gives_what_the_reference_gives(case):
    graph, items = case
    with pipeline(graph) as p:
        assert p.batch(items) == list(p.stream(items)) == batch(graph, items)


@given(case=graphs_with_items(num_inputs=1))
def test_any_graph_nested_in_another_gives_what_it_gives_alone(case):
    graph, items = case
    with pipeline(graph) as inner:
        outer = pipe.input("xs").flat_map("xs", "x", lambda xs: xs).map("x", "y", inner).output("y")
        assert outer(items) == batch(graph, items)


@EVERY_MODE
def test_any_failing_graph_raises_on_an_item_that_really_fails(mode):
    def check(case):
        graph, items = case
        outcomes = settled(graph, items, "skip")
        failing_at = {position for position, outcome in enumerate(outcomes) if outcome.failures}
        failures = failures_of(graph, items)
        with pipeline(mode(graph)) as p:
            for run_all in (p.batch, lambda items: list(p.stream(items))):
                if not failing_at:
                    assert run_all(items) == batch(graph, items)
                    continue
                with pytest.raises(OperatorError) as caught:
                    run_all(items)
                assert caught.value.position in failing_at
                assert described(caught.value) in failures

    mode.holds(graphs_with_items(fails=11), check)


@EVERY_MODE
@pytest.mark.parametrize("on_error", ["skip", "none"])
def test_any_failing_graph_skips_or_blanks_what_the_reference_does(on_error, mode):
    def check(case):
        graph, items = case
        # where branches meet, the page says what becomes of a dropped row, not of the place of a failed one
        assume(on_error == "skip" or not any(node.verb == "concat" for node in graph.nodes))
        outcomes = settled(graph, items, on_error)
        expected = [outcome.value for outcome in outcomes if on_error == "none" or not outcome.is_failed]
        rejects = []
        with pipeline(mode(graph)) as p:
            assert p.batch(items, on_error=on_error, rejects=rejects.append) == expected
            assert list(p.stream(items, on_error=on_error)) == expected
        if on_error == "skip":
            assert {reject.position for reject in rejects} == {i for i, o in enumerate(outcomes) if o.failures}
            assert Counter(described(reject.error) for reject in rejects) == failures_of(graph, items)

    mode.holds(graphs_with_items(fails=11), check)


def failures_of(graph, items):
    """What the rows that fail say in the graph as it is written."""
    rejects = []
    with pipeline(graph) as p:
        p.batch(items, on_error="skip", rejects=rejects.append)
    return Counter(described(reject.error) for reject in rejects)


def described(error):
    """All that an error says, and what caused it."""
    return str(error), error.position, error.node, error.operator, error.value, repr(error.__cause__)


@given(case=graphs_with_items())
def test_an_unordered_stream_gives_the_same_results_in_some_order(case):
    graph, items = case
    with pipeline(graph) as p:
        assert Counter(map(repr, p.stream(items, ordered=False))) == Counter(map(repr, p.batch(items)))


def settled(graph, items, on_error):
    try:
        return outcomes_of(graph, items, on_error)
    except Unsettled:
        assume(False)


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
