"""Levels and refusals: the table of the row semantics line by line, and what a graph without meaning is told."""

from __future__ import annotations

import dataclasses
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.errors import GraphError
from junco.graph.levels import check
from junco.graph.nodes import Graph, Node
from junco.graph.pipe import PipeStart
from strategies import graphs

pipe = PipeStart(check)
UNUSED = "ignore:.*(which nothing uses|filter the same rows)"


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
        ("box", "box", "put 'box' among the inputs of 'all'"),
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
