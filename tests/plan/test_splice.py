"""Pipelines in pipelines: spliced where that changes nothing but names, and refused where they cannot be."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import Hints, Operator, op, ops, pipe, pipeline
from junco.errors import ContractError, GraphError, OperatorError
from junco.graph.nodes import Graph, Node
from junco.plan.plan import make_plan

SIZES: list[int] = []


class Step(Operator, family="splice-test", name="step"):
    hints = Hints(max_batch=64)

    def __init__(self, by: int = 1, device: str = "auto") -> None:
        self.by = by

    def batch(self, numbers):
        SIZES.append(len(numbers))
        return [number + self.by for number in numbers]


class Count(Operator, family="splice-test", name="count"):
    """How many rows of its scope it has seen."""

    hints = Hints(stateful=True)

    def state(self):
        return []

    def batch(self, numbers, *, state):
        for number in numbers:
            state.append(number)
        return [len(state)] * len(numbers)


@op("splice-test.upper")
def upper(text: str) -> str:
    return text.upper()


def double():
    return (
        pipe.input("x")
        .map("x", "twice", lambda x: 2 * x, name="double")
        .map("twice", "y", ops.splice_test.step(), name="add")
        .output("y")
    )


def names(p) -> list[str]:
    return [operation.step.node.name for operation in p.plan.operations]


def test_the_steps_of_a_pipeline_stand_in_the_place_of_the_step_that_calls_it():
    p = pipe.input("a").map("a", "b", double(), name="inner").map("b", "c", abs, name="last").output("a", "b", "c")
    assert names(p) == ["inner/double", "inner/add", "last"]
    assert p(3) == (3, 7, 7)
    assert p.plan.nested == {}
    assert [node.name for node in p.graph.nodes] == ["inner", "last"]


def test_it_gets_the_batches_of_the_same_steps_written_flat():
    SIZES.clear()
    p = pipe.input("a").map("a", "b", double()).output("b")
    assert p.batch(range(300)) == [2 * n + 1 for n in range(300)]
    assert len(SIZES) < 60


def test_failures_name_the_outer_and_the_inner_step():
    inner = pipe.input("x").map("x", "y", int, name="parse").output("y")
    p = pipe.input("a").map("a", "b", inner, name="numbers").output("b")
    with pytest.raises(OperatorError) as caught:
        p("x")
    assert caught.value.node == "numbers/parse"


def test_filters_and_flat_maps_keep_their_own_step_after_those_of_the_pipeline():
    words = pipe.input("t").map("t", "w", str.split, name="split").output("w")
    long = pipe.input("w").map("w", "n", len, name="count").map("n", "is", lambda n: n > 2, name="compare").output("is")
    p = pipe.input("t").flat_map("t", "w", words, name="words").filter("w", "w", "w", long, name="long").output("w")
    assert names(p) == ["words/split", "words", "long/count", "long/compare", "long"]
    assert p("a bird in the hand") == ["bird", "the", "hand"]


def test_pipelines_in_pipelines_in_pipelines_are_spliced_too():
    two = pipe.input("q").map("q", "q", double(), name="one").map("q", "q", double(), name="two").output("q")
    p = pipe.input("a").map("a", "a", two, name="both").map("a", "a", double(), name="once").output("a")
    assert names(p) == [f"{name}/{inner}" for name in ("both/one", "both/two", "once") for inner in ("double", "add")]
    assert p(1) == 15


def test_branches_within_meet_within():
    start = pipe.input("x")
    inner = start.map("x", "w", lambda x: x + 1, name="up").concat(start.map("x", "z", lambda x: -x, name="down"))
    inner = inner.map(("w", "z"), "s", lambda w, z: (w, z), name="both").output("s")
    p = pipe.input("x").map("x", "z", inner, name="inner").output("x", "z")
    assert p.plan.nested == {}
    assert p(5) == (5, (6, -5))


def test_columns_and_steps_that_have_such_names_already_stay_what_they_are():
    p = pipe.input("inner/twice").map("inner/twice", "b", double(), name="inner").map("b", "c", abs, name="inner/add")
    p = p.output("inner/twice", "c")
    assert names(p) == ["inner/double", "inner/add-2", "inner/add"]
    assert p(4) == (4, 9)


def test_an_output_that_replaces_what_a_later_inner_step_reads_waits_for_it():
    inner = pipe.input("p", "q").map("p", "r", lambda p: -p).map("q", "s", lambda q: q * 10).output("r", "s")
    p = pipe.input("a", "b").map(("a", "b"), ("b", "a"), inner, name="inner").output("a", "b")
    assert list(p.plan.nested) == ["inner"]
    assert p(1, 2) == (20, -1)


def test_a_step_that_works_on_fewer_rows_than_its_caller_is_not_spliced():
    inner = pipe.input("x", "y").map("x", "z", abs).map(("y", "z"), "s", max).output("s")
    p = pipe.input("a").flat_map("a", "b", range).map(("a", "b"), "c", inner, name="inner").output("c")
    assert list(p.plan.nested) == ["inner"]
    assert p.batch([2, 0]) == [[2, 2], []]


@pytest.mark.parametrize(
    "inner",
    [
        pipe.input("x").output("x"),
        pipe.input("x").map("x", "y", abs).output("x", "y"),
        pipe.input("x").flat_map("x", "y", range).output("y"),
        pipe.input("x").filter("x", "x", "x", bool).output("x"),
        pipe.input("x").window_all("x", "y", list).output("y"),
    ],
    ids=["no step", "an input goes out", "flat_map", "filter", "window_all"],
)
def test_what_makes_other_rows_or_copies_a_column_stays_a_step_with_a_plan_of_its_own(inner):
    p = pipe.input("a").map("a", "b", inner, name="inner").output("b")
    assert list(p.plan.nested) == ["inner"]
    assert "called by the batch" in str(p.plan)
    back = pickle.loads(pickle.dumps(make_plan(p.graph)))
    assert back.nested["inner"].graph == p.plan.nested["inner"].graph


def test_a_state_begins_anew_with_each_row_that_the_pipeline_is_given():
    inner = pipe.input("x").map("x", "n", ops.splice_test.count(), name="count").output("n")
    flat = pipe.input("a").flat_map("a", "b", range).map("b", "n", ops.splice_test.count()).output("n")
    assert flat(3) == [1, 2, 3]
    p = pipe.input("a").flat_map("a", "b", range).map("b", "n", inner, name="inner").output("n")
    assert p.plan.graph.node("inner/count").per == "b"
    assert p(3) == [1, 1, 1]


# ---- devices and parameters


def test_a_nested_pipelines_device_goes_with_it_and_the_outer_one_goes_to_those_without():
    on_cuda = pipeline(double().graph, device="cuda:1")
    p = pipe.input("a").map("a", "b", on_cuda, name="one").map("b", "c", double(), name="two").output("c")
    plan = make_plan(p.graph, "cpu")
    assert [plan.graph.node(name).fn.params["device"] for name in ("one/add", "two/add")] == ["cuda:1", "cpu"]


def test_a_pipeline_on_several_devices_stays_a_step_with_them():
    several = pipeline(double().graph, device=["cpu", "cpu"])
    p = pipe.input("a").map("a", "b", several, name="one").output("b")
    assert p.plan.nested["one"].devices == ("cpu", "cpu")


def test_parameters_of_a_pipeline_within_are_in_place_for_its_space():
    inner = pipeline("text-embedding", normalize=False)
    p = pipe.input("doc").map("doc", "vector", inner, name="text").output("vector")
    assert p.plan.graph.node("text/embed").fn.params["normalize"] is False
    assert p.space == inner.space


def test_the_name_that_a_pipeline_within_gives_its_space_stays():
    inner = pipe.input("t").map("t", "v", lambda t: [0.0]).output("v", space="mine")
    p = pipe.input("doc").map("doc", "vector", inner, name="inner").output("vector")
    assert p.space == "mine"


def test_a_pipeline_within_is_held_to_the_family_that_it_claims():
    upper = Node("map", "upper", ("text",), ("loud",), ops.splice_test.upper())
    inner = Graph(("text",), (upper,), ("loud",), family="text-embedding")
    outer = Graph(("a",), (Node("map", "inner", ("a",), ("b",), inner),), ("b",))
    with pytest.raises(ContractError, match="family 'text-embedding'"):
        make_plan(outer)


# ---- what cannot be


def nested(levels: int):
    graph = double().graph
    for _ in range(levels):
        graph = Graph(("x",), (Node("map", "n", ("x",), ("y",), graph),), ("y",))
    return graph


def test_a_hundred_pipelines_in_one_another_are_flat_and_more_are_refused():
    p = pipeline(nested(100))
    assert names(p) == ["n/" * 100 + "double", "n/" * 100 + "add"]
    with pytest.raises(GraphError, match="nested too deep"):
        pipeline(nested(101))


def test_a_pipeline_that_contains_itself_is_refused():
    class Loop:
        def __call__(self, x):
            return x

    itself = Loop()
    itself.graph = Graph(("x",), (Node("map", "again", ("x",), ("y",), itself),), ("y",))
    with pytest.raises(GraphError, match=r"step 'again'.*contains itself"):
        pipeline(itself.graph)


def test_more_steps_than_can_be_are_refused_at_once():
    graph = double().graph
    for _ in range(40):
        both = (Node("map", "a", ("x",), ("y",), graph), Node("map", "b", ("y",), ("y",), graph, after=("a",)))
        graph = Graph(("x",), both, ("y",))
    with pytest.raises(GraphError, match="steps with those of the pipelines in it"):
        pipeline(graph)


@given(data=st.data())
def test_a_chain_gives_the_same_however_it_is_cut_into_pipelines(data):
    functions = [lambda x, k=k: 3 * x + k for k in range(6)]

    def built(fns):
        p = pipe.input("x")
        while fns:
            count = data.draw(st.integers(1, len(fns)))
            is_nested = count < len(fns) and data.draw(st.booleans())
            fn = built(fns[:count]) if is_nested else fns[0]
            p, fns = p.map("x", "x", fn), fns[count if is_nested else 1 :]
        return p.output("x")

    expected = 1
    for function in functions:
        expected = function(expected)
    p = built(functions)
    assert p(1) == expected
    assert len(p.plan.operations) == len(functions)
