"""Whatever is wrong with a pipeline that stands in a file is said with the file, line and column of the step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from junco import Operator, pipe, pipeline
from junco.errors import ContractError, GraphError, ParameterError, YamlError
from junco.graph.yaml_file import read
from junco.operator.hints import Hints


class Frame(NamedTuple):
    number: int
    time_s: float


class Frames(Operator, family="written-test", name="frames"):
    def stream(self, count: int) -> Iterator[Frame]:
        for number in range(count):
            yield Frame(number, number / 2)


class Brightness(Operator, family="written-test", name="brightness"):
    def batch(self, frames: list[Frame]) -> list[float]:
        return [frame.time_s for frame in frames]


class Longest(Operator, family="written-test", name="longest"):
    def batch(self, words: list[str]) -> list[str]:
        return list(words)


class Count(Operator, family="written-test", name="count"):
    def batch(self, firsts: list[Any], seconds: list[Any]) -> list[int]:
        return [len(first) + len(second) for first, second in zip(firsts, seconds, strict=True)]


class Changed(Operator, family="written-test", name="changed"):
    hints = Hints(stateful=True)

    def state(self) -> list[float]:
        return []

    def batch(self, values: list[float], *, state: list[float]) -> list[bool]:
        return [True for _ in values]


FLOW = """\
junco: 1
inputs: [n]
steps:
  - {flat_map: written-test.frames, in: n, out: frame, name: video}
  - {flat_map: written-test.frames, in: n, out: other, name: sound}
  - {map: written-test.brightness, in: frame, out: value, name: bright}
  - name: both
    time_window: written-test.count
    in: [value, other]
    out: count
    timestamp: [frame.time_s, other.time_s]
    size: 1
    step: 1
outputs: [count]
"""

WRONG = [
    ("in: n, out: other", "in: m, out: other", "5:16", "uses the column 'm'"),
    ("other.time_s]", "other.times_s]", "8:18", "no field 'times_s'"),
    ("other.time_s]", "othr.time_s]", "8:18", "uses the column 'othr"),
    ("other.time_s]", "frame.number]", "8:18", "a second timestamp"),
    ("    size: 1", "    per: frame\n    size: 1", "8:18", "per='frame'"),
    ("    size: 1", "    size: 0", "8:18", "size must be a number above 0"),
    ("outputs: [count]", "  - {map: written-test.frames, in: n, out: more}\noutputs: [more]", "14:11", "use flat_map"),
    ("{map: written-test.brightness, in: frame", "{map: written-test.count, in: [frame, other]", "6:11", "no common"),
    ("in: frame, out: value", "in: frame.number, out: value", "6:11", "takes frame"),
    ("in: frame, out: value", "in: [n, frame], out: value", "6:11", "gives it 2 columns"),
    ("in: frame, out: value", "in: frame, out: [value, more]", "6:11", "names 2 outputs"),
    ("in: frame, out: value", "in: frame, out: value, per: n", "6:11", "has no state"),
    ("in: frame, out: value", "in: frame, out: other.value", "6:11", "cannot write"),
    ("in: frame, out: value", "in: [], out: value", "6:11", "no input column"),
    ("in: frame, out: value", "in: frame, out: [value, value]", "6:11", "twice"),
    ("name: bright", "name: bright, after: soudn", "6:11", "there is no such step"),
    ("name: bright", "name: bright, after: video", "5:16", "leads nowhere"),
    ("outputs: [count]", "outputs: [cuont]", "14:10", "'count'"),
    ("outputs: [count]", "outputs: [count, count.x]", "14:10", "no field 'x'"),
    ("outputs: [count]", "outputs: [count, count]", "14:10", "twice"),
    ("inputs: [n]", "inputs: [n, n]", "2:9", "twice"),
    ("outputs: [count]", "outputs: [count]\nfamily: text-embedding", "15:9", "text-embedding"),
    ("outputs: [count]", "outputs: [count]\nfamily: text-embeding", "15:9", "Did you mean 'text-embedding'"),
]


@pytest.mark.filterwarnings("ignore:.*which nothing uses")
@pytest.mark.parametrize(("old", "new", "place", "says"), WRONG, ids=[says for *_, says in WRONG])
def test_a_mistake_in_a_file_is_said_with_file_line_and_column(tmp_path, old, new, place, says):
    file = tmp_path / "flow.yaml"
    assert FLOW.count(old) == 1
    file.write_text(FLOW.replace(old, new))
    with pytest.raises(YamlError, match=re.escape(says)) as caught:
        pipeline(file).prepare()
    assert str(caught.value).startswith(f"{file}:{place}: ")


def test_the_file_as_it_should_be_runs(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    assert pipeline(tmp_path / "flow.yaml")(3) == [4, 2]


def test_a_broken_contract_in_a_file_is_caught_as_one():
    graph = read(FLOW.replace("in: frame, out: value", "in: frame.number, out: value"), "flow.yaml")
    with pytest.raises(ContractError) as caught:
        pipeline(graph)
    assert isinstance(caught.value, YamlError)


NESTED = """\
junco: 1
inputs: [n]
steps:
  - map:
      inputs: [k]
      steps:
        - {flat_map: written-test.frames, in: k, out: frame}
        - {map: written-test.brightness, in: frame, out: value}
        - {window_all: written-test.longest, in: value, out: most}
      outputs: [most]
    in: n
    out: most
