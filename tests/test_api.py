"""`Pipeline`: what needs a plan and what does not, preparing, closing, pickling, locks."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco import Operator, op, ops, pipe, pipeline
from junco.errors import ClosedError, ContractError, GraphError, InputError, ParameterError, UnknownNameError, YamlError

SEEN: list[str] = []


class Model(Operator, family="api-test", name="model"):
    """Notes what is done to it.

    Args:
        size: of what it makes.
        unit: cuts it to one.
    """

    def __init__(self, size: int = 3, unit: bool = False, device: str = "auto") -> None:
        if size < 1:
            raise ParameterError(f"'api-test.model': size={size} must be at least 1")
        self.size, self.unit = size, unit

    def fetch(self) -> None:
        SEEN.append("fetch")

    def open(self) -> None:
        SEEN.append("open")

    def batch(self, numbers: list[int]) -> list[int]:
        return [1 if self.unit else number * self.size for number in numbers]


@op("api-test.shout")
def shout(text: str) -> str:
    return text.upper()


@pytest.fixture(autouse=True)
def seen():
    SEEN.clear()
    return SEEN


def model(**params):
    return pipe.input("x").map("x", "y", ops.api_test.model(**params), name="embed").output("y")


FLOW = """\
junco: 1
name: flow
inputs: [x]
steps:
  - {map: api-test.model, in: x, out: y, name: embed, with: {size: 2}}
outputs: [y]
main: embed
"""


@pytest.fixture
def flow(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    return tmp_path / "flow.yaml"


# ---- planned at the first use


def test_a_pipeline_that_is_looked_at_written_drawn_changed_and_pickled_fetches_nothing(tmp_path, seen):
    p = model()
    assert repr(p) == "<pipeline: x → y>"
    assert "api-test.model" in p.to_yaml()
    p.save(tmp_path / "saved.yaml")
    assert p.draw().startswith("<svg")
    assert "embed" in p.draw("mermaid")
    assert p.replace("embed", ops.api_test.model(5)).graph != p.graph
    assert pickle.loads(pickle.dumps(p)).graph == p.graph
    assert p.stats().advice == "nothing has run yet"
    assert [stage.name for stage in p.stats().stages] == ["embed"]
    p.close()
    assert seen == []


# ---- one operator for another

NAMED = """\
junco: 1
name: flow
description: Twice the size
license: MIT
space: mine
params: {size: 2, kept: 1}
inputs: [x]
steps:
  - {map: api-test.model, in: x, out: y, name: first, with: {size: "${kept}"}}
  - {map: api-test.model, in: y, out: z, name: embed, with: {size: "${size}"}}
