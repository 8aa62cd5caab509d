"""The YAML pen: out and in again gives the same graph; what is wrong is refused with file:line:column."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.errors import GraphError, ParameterError, YamlError
from junco.graph.nodes import Graph, Node
from junco.graph.params import bind, parameters_of, with_params
from junco.graph.pipe import PipeStart
from junco.graph.yaml_file import read, read_file, read_value, write
from junco.operator.spec import OperatorSpec
from strategies import OPERATORS, Counting, graphs

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


def test_reading_imports_no_operator_and_unknown_names_are_refused_at_once():
    flow = (
        "junco: 1\ninputs: [t]\nsteps: [{map: text-embedding.sentence-transformers, in: t, out: v, %s}]\noutputs: [v]"
    )
    code = (
        "import sys; from junco.graph.yaml_file import read;"
        f"read({flow % 'with: {model: nobody/no-such-model}'!r});"
        "print([m for m in sys.modules if m.startswith('junco.builtin.text')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(YamlError, match=r"f\.yaml:3:15: .*Did you mean 'text-embedding\.minilm'"):
        read(flow.replace("sentence-transformers", "minilmm") % "name: a", "f.yaml")


def test_a_familys_name_is_its_default_member():
    text = "junco: 1\ninputs: [t]\nsteps: [{map: text-embedding, in: t, out: v}]\noutputs: [v]"
    assert read(text).nodes[0].fn.name == "text-embedding.minilm"


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


def test_binding_reaches_pipelines_within_whose_defaults_may_stand_for_parameters_around_them():
    text = NESTED.replace("params: {salt: 2}", 'params: {salt: "${shift}"}').replace("salt: 2", "salt: 2")
    graph = read(text)
    assert bind(graph, {}).node("inner").fn.node("stir").fn.params == {"salt": 3}
    assert bind(graph, {"shift": 5}).node("inner").fn.node("stir").fn.params == {"salt": 5}
    assert read(write(graph)) == graph


# ---- pipelines in steps

NESTED = """\
junco: 1
params: {shift: 3}
inputs: [x]
steps:
  - map:
      name: within
      params: {salt: 2}
      inputs: [a]
      steps:
        - {map: random.mix, in: a, out: b, with: {salt: "${salt}"}, name: stir}
      outputs: [b]
    in: x
    out: y
    name: inner
