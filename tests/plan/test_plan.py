"""The plan: devices, what is refused before the first row, and its print-out."""

from __future__ import annotations

import pickle

import pytest

from junco import Hints, Operator, op
from junco.errors import ContractError, ParameterError
from junco.graph.pipe import PipeStart
from junco.plan.plan import make_plan
from junco.types import Vector
from strategies import OPERATORS

pipe = PipeStart(lambda graph: graph)


class Placed(Operator, family="plan-test", name="placed"):
    fetched: list[str] = []
    hints = Hints(thread_safe=True)

    def __init__(self, device: str = "auto", model: str = "small"):
        self.device, self.model = device, model

    def fetch(self):
        self.fetched.append(self.model)
        if self.model == "missing":
            raise FileNotFoundError("no weights")

    def batch(self, numbers):
        return list(numbers)


def graph(*specs):
    written = pipe.input("x")
    for spec in specs:
        written = written.map("x", "x", spec)
    return written.output("x")


def devices(plan):
    return [node.fn.params.get("device", "auto") for node in plan.graph.nodes]


def test_a_device_is_handed_to_each_operator_that_takes_one_and_has_none_of_its_own():
    plan = make_plan(graph(Placed().spec, Placed("cpu").spec, OPERATORS["mix"]), "cuda:1")
    assert devices(plan) == ["cuda:1", "cpu", "auto"]
    assert devices(make_plan(graph(Placed().spec))) == ["auto"]
    assert make_plan(graph(Placed().spec), ["cpu", "cpu"]).devices == ("cpu", "cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "", [], ["cpu", "tpu"], [0], None, 3], ids=repr)
def test_a_device_that_cannot_be_is_refused(device):
    with pytest.raises(ParameterError, match="device"):
        make_plan(graph(Placed().spec), device)


def test_weights_are_fetched_when_the_plan_is_made():
    Placed.fetched.clear()
    make_plan(graph(Placed(model="large").spec))
    assert Placed.fetched == ["large"]
    with pytest.raises(FileNotFoundError):
        make_plan(graph(Placed(model="missing").spec))


def test_neighbours_whose_ports_do_not_fit_are_refused_with_both():
    @op("plan-test.count")
    def count(text: str) -> int: ...

    @op("plan-test.upper")
    def upper(text: str) -> str: ...

    make_plan(graph(upper, count))
    with pytest.raises(ContractError, match=r"takes text: str.*'x'.*holds int"):
        make_plan(graph(count, upper))


def test_a_plan_is_pickled_and_made_anew():
    plan = make_plan(graph(Placed().spec, OPERATORS["mix"]), "cpu")
    back = pickle.loads(pickle.dumps(plan))
    assert (back.graph, back.devices, str(back)) == (plan.graph, plan.devices, str(plan))
    assert len(back.operations) == 2


def test_a_plan_counts_levels_as_pictures_do_and_says_whose_rows_are_grouped():
    rows = pipe.input("film").flat_map("film", "frame", list).flat_map("film", "sound", list)
    made = rows.window_all("sound", "loud", list, per="film").window_all("frame", "all", list).output("all", "loud")
    lines = str(make_plan(made)).splitlines()
    assert "film → sound, level 0 → 1, " in lines[2]
    assert any("sound → loud, per film, level 1 → 0, " in line for line in lines)
    assert any("frame → all, level 1 → 0, " in line for line in lines)


class Vectors(Operator, family="plan-test", name="vectors"):
    def batch(self, numbers: list[int]) -> list[Vector]: ...


@pytest.mark.parametrize(
    ("made", "is_said"),
    [
        (pipe.input("x").map("x", "v", Vectors().spec).output("v"), True),
        (pipe.input("x").flat_map("x", "y", range).map("y", "v", Vectors().spec).output("v"), True),
        (graph(abs), False),
        (pipe.input("x").map("x", (), abs).output(), False),
    ],
)
def test_a_plan_speaks_of_spaces_where_there_are_vectors(made, is_said):
    assert ("\n  space: " in str(make_plan(made))) is is_said


def test_a_plan_without_outputs_is_printed_so():
    made = pipe.input("x").map("x", (), abs).output()
    assert str(make_plan(made)).splitlines()[0] == "plan of a pipeline: x → ()"


def test_a_plan_prints_one_line_for_each_step():
    lines = str(make_plan(graph(Placed(model="large").spec, abs))).splitlines()
    assert len(lines) >= 3
    assert "plan-test.placed (model=large)" in lines[1]
    assert "in batches, on all cores" in lines[1]
    assert "row by row, in order" in lines[2]


class Counts(Operator, family="plan-test", name="counts"):
    hints = Hints(stateful=True)

    def state(self) -> list[int]:
        return []

    def batch(self, numbers, *, state):
        return list(numbers)


class CountsByFours(Counts, family="plan-test", name="counts-by-fours"):
    hints = Hints(stateful=True, max_batch=4)


ROWS_MADE = pipe.input("n").flat_map("n", "m", range).output("m")


@pytest.mark.parametrize(
    ("fn", "options", "said"),
    [
        (Counts().spec, {}, "row by row, in order, a state for each scope"),
        (CountsByFours().spec, {}, "up to 4 rows at a time, in order, a state for each scope"),
        (Counts().spec, {"backend": "process"}, "row by row, in order, a state for each scope, in this process"),
        (ROWS_MADE, {}, "called by the batch, in order"),
        (ROWS_MADE, {"workers": 3, "backend": "process"}, "called by the batch, 3 at once, in this process"),
        (abs, {"workers": 2, "backend": "process"}, "in 2 processes"),
        (abs, {"backend": "process"}, "in a process for each core"),
        (abs, {"workers": 2}, "2 at once"),
    ],
)
def test_a_plan_says_how_rows_are_run(fn, options, said):
    plan = make_plan(pipe.input("n").map("n", "x", fn, name="step", **options).output("x"))
    assert str(plan).splitlines()[1].endswith(f", level 0, {said}")
