"""The YAML pen: out and in again gives the same graph; what is wrong is refused with file:line:column."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.errors import GraphError, ParameterError, YamlError
from junco.graph.nodes import Graph
from junco.graph.params import bind
from junco.graph.pipe import PipeStart
from junco.graph.yaml_file import read, read_file, write
from strategies import OPERATORS, graphs

pipe = PipeStart(lambda graph: graph)

GOOD = """\
junco: 1
name: flow
params: {shift: 3}
inputs: [x]
steps:
  - {flat_map: random.spread, in: x, out: n}
  - {filter: random.keep, in: n, out: n, on: n}
  - {map: random.mix, in: [x, n], out: m, with: {salt: "${shift}"}, name: stir}
outputs: [n, m]
"""


@given(graph=graphs(kind="operators", most_nodes=20, fails=3))
def test_every_graph_of_operators_survives_writing_and_reading(graph):
    assert read(write(graph)) == graph


@given(graph=graphs(kind="operators"), name=st.text(min_size=1), description=st.text(), value=st.data())
def test_names_and_params_of_any_text_survive(graph, name, description, value):
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    params = value.draw(st.dictionaries(st.text(), st.recursive(plain, st.lists, max_leaves=4), max_size=3))
    whole = Graph(graph.inputs, graph.nodes, graph.outputs, name=name, description=description, params=params)
    assert read(write(whole)) == whole


def test_the_good_file_is_read():
    graph = read(GOOD)
    assert [node.name for node in graph.nodes] == ["random", "random-2", "stir"]
    assert read(write(graph)) == graph


def replaced(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (replaced("name: flow", "name: flow\nname: flow"), 3, r"'name'.*twice"),
        (replaced("in: x, out: n", "in: x, in: x, out: n"), 6, r"'in'.*twice"),
        (replaced("[x]", "&a [x]"), 4, "alias"),
        (replaced("outputs: [n, m]", "outputs: *a"), 9, "alias"),
        (replaced("name: flow", "name: !!python/name:os.system flow"), 2, "tag"),
        (replaced("random.spread", "random.spraed"), 6, r"'random\.spraed'.*'random\.spread'"),
        (replaced("salt:", "slat:"), 8, r"'slat'.*'salt'"),
        (replaced("{flat_map:", "{flatmap:"), 6, "'flat_map'"),
        (replaced(", on: n", ", onn: n"), 7, r"'onn'.*'on'"),
        (replaced("out: n, on", "on"), 7, "'out'"),
        (replaced("${shift}", "${shfit}"), 8, r"shfit.*'shift'"),
        (replaced("junco: 1", "junco: 2"), 1, "version"),
        (replaced("name: stir", "name: [stir]"), 8, "name"),
        (replaced("[x, n]", "[x, 3]"), 8, "3"),
        (replaced("[n, m]", "[n, m"), 10, "not YAML"),
        (replaced("steps:", "stepz:"), 5, r"'stepz'.*'steps'"),
        (replaced("inputs: [x]\n", ""), 1, "'inputs'"),
        (replaced("name: flow", "\tname: flow"), 2, "not YAML"),
        ("", 1, "mapping"),
        ("[]", 1, "mapping"),
        ("- " * 100, 1, "deep"),
        (replaced("name: stir", "name: stir, workers: 0"), 8, "workers"),
    ],
)
def test_what_is_wrong_is_refused_with_file_line_and_column(text, line, says):
    with pytest.raises(YamlError, match=says) as caught:
        read(text, "flow.yaml")
    assert re.match(rf"flow\.yaml:{line}:\d+: ", str(caught.value)), str(caught.value)
    assert caught.value.line == line


def test_an_alias_bomb_is_refused_before_it_is_opened():
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
    )
    with pytest.raises(YamlError, match="alias"):
        read(bomb)


def test_a_column_is_exact():
    with pytest.raises(YamlError) as caught:
        read(replaced("salt:", "slat:"), "flow.yaml")
    line = replaced("salt:", "slat:").splitlines()[caught.value.line - 1]
    assert line[caught.value.column - 1 :].startswith("slat")


@given(data=st.data())
def test_a_cut_or_garbled_file_is_read_or_refused_but_nothing_else(data):
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 20)))
    middle = data.draw(st.text(alphabet="{}[]:,&*!|>'\"#-\n\t ax1${}", max_size=5))
    try:
        graph = read(GOOD[:start] + middle + GOOD[end:])
    except YamlError as error:
        assert str(error).startswith("<string>:")  # noqa: PT017 (it may as well be read)
    else:
        assert isinstance(graph, Graph)


def test_a_missing_file_a_folder_and_binary_are_refused_by_name(tmp_path):
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"junco: 1\n\xff\xfe")
    for path in (tmp_path / "missing.yaml", tmp_path, binary):
        with pytest.raises(YamlError, match=re.escape(str(path))):
            read_file(path)


def test_a_python_function_cannot_stand_in_a_file():
    with pytest.raises(GraphError, match=r"step 'abs'.*@op"):
        write(pipe.input("x").map("x", "y", abs).output("y"))


# ---- parameters


def test_a_placeholder_becomes_its_default():
    assert bind(read(GOOD), {}).node("stir").fn.params == {"salt": 3}


def test_a_parameter_that_is_given_wins():
    assert bind(read(GOOD), {"shift": 5}).node("stir").fn.params == {"salt": 5}


def test_an_unknown_parameter_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"'shfit'.*'shift'"):
        bind(read(GOOD), {"shfit": 5})


def test_binding_leaves_the_graph_as_it_was():
    graph = read(GOOD)
    bind(graph, {"shift": 5})
    assert graph == read(GOOD)


def test_a_placeholder_within_a_text_is_filled_in():
    spec = OPERATORS["mix"].with_params({"salt": "v${shift}"})
    graph = Graph(("x",), pipe.input("x").map("x", "y", spec).output("y").nodes, ("y",), params={"shift": 3})
    assert bind(graph, {}).nodes[0].fn.params == {"salt": "v3"}
