"""Levels and refusals: the table of the row semantics line by line, and what a graph without meaning is told."""

from __future__ import annotations

import dataclasses
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from junco.errors import ContractError, GraphError
from junco.graph.levels import check
from junco.graph.nodes import Graph, Node
from junco.graph.pipe import PipeStart
from junco.graph.ports import check_ports
from junco.operator.function import op
from junco.operator.spec import OperatorSpec
from strategies import Counting, graphs

pipe = PipeStart(check)
pipe_of_graphs = PipeStart(lambda graph: graph)
UNUSED = "ignore:.*(which nothing uses|filter the same rows)"


def run(graph, item):
    """What the reference makes of an item of a graph that has a meaning."""
    check(graph)
    return reference.run(graph, item)


def levels(flow):
    """The depth of each output column."""
    return [slot.level.depth for slot in flow.outputs]


def boxes():
    return pipe.input("video").flat_map("video", "frame", list).flat_map("frame", "box", list)


# ---- the table


def test_input_is_at_level_0():
    assert levels(pipe.input("x", "y").output("x", "y")) == [0, 0]


@pytest.mark.filterwarnings(UNUSED)
def test_map_stays_on_the_deepest_level_among_its_inputs():
    assert levels(boxes().map(("video", "box"), "v", max).output("v")) == [2]
    assert levels(boxes().map(("video", "frame"), "v", max).output("v")) == [1]


def test_flat_map_opens_a_level_beneath():
    assert levels(boxes().output("video", "frame", "box")) == [0, 1, 2]


@pytest.mark.filterwarnings(UNUSED)
def test_filter_stays_on_the_deepest_level_of_what_it_keeps_and_decides_on():
    assert levels(boxes().filter("box", "box", "box", bool).output("box")) == [2]
    assert levels(boxes().filter("frame", "f", "box", bool).output("f")) == [2]


@pytest.mark.parametrize(("per", "depth"), [(None, 1), ("frame", 2), ("box", 3)])
def test_window_opens_a_level_beneath_its_scope(per, depth):
    assert levels(boxes().window("box", "w", 2, 1, list, per=per).output("w")) == [depth]
    assert levels(boxes().time_window("box", "w", "box", 2, 1, list, per=per).output("w")) == [depth]


@pytest.mark.parametrize(("per", "depth"), [(None, 0), ("video", 0), ("frame", 1), ("box", 2)])
def test_window_all_and_reduce_stay_on_the_level_of_their_scope(per, depth):
    assert levels(boxes().window_all("box", "v", list, per=per).output("v")) == [depth]
    assert levels(boxes().reduce("box", "v", sum, per=per).output("v")) == [depth]


def test_an_output_is_on_the_deepest_level_among_its_columns():
    assert boxes().output("video", "box").out_level.depth == 2


@pytest.mark.parametrize(
    ("make", "is_single"),
    [
        (lambda p: p.output("video"), True),
        (lambda p: p.filter("video", "video", "video", bool).output("video"), False),
        (lambda p: p.filter("box", "box", "box", bool).window_all("box", "n", len).output("n"), True),
        (lambda p: p.output("box"), False),
    ],
)
@pytest.mark.filterwarnings(UNUSED)
def test_only_level_0_without_a_filter_there_gives_one_value(make, is_single):
    assert make(boxes()).is_single is is_single


# ---- refusals


def test_columns_of_two_independent_flat_maps_are_refused_by_name_with_the_cure():
    p = pipe.input("x").flat_map("x", "a", list).flat_map("x", "b", list)
    with pytest.raises(GraphError, match=r"'a'.*'b'.*window_all"):
        p.output("a", "b")
    with pytest.raises(GraphError, match=r"step 'both'.*'a'.*'b'"):
        p.map(("a", "b"), "c", max, name="both").output("c")


def test_branches_that_each_made_rows_of_their_own_are_refused():
    start = pipe.input("x")
    with pytest.raises(GraphError, match=r"concat.*'b'.*'a'|concat.*'a'.*'b'"):
        start.flat_map("x", "a", list).concat(start.flat_map("x", "b", list)).output("a")


