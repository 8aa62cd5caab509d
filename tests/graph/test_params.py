"""Parameters that a pipeline hands down to all steps that have them, without a line for it in its file."""

from __future__ import annotations

import pytest

from junco import ops, pipe, pipeline
from junco.errors import ParameterError
from junco.graph import yaml_file
from junco.graph.params import bind, parameters_of
from junco.operator.base import Operator


class Read(Operator, family="params-test", name="read"):
    """Reads.

    Args:
        allow: may it.
        side: how large.
    """

    allow: bool = False
    side: int = 3
    handed_down = frozenset({"allow"})

    def batch(self, sources):
        return [(source, self.allow, self.side) for source in sources]


class Model(Operator, family="params-test", name="model"):
    size: int = 1

    def batch(self, values):
        return values


TEXT = """\
junco: 1
name: two
main: embed
inputs: [path]
steps:
  - {map: params-test.read, in: path, out: picture, name: picture}
  - {map: params-test.read, in: path, out: sound, name: sound}
  - {map: params-test.read, in: path, out: fixed, name: fixed, with: {allow: false}}
  - {map: params-test.model, in: picture, out: vector, name: embed}
outputs: [vector, sound, fixed]
"""


@pytest.fixture
def graph(tmp_path):
    (tmp_path / "two.yaml").write_text(TEXT)
    return yaml_file.read_file(tmp_path / "two.yaml")


def test_an_option_that_is_handed_down_reaches_all_steps_that_have_it_and_do_not_set_it(graph):
    with pipeline(graph, allow=True, size=2) as p:
        row = p("x")
    assert (row.vector, row.sound, row.fixed) == (("x", True, 3), ("x", True, 3), ("x", False, 3))


def test_it_is_among_the_parameters_with_the_operator_that_says_what_it_is(graph):
    found = parameters_of(graph)
    assert [*found] == ["allow", "size"]
    assert (found["allow"].default, found["allow"].operator) == (False, Read)


def test_an_option_of_another_step_that_is_not_handed_down_is_no_parameter(graph):
    with pytest.raises(ParameterError, match="side"):
        pipeline(graph, side=4)


def test_nothing_is_handed_down_where_nothing_is_given(graph):
    assert bind(graph, {}).node("picture").spec.params == {}


def test_a_pipeline_within_takes_it_too_and_its_own_parameter_of_that_name(graph):
    inner = pipe.input("path").map("path", "read", ops.params_test.read(side=5)).output("read")
    outer = pipe.input("path").map("path", "two", graph).map("path", "one", inner.graph).output("two", "one")
    with pipeline(outer.graph, allow=True) as p:
        row = p("x")
    assert (row.two.sound, row.one) == (("x", True, 3), ("x", True, 5))


def test_what_was_handed_down_is_written_and_read_again(graph, tmp_path):
    with pipeline(graph, allow=True) as p:
        p.save(tmp_path / "again.yaml")
    with pipeline(tmp_path / "again.yaml") as p:
        assert p("x").sound == ("x", True, 3)