outputs: [most]
"""


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("in: frame, out: value", "in: frmae, out: value", "8:17", "'frmae'"),
        ("in: frame, out: value", "in: frame.number, out: value", "8:17", "takes frame"),
        ("      outputs: [most]", "      outputs: [moost]", "10:16", "'moost'"),
        ("    in: n\n", "    in: [n, n]\n", "4:5", "the pipeline takes 1 input (k)"),
    ],
)
def test_a_mistake_in_a_pipeline_within_is_said_with_its_own_place(old, new, place, says):
    with pytest.raises(YamlError, match=re.escape(says)) as caught:
        pipeline(read(NESTED.replace(old, new), "flow.yaml")).prepare()
    assert str(caught.value).startswith(f"flow.yaml:{place}: ")


FORKED = """\
junco: 1
inputs: [n]
steps:
  - {flat_map: written-test.frames, in: n, out: one, name: one}
  - {flat_map: written-test.frames, in: n, out: two, name: two, after: input}
  - {concat: [one, two], name: meet}
outputs: [one]
"""


def test_branches_that_cannot_meet_are_said_with_the_place_of_the_meeting():
    with pytest.raises(YamlError, match=r"^flow\.yaml:6:6: step 'meet' .*no common rows"):
        pipeline(read(FORKED, "flow.yaml"))


def test_what_is_odd_in_a_file_is_said_with_its_place():
    unused = FLOW.replace("in: [value, other]", "in: [frame, other]")
    with pytest.warns(UserWarning, match=r"^flow\.yaml:6:11: step 'bright' .*nothing uses"):
        pipeline(read(unused, "flow.yaml"))


def test_an_operator_that_a_caller_puts_in_is_not_the_files_fault():
    flow = pipeline(read(FLOW, "flow.yaml"))
    with pytest.raises(ContractError) as caught:
        flow.replace("bright", Longest())
    assert not isinstance(caught.value, YamlError)


def test_a_mistake_in_code_has_no_place():
    with pytest.raises(GraphError) as caught:
        pipe.input("n").map("m", "x", abs).output("x")
    assert not isinstance(caught.value, YamlError)


def test_a_parameter_that_a_caller_gives_is_not_the_files_fault():
    with pytest.raises(ParameterError) as caught:
        pipeline(read(FLOW, "flow.yaml"), colour="red")
    assert not isinstance(caught.value, YamlError)