@pytest.mark.parametrize(
    ("grouped", "used", "cure"),
    [
        ("box", "box", "it is among the inputs of 'all': use what that made of it, 'all'"),
        ("box", "frame", "per='frame' in 'all' .*or group 'frame' in a branch of its own"),
        ("frame", "box", "group 'box' in a step before 'all'"),
        ("box", "cut", "group 'cut' in a step before 'all'"),
    ],
)
def test_a_column_that_was_grouped_is_refused_with_the_cure_that_fits_its_level(grouped, used, cure):
    rows = boxes().flat_map("frame", "cut", list)
    with pytest.raises(GraphError, match=rf"the output uses the column '{used}', whose .* by step 'all': .*{cure}"):
        rows.window_all(grouped, "all", list, name="all").output(used)


def test_a_grouped_column_may_be_made_anew():
    assert levels(boxes().window_all("box", "box", list).output("box")) == [0]


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(GraphError, match=r"step 'len' \(map\).*'vidio'.*'video'"):
        pipe.input("video").map("vidio", "n", len, name="len").output("n")
    with pytest.raises(GraphError, match=r"output.*'nn'"):
        pipe.input("video").map("video", "n", len).output("nn")


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), True, 1.5], ids=str)
def test_a_window_of_no_whole_size_is_refused(size):
    with pytest.raises(GraphError, match="size"):
        pipe.input("x").window("x", "w", size, 1, list).output("w")


def test_a_scope_that_does_not_hold_the_rows_is_refused():
    with pytest.raises(GraphError, match=r"per='b'"):
        pipe.input("x").flat_map("x", "a", list).flat_map("x", "b", list).window_all("a", "c", list, per="b").output(
            "c"
        )


def test_a_cycle_is_refused():
    one = Node("map", "one", ("x",), ("y",), abs, after=("two",))
    two = Node("map", "two", ("y",), ("z",), abs, after=("one",))
    with pytest.raises(GraphError, match=r"'one'.*'two'.*cycle"):
        check(Graph(("x",), (one, two), ("z",)))


def test_a_step_that_follows_itself_is_refused():
    with pytest.raises(GraphError, match="'one'"):
        check(Graph(("x",), (Node("map", "one", ("x",), ("y",), abs, after=("one",)),), ("y",)))


def test_a_step_that_leads_nowhere_is_refused():
    one, two = (Node("map", name, ("x",), ("y",), abs) for name in ("one", "two"))
    with pytest.raises(GraphError, match=r"'one'.*nowhere"):
        check(Graph(("x",), (one, two), ("y",)))


def test_two_steps_of_one_name_are_refused():
    with pytest.raises(GraphError, match="'same'"):
        pipe.input("x").map("x", "x", abs, name="same").map("x", "x", abs, name="same").output("x")


def test_a_pipeline_without_outputs_gives_one_nothing_for_each_item():
    flow = boxes().map("box", (), print).output()
    assert (flow.outputs, flow.out_level.depth, flow.is_single) == ((), 0, True)


def test_a_pipeline_without_inputs_is_refused():
    with pytest.raises(GraphError, match="input"):
        pipe.input().output("x")


def test_a_step_whose_outputs_nobody_uses_brings_a_warning_naming_it():
    with pytest.warns(UserWarning, match=r"'lost'.*'y'"):
        pipe.input("x").map("x", "y", abs, name="lost").output("x")


def test_a_step_that_drops_its_result_brings_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipe.input("x").map("x", (), print).output("x")


# ---- cures, taken


def frames_and_boxes():
    return pipe_of_graphs.input("video").flat_map("video", "frame", list).flat_map("frame", "box", list)


VIDEO = ["ab", "c"]


def test_the_cure_for_a_column_of_the_grouped_level_gives_the_right_rows():
    with pytest.raises(GraphError, match=r"put 'box' among the inputs of 'all'"):
        check(frames_and_boxes().map("box", "big", abs).window_all("big", "all", list, name="all").output("box"))
    cured = frames_and_boxes().map("box", "big", str.upper).window_all(("big", "box"), ("all", "boxes"), lambda *v: v)
    assert run(cured.output("all", "boxes"), VIDEO) == (["A", "B", "C"], ["a", "b", "c"])


def test_the_cures_for_a_column_above_the_grouped_level_give_the_right_rows():
    with pytest.raises(GraphError, match=r"say per='frame' in 'all'.*or group 'frame' in a branch of its own"):
        check(frames_and_boxes().window_all("box", "all", list, name="all").output("frame", "all"))
    cured = frames_and_boxes().window_all("box", "all", list, name="all", per="frame")
    assert run(cured.output("frame", "all"), VIDEO) == [("ab", ["a", "b"]), ("c", ["c"])]
    rows = frames_and_boxes()
    cured = rows.window_all("box", "all", list).concat(rows.window_all("frame", "frames", list))
    assert run(cured.output("frames", "all"), VIDEO) == (["ab", "c"], ["a", "b", "c"])