outputs: [z]
main: embed
"""


def test_what_is_said_of_a_pipeline_is_not_said_of_one_with_another_operator(tmp_path):
    (tmp_path / "flow.yaml").write_text(NAMED)
    p = pipeline(tmp_path / "flow.yaml")
    other = p.replace("embed", Model(size=7))
    assert (other.graph.name, other.graph.license, other.graph.space) == ("", "", "")
    assert other.graph.description == "flow, with embed = api-test.model"
    assert other.graph.params == {"kept": 1}  # nothing takes the other one any more
    assert repr(other) == "<pipeline: x → z>"
    assert str(other.plan).startswith("plan of a pipeline: x → z")
    assert "name: flow" not in other.to_yaml()
    assert pipeline(other.graph, kept=3)(2) == 42
    assert p.replace("embed", p.graph.node("embed").fn).graph == p.graph


def test_names_classes_factories_and_specs_are_taken_and_what_breaks_the_contract_is_refused():
    @op("api-test.length")
    def length(text: str) -> int:
        return len(text)

    p = pipe.input("text").map("text", "y", length, name="embed").output("y")
    for fits in (length, "api-test.length", ops.api_test.length, lambda text: 1, len, str.__len__):
        p.replace("embed", fits)

    def of_two(text, other):
        return 1

    def of_bytes(raw: bytes) -> int:
        return 1

    def to_text(text: str) -> str:
        return text

    shouting = pipe.input("text").map("text", "y", shout).output("y")
    for odd in (of_two, of_bytes, to_text, lambda: 1, shout, "api-test.shout", ops.api_test.shout, shouting):
        with pytest.raises(ContractError, match=r"cannot stand in step 'embed' .*the step needs \(text: str\)"):
            p.replace("embed", odd)


# ---- the first use


def test_the_first_call_plans_and_opens_and_the_second_does_neither(seen):
    p = model()
    assert (p(2), p(3)) == (6, 9)
    assert seen == ["fetch", "open"]


def test_many_threads_that_come_first_plan_once(seen):
    p = model()
    start = threading.Barrier(8)

    def call(number):
        start.wait()
        return p(number)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(call, range(8))) == [3 * number for number in range(8)]
    assert seen == ["fetch", "open"]


def test_prepare_fetches_and_opens_before_the_first_item_and_gives_the_pipeline(seen):
    p = model()
    assert p.prepare() is p
    assert seen == ["fetch", "open"]
    assert p(1) == 3
    assert seen == ["fetch", "open"]


def test_a_plan_that_failed_is_tried_again_at_the_next_use(seen):
    class Late(Operator, family="api-test", name="late"):
        def fetch(self) -> None:
            SEEN.append("fetch")
            if len(SEEN) == 1:
                raise OSError("no network yet")

        def batch(self, numbers):
            return numbers

    p = pipe.input("x").map("x", "y", ops.api_test.late()).output("y")
    with pytest.raises(OSError, match="no network yet"):
        p.prepare()
    assert p(4) == 4


def test_what_is_closed_before_its_first_use_is_closed(seen):
    p = model()
    p.close()
    for use in (lambda: p(1), lambda: p.batch([1]), p.prepare):
        with pytest.raises(ClosedError):
            use()
    assert seen == []
    assert p.stats().num_items == 0


def test_levels_and_ports_of_operators_at_hand_are_checked_when_it_is_made():
    with pytest.raises(GraphError, match="'nothing'"):
        pipe.input("x").map("nothing", "y", abs).output("y")
    with pytest.raises(ContractError, match="holds str"):
        pipe.input("t").map("t", "u", ops.api_test.shout()).map("u", "v", ops.api_test.model()).output("v")
    with pytest.raises(ParameterError, match="device"):
        pipeline(model().graph, device="gpu")


def test_a_replaced_step_is_held_to_the_contract_without_a_plan(seen):
    with pytest.raises(ContractError, match="cannot stand in step 'embed'"):
        model().replace("embed", ops.api_test.shout())
    assert seen == []


@pytest.mark.parametrize("given", ["api-test.model", Model], ids=["by its name", "by its class"])
def test_an_operator_takes_a_place_by_its_name_or_class_with_its_defaults(given):
    with model(size=7).replace("embed", given) as p:
        assert p.graph.node("embed").fn == ops.api_test.model()
    assert pipe.input("x").map("x", "y", given, name="embed").output("y").graph == model().graph


def test_a_name_that_no_operator_has_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"api-test\.modle.*Did you mean 'api-test\.model'"):
        model().replace("embed", "api-test.modle")


def test_what_a_pipeline_hands_down_reaches_a_step_that_was_put_in_later():
    p = pipeline("image-embedding", allow_urls=True, max_bytes=1000)
    decode = p.replace("decode", ops.image_decode.pil(max_bytes=10)).graph.node("decode").fn
    assert decode.params == {"allow_urls": "${allow_urls}", "max_bytes": 10}
    assert p.replace("decode", len).graph.node("decode").fn is len
    inner = pipe.input("path").map("path", "image", ops.image_decode.pil()).output("image")
    assert p.replace("decode", inner.graph).graph.node("decode").fn.params["allow_urls"] == "${allow_urls}"


def test_reading_a_shipped_pipeline_and_composing_with_it_imports_no_operator():
    code = (
        "import sys; from junco import pipeline, pipe; p = pipeline('image-embedding');"
        "q = pipe.input('a').map('a', 'b', p, name='photo').output('b');"
        "q.to_yaml(); q.draw(); q.replace('photo', len); pipe.input('a').map('a', 'b', q).output('b');"
        "built_in = [m for m in sys.modules if m.startswith('junco.builtin.')];"
        "print([m for m in built_in if not m.endswith('families')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- files


def test_a_wrong_value_in_a_file_is_said_with_its_place_when_the_plan_is_made(flow):
    flow.write_text(FLOW.replace("size: 2", "size: 0"))
    p = pipeline(flow)
    with pytest.raises(YamlError, match=r"flow\.yaml:5:68: .*size=0 must be at least 1"):
        p.prepare()


def test_a_wrong_value_that_a_caller_gave_is_the_callers(flow):
    flow.write_text(FLOW.replace(", with: {size: 2}", ""))
    with pytest.raises(ParameterError, match="size=0"):
        pipeline(flow, size=0).prepare()


def test_the_main_steps_parameters_are_the_pipelines(flow):
    assert pipeline(flow)(4) == 8
    assert pipeline(flow, unit=True)(4) == 1
    assert pipeline(pipeline(flow, unit=True).graph, unit=False)(4) == 8


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"unti": True}, "Did you mean 'unit'.* Its parameters: .*, device"),
        ({"devise": "cpu"}, "Did you mean 'device'"),
        ({"size": 3}, "no parameter 'size'"),
        ({"device": 1}, "device=1"),
    ],
)
def test_what_the_main_step_does_not_take_is_refused_with_the_nearest(flow, params, says):
    with pytest.raises(ParameterError, match=says):
        pipeline(flow, **params)


def test_a_pipeline_is_saved_with_paths_from_its_folder_so_that_it_can_be_moved(tmp_path, monkeypatch):
    @op("api-test.path")
    def path(text: str, *, file: str = "") -> str:
        return file

    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    monkeypatch.chdir(here)
    p = pipe.input("t").map("t", "p", ops.api_test.path(file="./models/m.onnx"), name="p").output("p")
    p.save("flow.yaml")
    assert "./models/m.onnx" in (here / "flow.yaml").read_text()
    p.save(tmp_path / "above.yaml")
    assert "./here/models/m.onnx" in (tmp_path / "above.yaml").read_text()
    here.rename(there)
    monkeypatch.chdir(tmp_path)
    assert pipeline(there / "flow.yaml")("") == str(there / "models" / "m.onnx")
    assert pipeline("./there/flow.yaml").graph == pipeline(there / "flow.yaml").graph


# ---- the lock


def test_a_lock_names_what_each_step_is_made_of(tmp_path):
    class Filed(Operator, family="api-test", name="filed"):
        def __init__(self, file: str) -> None:
            self.file = file

        def files(self):
            return [tmp_path / "weights"]

        def batch(self, numbers):
            return numbers

    (tmp_path / "weights").write_bytes(b"weights")
    p = pipe.input("x").map("x", "y", ops.api_test.filed(str(tmp_path / "weights")), name="load").output("y")
    lock = p.lock()
    (step,) = json.loads(lock.to_json())["steps"]
    assert (step["step"], step["name"], step["unknown"]) == ("load", "api-test.filed", [])
    assert step["parameters"] == {"file": str(tmp_path / "weights")}
    assert step["files"] == {str(tmp_path / "weights"): hashlib.sha256(b"weights").hexdigest()}
    (tmp_path / "weights").write_bytes(b"others")
    assert p.lock().steps[0].files != lock.steps[0].files
    assert p.lock().steps[0].digest != lock.steps[0].digest
    assert str(lock).startswith("junco ")


def test_a_lock_tells_packages_and_steps_of_pipelines_within():
    inner = pipe.input("v").map("v", "w", ops.vector.normalize(), name="unit").output("w")
    p = pipe.input("a").map("a", "b", inner, name="inner").map("b", "c", len, name="count").output("c")
    lock = p.lock()
    assert [step.step for step in lock.steps] == ["inner/unit", "count"]
    assert lock.steps[0].distribution == "junco"
    assert lock.steps[0].place.endswith(":Normalize")
    assert lock.is_known


def test_what_is_odd_is_said_once_and_to_whoever_wrote_it():
    written = pipe.input("x").map("x", "y", abs, name="unused").map("x", "z", abs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        p = written.output("z")
        assert p(1) == 1
        p.draw()
    assert [(warning.filename, "step 'unused'" in str(warning.message)) for warning in caught] == [(__file__, True)]


def test_a_pipeline_is_not_made_of_a_pipeline():
    with pipe.input("x").map("x", "y", abs).output("y") as p, pytest.raises(InputError, match="a pipeline already"):
        pipeline(p)