outputs: [y]
"""


@given(inner=graphs(kind="operators", most_nodes=4), outer=graphs(kind="operators", most_nodes=4))
def test_pipelines_within_survive_writing_and_reading(inner, outer):
    graph = inner
    for level in range(3):
        calls = Node("map", f"level-{level}", graph.inputs, ("z",), graph)
        graph = Graph(graph.inputs, (calls,), ("z",), name="a\nb: c", description="d  e\n\n f", params={"p": "${p}\t"})
    graph = Graph(outer.inputs, (*outer.nodes, *graph.nodes[:0]), outer.outputs, description=write(graph))
    assert read(write(graph)) == graph
    assert write(read(graph.description)) == graph.description


def test_a_pipeline_in_a_step_is_read_and_stands_there_in_full():
    graph = read(NESTED)
    inner = graph.node("inner").fn
    assert (inner.name, inner.params, [node.name for node in inner.nodes]) == ("within", {"salt": 2}, ["stir"])
    assert write(graph) == NESTED.replace("shift: 3}", "shift: 3}", 1).replace(
        "params: {shift: 3}", "params:\n  shift: 3"
    ).replace("      params: {salt: 2}", "      params:\n        salt: 2").replace(
        'with: {salt: "${salt}"}, name: stir', "with: {salt: '${salt}'}, name: stir"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("random.mix", "random.mxi", 10, "'random.mix'"),
        ("      inputs: [a]", "      input: [a]", 8, "'inputs'"),
        ("      name: within", "      junco: 1", 6, "'junco'"),
        ("    in: x", "    with: {a: 1}\n    in: x", 12, "params"),
        ('"${salt}"', '"${slat}"', 10, "slat.*'salt'"),
        ("salt: 2", 'salt: "${shfit}"', 7, "shfit.*'shift'"),
    ],
)
def test_what_is_wrong_in_a_pipeline_within_is_said_with_its_place(old, new, line, says):
    with pytest.raises(YamlError, match=says) as caught:
        read(NESTED.replace(old, new))
    assert caught.value.line == line


def nested(levels: int) -> Graph:
    graph = pipe.input("x").map("x", "y", OPERATORS["mix"]).output("y")
    for _ in range(levels):
        graph = pipe.input("x").map("x", "y", graph).output("y")
    return graph


def test_twenty_pipelines_in_one_another_are_borne_and_no_more():
    assert read(write(nested(20))) == nested(20)
    with pytest.raises(GraphError, match="nested too deep"):
        write(nested(21))
    text = write(nested(20)).removeprefix("junco: 1\n")
    deeper = f"junco: 1\ninputs: [x]\nsteps:\n  - map:\n{text.replace(chr(10), chr(10) + ' ' * 6).rjust(1)}"
    deeper = re.sub(r"map:\ninputs", "map:\n      inputs", deeper).rstrip() + "\n    in: x\n    out: y\noutputs: [y]\n"
    with pytest.raises(YamlError, match="at most 20 pipelines in one another"):
        read(deeper)


# ---- the main step

MAIN = GOOD.replace('with: {salt: "${shift}"}', "with: {salt: 1}") + "main: stir\n"


def test_the_main_steps_parameters_are_the_pipelines_unless_the_file_sets_them():
    graph = read(MAIN)
    assert read(write(graph)) == graph
    assert {name: p.default for name, p in parameters_of(graph).items()} == {"shift": 3, "fails": 0}
    changed = with_params(graph, {"fails": 4, "shift": 1})
    assert bind(changed, {}).node("stir").fn.params == {"salt": 1, "fails": 4}
    assert bind(changed, {"fails": 5}).node("stir").fn.params == {"salt": 1, "fails": 5}
    assert read(write(changed)) == changed


def test_a_pipeline_within_may_be_the_main_step():
    graph = read(NESTED.replace("outputs: [y]\n", "outputs: [y]\nmain: inner\n"))
    assert set(parameters_of(graph)) == {"shift", "salt"}
    changed = with_params(graph, {"salt": 7})
    assert bind(changed, {}).node("inner").fn.node("stir").fn.params == {"salt": 7}
    assert set(parameters_of(changed)) == {"shift", "salt"}


@pytest.mark.parametrize(("name", "says"), [("stri", "Did you mean 'stir'"), ("[stir]", "main is a text")])
def test_main_names_a_step(name, says):
    with pytest.raises(YamlError, match=says) as caught:
        read(MAIN.replace("main: stir", f"main: {name}"))
    assert caught.value.line == 10


def test_without_a_main_step_nothing_passes_through():
    with pytest.raises(ParameterError, match="no parameter 'fails'"):
        with_params(read(GOOD), {"fails": 4})


# ---- paths

PATHS = """\
junco: 1
params: {own: ../shared/w.bin, plain: w.bin}
inputs: [x]
steps:
  - {map: random.mix, in: x, out: y, with: {salt: ["./a/../b", {"k": "./c"}, "/d", "e/f", "${own}"]}}