@pytest.mark.parametrize("inputs", ["box", ("frame", "box")])
def test_a_column_that_was_grouped_already_is_had_from_what_was_made_of_it(inputs):
    rows = frames_and_boxes().window_all(inputs, "all", lambda *v: v[-1], name="all", per="video")
    with pytest.raises(GraphError, match=r"'box', whose rows.* it is among the inputs of 'all': use .*'all'"):
        check(rows.output("box", "all"))
    assert run(rows.output("all"), VIDEO) == ["a", "b", "c"]


def test_a_column_above_the_grouped_level_that_was_grouped_too_is_had_from_what_was_made_of_it():
    rows = frames_and_boxes().window_all(("box", "frame"), ("boxes", "frames"), lambda *v: v, name="all")
    with pytest.raises(GraphError, match=r"it is among the inputs of 'all': use .*'boxes', 'frames'"):
        check(rows.output("frame"))


@pytest.mark.parametrize("beneath", ["frame", "video"])
def test_the_cure_for_a_column_beneath_or_beside_the_grouped_level_gives_the_right_rows(beneath):
    rows = pipe_of_graphs.input("video").flat_map("video", "frame", list).flat_map(beneath, "part", list)
    grouped, scope = ("frame", "frame") if beneath == "frame" else ("frame", "video")
    if beneath == "frame":
        with pytest.raises(GraphError, match=r"group 'part' in a step before 'all'"):
            check(rows.window_all(grouped, "all", list, name="all").output("part"))
        cured = rows.window_all("part", "part", list, per=scope).window_all((grouped, "part"), ("f", "p"), lambda *v: v)
        assert run(cured.output("f", "p"), VIDEO) == (["ab", "c"], [["a", "b"], ["c"]])
    else:
        cured = rows.window_all("part", "part", list).window_all(grouped, "all", list)
        assert run(cured.output("all", "part"), VIDEO) == (["ab", "c"], ["ab", "c"])


# ---- several levels in windows of time


def two_levels():
    return pipe.input("v").flat_map("v", ("f", "ft"), list).flat_map("v", ("s", "st"), list)


@pytest.mark.filterwarnings(UNUSED)
def test_each_input_goes_by_the_timestamp_of_its_level_or_path():
    rows = two_levels().flat_map("f", "box", list)
    flow = rows.time_window(("s", "box", "st"), "w", ("ft", "st"), 1, 1, max).output("w")
    sides = flow.steps[-1].sides
    assert [(side.timestamp.name, side.inputs, side.level.depth) for side in sides] == [
        ("ft", (1,), 2),
        ("st", (0, 2), 1),
    ]
    assert flow.out_level.parent is flow.levels[0]


@pytest.mark.parametrize(
    ("inputs", "timestamps", "says"),
    [
        (("f", "s"), "ft", "name a timestamp for each level, timestamp=('…', '…'): only 'ft' was given"),
        (("f", "s"), ("ft", "f"), "second timestamp, 'f', for one level"),
        ("f", ("ft", "st"), "no input lies on the level of the timestamp 'st'"),
        (("f", "s", "v"), ("ft", "st"), "'v' lies on the path of several timestamps"),
        (
            ("f", "s", "other"),
            ("ft", "st"),
            "level: name a timestamp for each level, timestamp=('…', '…'): only 'ft', 'st' were given",
        ),
    ],
)
def test_timestamps_that_do_not_fit_the_levels_are_refused(inputs, timestamps, says):
    rows = two_levels().flat_map("v", "other", list)
    with pytest.raises(GraphError) as caught:
        rows.time_window(inputs, "w", timestamps, 1, 1, max, name="seconds").output("w")
    assert "step 'seconds'" in str(caught.value)
    assert says in str(caught.value)


# ---- grouping steps that make nothing


@pytest.mark.parametrize("verb", ["window", "window_all", "reduce"])
def test_a_grouping_step_that_makes_nothing_closes_nothing(verb):
    sizes = {"size": 2, "step": 2} if verb == "window" else {}
    assert levels(getattr(boxes(), verb)("box", (), fn=print, **sizes).output("frame", "box")) == [1, 2]


