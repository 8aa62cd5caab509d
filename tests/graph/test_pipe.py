"""The fluent pen: immutable builders, names of steps, and arguments that cannot be."""

from __future__ import annotations

import re

import pytest

from junco.errors import GraphError, JuncoError, ParameterError, UnknownNameError
from junco.graph.nodes import fn_name
from junco.graph.pipe import PipeStart
from strategies import OPERATORS

pipe = PipeStart(lambda graph: graph)


def names(graph):
    return [node.name for node in graph.nodes]


def test_a_prefix_may_be_used_in_several_pipelines():
    prefix = pipe.input("x").map("x", "y", abs)
    one, two = prefix.map("y", "z", abs).output("z"), prefix.output("y")
    assert (len(one.nodes), len(two.nodes)) == (2, 1)


def test_a_step_without_a_name_is_named_after_the_family_of_its_operator():
    assert names(pipe.input("x").map("x", "x", OPERATORS["mix"]).map("x", "x", OPERATORS["mix"]).output("x")) == [
        "random",
        "random-2",
    ]


def test_a_step_without_a_name_is_named_after_its_function_or_its_verb():
    assert names(pipe.input("x").map("x", "x", abs).map("x", "x", lambda x: x).output("x")) == ["abs", "map"]


def test_a_given_name_is_never_taken_by_a_step_without_one():
    assert names(pipe.input("x").map("x", "x", abs).map("x", "x", len, name="abs").output("x")) == ["abs-2", "abs"]


def test_the_callers_own_callable_is_in_the_graph():
    fn = object.__new__(type("Fn", (), {"__call__": lambda self, x: x}))
    assert pipe.input("x").map("x", "y", fn).output("y").nodes[0].fn is fn


@pytest.mark.parametrize("columns", [None, 3, ["x", 3], "", ("",)], ids=repr)
def test_columns_that_are_no_names_are_refused(columns):
    with pytest.raises(GraphError, match="columns"):
        pipe.input("x").map(columns, "y", abs)


@pytest.mark.parametrize("fn", [None, 3, ["abs"]], ids=repr)
def test_what_cannot_be_called_is_refused(fn):
    with pytest.raises(GraphError, match="callable"):
        pipe.input("x").map("x", "y", fn)


def test_a_name_is_that_of_an_operator():
    with pytest.raises(UnknownNameError, match="no operator named 'abs'"):
        pipe.input("x").map("x", "y", "abs")


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(JuncoError, match=r"'worker'.*'workers'"):
        pipe.input("x").map("x", "y", abs, worker=2)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"], ids=repr)
def test_workers_is_a_whole_number_from_one(workers):
    with pytest.raises(ParameterError, match="workers"):
        pipe.input("x").map("x", "y", abs, workers=workers)


def test_branches_of_two_inputs_cannot_meet():
    with pytest.raises(GraphError, match="concat"):
        pipe.input("x").map("x", "y", abs).concat(pipe.input("x"))


def test_concat_needs_another_branch():
    with pytest.raises(GraphError, match="concat"):
        pipe.input("x").concat()


def test_a_chain_of_two_thousand_steps_is_no_deeper_than_one():
    written = pipe.input("x")
    for _ in range(2_000):
        written = written.map("x", "x", abs)
    assert len(written.output("x").nodes) == 2_000


def test_a_lambda_is_called_by_its_place_and_what_stands_in_one_by_its_own_name():
    def made(build):
        return build()

    def named():
        def inner(x):
            return x

        return inner

    assert re.fullmatch(r"lambda at test_pipe\.py:\d+", fn_name(made(lambda: lambda x: x)))
    assert fn_name(made(lambda: made)).endswith("own_name.made")
    assert fn_name(made(lambda: [lambda x: x, named][1])).endswith("own_name.named")
    assert fn_name(eval("(lambda: lambda x: x)()")) == "lambda at <string>:1"
    assert fn_name(named()).endswith("own_name.named.inner")