outputs: [y]
"""


def test_paths_that_begin_with_a_dot_mean_from_the_file_wherever_one_works(tmp_path, monkeypatch):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "f.yaml").write_text(PATHS)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "flows" / "f.yaml", Path("flows/f.yaml"), Path("./flows/../flows/f.yaml")):
        graph = read_file(path)
        assert graph.params == {"own": str(tmp_path / "shared" / "w.bin"), "plain": "w.bin"}
        folder = tmp_path / "flows"
        assert graph.nodes[0].fn.params["salt"] == [f"{folder}/b", {"k": f"{folder}/c"}, "/d", "e/f", "${own}"]


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f.yaml").write_text(PATHS)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_file(tmp_path / "link" / "f.yaml").nodes[0].fn.params["salt"][0] == str(tmp_path / "link" / "b")


def test_text_without_a_folder_keeps_its_paths():
    assert read(PATHS).params["own"] == "../shared/w.bin"
    assert read(write(read(PATHS))) == read(PATHS)


def test_what_a_caller_gives_means_from_the_working_folder(tmp_path):
    (tmp_path / "f.yaml").write_text(PATHS)
    assert bind(read_file(tmp_path / "f.yaml"), {"own": "./mine"}).nodes[0].fn.params["salt"][-1] == "./mine"


def test_a_file_is_written_with_paths_beneath_its_folder_relative_and_reads_back_the_same(tmp_path):
    (tmp_path / "f.yaml").write_text(PATHS)
    graph = read_file(tmp_path / "f.yaml")
    text = write(graph, tmp_path)
    assert "./b" in text
    assert str(tmp_path.parent / "shared" / "w.bin") in text
    assert read(text, folder=tmp_path) == graph


def test_fields_scopes_and_a_timestamp_for_each_level_survive():
    rows = pipe.input("v").flat_map("v", ("f", "ft"), OPERATORS["spread_pairs"])
    rows = rows.flat_map("v", ("s", "st"), OPERATORS["spread_pairs"])
    counting = OperatorSpec.bind(Counting, (), {})
    rows = rows.map("f.text", "n", counting, per="v").filter("f", "f", ("n", "f.kept"), OPERATORS["keep"], per=None)
    graph = rows.time_window(("f", "s"), "w", ("ft", "s.time"), 1, 0.5, OPERATORS["mix"], per="v.id").output("w.left")
    text = write(graph)
    assert "timestamp: [ft, s.time]" in text
    assert read(text) == graph


def test_a_pipeline_without_outputs_survives():
    graph = pipe.input("x").map("x", (), OPERATORS["mix"]).output()
    assert read(write(graph)) == graph


ONE_STEP = "junco: 1\ninputs: [x]\nsteps:\n  - {%s: vector.normalize, in: x, out: y%s}\noutputs: [y]\n%s"


@pytest.mark.parametrize(
    ("verb", "step", "head", "says"),
    [
        ("map", ", per: [x]", "", r"f:4:49: per is a text, not \['x'\]"),
        ("map", ", per: {x: y}", "", r"f:4:49: per is a text, not {'x': 'y'}"),
        ("map", ", name: [a]", "", r"f:4:50: name is a text, not \['a'\]"),
        ("map", ", backend: []", "", r"f:4:53: backend is a text, not \[\]"),
        ("map", "", "main: [a]", r"f:6:7: main is a text, not \['a'\]"),
        ("map", "", "name: {a: [b]}", r"f:6:7: name is a text, not {'a': \['b'\]}"),
        ("map", ", workers: [1]", "", r"f:4:53: workers cannot be \[1\]"),
        ("flat_map", ", keep_empty: {a: 1}", "", r"f:4:61: keep_empty cannot be {'a': 1}"),
        ("window", ", size: [2], step: 1", "", r"f:4:53: size cannot be \[2\]"),
        (
            "time_window",
            ", size: 1e400, step: 1, timestamp: x",
            "",
            r"f:4:58: '1e400': a number has at most 308 digits",
        ),
        ("time_window", ", size: .inf, step: 1, timestamp: x", "", "f:4:58: size cannot be inf"),
        ("time_window", ", size: 1, step: .nan, timestamp: x", "", "f:4:67: step cannot be nan"),
        ("map", ", with: {a: -1e999}", "", "f:4:54: '-1e999': a number has at most 308 digits"),
    ],
)
def test_what_is_no_text_or_no_number_is_refused_as_it_stands_in_the_file(verb, step, head, says):
    with pytest.raises(YamlError, match=f"^{says}"):
        read(ONE_STEP % (verb, step, head), "f")
    with pytest.raises(YamlError, match=r"^f:1:8: this junco reads version 1, not \['a'\]"):
        read("junco: [a]\ninputs: [x]\nsteps: []\noutputs: [x]\n", "f")


def test_an_infinite_parameter_is_written_as_one():
    assert read_value(".inf") == float("inf") == -read_value("-.inf")