# ---- branches


@pytest.mark.filterwarnings(UNUSED)
def test_of_two_columns_of_one_name_the_one_that_a_branch_changed_wins_the_later_where_both_did():
    start = pipe.input("a").map("a", "k", abs, name="k")
    one, other = start.map("a", "a", abs, name="one"), start.map("k", "b", abs, name="other")
    both = start.map("a", "a", abs, name="both")
    assert [p.output("a").outputs[0].made_by for p in (one.concat(both), both.concat(one))] == ["both", "one"]
    for meeting in (one.concat(other), other.concat(one)):
        made = meeting.output("a", "b").outputs
        assert [slot.made_by for slot in made] == ["one", "other"]


@pytest.mark.filterwarnings(UNUSED)
def test_a_filter_changes_a_name_only_where_it_lets_it_stand_for_another_column():
    start = pipe.input("a", "b")
    kept = start.filter("a", "a", "a", bool, name="keeps")
    renamed = start.filter("b", "a", "a", bool, name="renames")
    changed = start.map("a", "a", abs, name="maps")
    assert changed.concat(kept).output("a").outputs[0].made_by == "maps"
    assert changed.concat(renamed).output("a").outputs[0].index == 1


def test_filters_of_one_level_in_branches_that_meet_bring_a_warning_naming_both():
    rows = pipe.input("xs").flat_map("xs", "x", list)
    odd, even = rows.filter("x", "odd", "x", bool, name="is odd"), rows.filter("x", "even", "x", bool, name="is even")
    with pytest.warns(UserWarning, match=r"'is odd' and in step 'is even': only rows that both keep are left"):
        odd.concat(even).output("odd", "even")


def test_no_warning_where_one_branch_filters_or_the_filter_stands_before_the_fork_or_the_rows_were_grouped():
    rows = pipe.input("xs").flat_map("xs", "x", list).filter("x", "x", "x", bool)
    odd, even = rows.filter("x", "odd", "x", bool), rows.filter("x", "even", "x", bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        odd.concat(rows.map("x", "y", abs)).output("odd", "y")
        rows.map("x", "z", abs).concat(rows.map("x", "y", abs)).output("z", "y")
        odd.window_all("odd", "odd", list).concat(even.window_all("even", "even", list)).output("odd", "even")


# ---- pipelines in steps


ONE = pipe_of_graphs.input("a").map("a", "b", abs).output("b")
TWO = pipe_of_graphs.input("a").map("a", "b", abs).output("a", "b")
ROWS = pipe_of_graphs.input("a").flat_map("a", "b", list).output("a", "b")
THREE_INPUTS = pipe_of_graphs.input("a", "b", "c").map(("a", "b", "c"), "s", max).output("s")
NOTHING = pipe_of_graphs.input("a").map("a", (), print).output()


@pytest.mark.parametrize(
    ("verb", "inputs", "outputs", "inner"),
    [
        ("map", "x", "y", ONE),
        ("map", "x", "y", TWO),
        ("map", "x", "y", ROWS),
        ("map", "x", "y", NOTHING),
        ("map", "x", ("y", "z"), TWO),
        ("map", "x", ("y", "z"), ONE),
        ("map", ("x", "u", "v"), "y", THREE_INPUTS),
        ("flat_map", "x", "y", ROWS),
        ("flat_map", "x", ("y", "z"), ROWS),
        ("flat_map", "x", ("y", "z"), ONE),
        ("window_all", "x", ("y", "z"), TWO),
        ("reduce", ("x", "u"), "y", ONE),
    ],
)
@pytest.mark.filterwarnings(UNUSED)
def test_a_pipeline_fits_a_step_with_as_many_columns(verb, inputs, outputs, inner):
    step = getattr(pipe.input("x", "u", "v"), verb)(inputs, outputs, inner)
    assert step.output(outputs if isinstance(outputs, str) else outputs[0])


@pytest.mark.parametrize(
    ("verb", "inputs", "outputs", "inner", "says"),
    [
        ("map", "x", "y", THREE_INPUTS, "takes 3 inputs (a, b, c), and the step gives it 1"),
        ("map", ("x", "u"), "y", ONE, "takes 1 input (a), and the step gives it 2"),
        ("reduce", ("x", "u", "v"), "y", THREE_INPUTS, "takes 3 inputs (a, b, c), and the step gives it 1"),
        ("map", "x", ("y", "z", "w"), TWO, "gives 2 outputs (a, b), and the step names 3 outputs"),
        ("map", "x", ("y", "z"), ROWS, "in a list of rows, and the step names 2: use flat_map"),
        ("map", "x", ("y", "z"), NOTHING, "gives 0 outputs, and the step names 2 outputs"),
        ("flat_map", "x", ("y", "z"), TWO, "in one row, and the step names 2: use map"),
        ("flat_map", "x", "y", NOTHING, "gives 0 outputs, and so no rows"),
    ],
)
def test_a_pipeline_that_does_not_fit_its_step_is_refused_with_both_counts(verb, inputs, outputs, inner, says):
    with pytest.raises(GraphError) as caught:
        getattr(pipe.input("x", "u", "v"), verb)(inputs, outputs, inner, name="inner").output("x")
    assert "step 'inner'" in str(caught.value)
    assert says in str(caught.value)


def test_a_pipeline_that_decides_for_a_filter_gives_one_output():
    with pytest.raises(GraphError, match=r"step 'inner' .* gives 2 outputs \(a, b\), and a filter wants 1"):
        pipe.input("x").filter("x", "x", "x", TWO, name="inner").output("x")


# ---- callables by their kind


def test_a_scope_of_a_state_is_refused_for_what_has_none():
    with pytest.raises(GraphError, match=r"step 'abs' .*has no state.*per='x'"):
        pipe.input("x").map("x", "y", abs, per="x").output("y")


@op("levels.lines")
def lines(text: str):
    yield text


@op("levels.length")
def length(text: str) -> int: ...


@pytest.mark.parametrize("verb", ["map", "window_all", "reduce"])
def test_an_operator_that_makes_rows_is_refused_where_one_result_is_wanted(verb):
    flow = getattr(pipe.input("x"), verb)("x", "y", lines, name="reading").output("y")
    with pytest.raises(ContractError, match=r"step 'reading' .*'levels.lines' makes many rows.*use flat_map"):
        check_ports(flow)
    check_ports(pipe.input("x").flat_map("x", "y", lines).output("y"))


def test_a_scope_of_a_state_is_refused_for_an_operator_that_has_none():
    flow = pipe.input("x").map("x", "y", length, per="x").output("y")
    with pytest.raises(ContractError, match=r"'levels.length' has no state, so per='x' says nothing"):
        check_ports(flow)


def test_the_scope_of_a_state_lies_above_the_rows():
    rows = pipe.input("x").flat_map("x", "a", list).flat_map("a", "b", list)
    counting = OperatorSpec.bind(Counting, (), {})
    flows = [rows.map("b", "n", counting, per=per).output("n") for per in (None, "x", "a", "b")]
    assert [flow.steps[-1].scope.depth for flow in flows] == [0, 0, 1, 2]
    with pytest.raises(GraphError, match=r"per='b' does not hold the rows of 'a'"):
        rows.map("a", "n", counting, per="b").output("n", "b")


# ---- properties


@pytest.mark.filterwarnings(UNUSED)
@given(graph=graphs(most_nodes=20))
def test_every_valid_graph_passes(graph):
    flow = check(graph)
    assert [slot.name for slot in flow.outputs] == list(graph.outputs)


def _unknown_column(node):
    return dataclasses.replace(node, inputs=("nobody", *node.inputs[1:])), "'nobody'"


def _unknown_step(node):
    return dataclasses.replace(node, after=("no-such-step",)), "'no-such-step'"


def _itself(node):
    return dataclasses.replace(node, after=(node.name,)), repr(node.name)


def _no_input(node):
    return dataclasses.replace(node, inputs=()), repr(node.name)


@pytest.mark.filterwarnings(UNUSED)
@given(graph=graphs(), data=st.data())
def test_every_graph_with_one_thing_wrong_is_refused_naming_the_step_and_what_is_wrong(graph, data):
    node = data.draw(st.sampled_from([node for node in graph.nodes if node.verb != "concat"]))
    spoil = data.draw(st.sampled_from([_unknown_column, _unknown_step, _itself, _no_input]))
    spoilt, named = spoil(node)
    with pytest.raises(GraphError) as caught:
        check(graph.with_node(spoilt))
    assert repr(node.name) in str(caught.value)
    assert named in str(caught.value)
