"""What a file or a program may ask of a graph, and that a long one costs no more than its length."""

from __future__ import annotations

import time

import pytest

from junco import pipe
from junco.errors import ContractError, GraphError, ParameterError, YamlError
from junco.graph import yaml_file
from junco.graph.levels import MOST_LEVELS, check
from junco.graph.ports import check_ports
from junco.plan.program import compile_flow

HEAD = "junco: 1\ninputs: [x]\nsteps:\n"


def same(value):
    return value


def file_with(step):
    return f"{HEAD}  - {step}\noutputs: [y]\n"


@pytest.mark.parametrize("workers", ["1025", "1000000", "0", "-1", "1.0", "true", "9" * 4000, "0x10", ".inf"])
def test_workers_are_a_whole_number_that_a_machine_can_bear(workers):
    with pytest.raises(YamlError, match=r"<string>:4:\d+: workers"):
        yaml_file.read(file_with(f"{{map: vector.normalize, in: x, out: y, workers: {workers}}}"))


@pytest.mark.parametrize("workers", [0, 1025, 10**6, 10**4000, 1.0, True])
def test_the_fluent_pen_has_the_same_bounds(workers):
    with pytest.raises(ParameterError, match=r"workers must be a whole number from 1 to 1,024"):
        pipe.input("x").map("x", "y", same, workers=workers)


@pytest.mark.parametrize(
    ("size", "step"), [(10**10, 1), (float("inf"), 1), (1, 10**400), (10**6, 1e-300), (float("nan"), 1)]
)
def test_windows_have_a_size_and_a_step_that_end(size, step):
    with pytest.raises(GraphError, match=r"must be a number above 0|each row would lie in more than"):
        pipe.input("x").flat_map("x", "t", same).time_window("t", "y", "t", size, step, same).output("y")


def test_rows_lie_in_so_many_levels_and_not_more():
    deep = pipe.input("x")
    for _ in range(MOST_LEVELS):
        deep = deep.flat_map("x", "x", same)
    deep.output("x")
    with pytest.raises(GraphError, match=r"beneath 50 levels of rows"):
        deep.flat_map("x", "x", same).output("x")


def test_too_many_steps_are_refused_where_they_stand():
    step = "  - {map: vector.normalize, in: x, out: x}\n"
    with pytest.raises(YamlError, match=r"<string>:4:3: a pipeline has at most 10,000 steps, not 10,001"):
        yaml_file.read(HEAD + step * 10_001 + "outputs: [x]\n")


def test_too_many_steps_in_branches_are_refused():
    begin = pipe.input("x")
    first, *others = [begin.map("x", f"y{i}", same) for i in range(1000)]
    with pytest.raises(GraphError, match=r"whose branches meet has at most 1,000 steps"):
        first.concat(*others).output("y0")


def of_maps(count):
    made = pipe.input("x")
    for i in range(count):
        made = made.map("x", f"y{i}", same)
    return made.output("y0").graph


def of_filters(count):
    made = pipe.input("x")
    for _ in range(count):
        made = made.filter("x", "x", "x", bool)
    return made.output("x").graph


def of_branches(count):
    begin = pipe.input("x")
    first, *others = [begin.map("x", f"y{i}", same) for i in range(count // 5)]
    return first.concat(*others).output("y0").graph


@pytest.mark.filterwarnings("ignore:.*which nothing uses")
@pytest.mark.parametrize("made", [of_maps, of_filters, of_branches])
def test_a_graph_four_times_as_long_is_built_in_about_four_times_the_time(made):
    def seconds(count):
        begun = time.process_time()
        compile_flow(check(made(count), warns=False))
        return time.process_time() - begun

    assert min(seconds(2000) for _ in range(2)) <= 10 * min(seconds(500) for _ in range(2)) + 0.2


ENDLESS = ["[" * 10_000, "- " * 10_000 + "x", "a: &a [x]\nb: *a", "? " * 5000, f"%TAG ! tag:{'a' * 9000}\n---\n!x y"]


@pytest.mark.parametrize("text", ENDLESS)
def test_what_would_grow_or_nest_without_end_is_refused_in_a_short_message(text):
    with pytest.raises(YamlError) as told:
        yaml_file.read(text)
    assert len(str(told.value)) <= 2000


@pytest.mark.parametrize("length", [10_000, 400_000])
@pytest.mark.parametrize("change", ["out: {}", "in: {}", "map: {}", "name: {}, in: nobody", "{}: 1", "with: {{{}: 1}}"])
def test_a_name_of_any_length_makes_no_long_message(change, length):
    step = {"map": "vector.normalize", "in": "x", "out": "z"}
    changed = change.format("n" * length)
    kept = ", ".join(f"{key}: {value}" for key, value in step.items() if f"{key}:" not in change)
    with pytest.raises((GraphError, ContractError)) as told:
        check_ports(check(yaml_file.read(file_with(f"{{{kept}, {changed}}}"))))
    assert len(str(told.value)) <= 2000
    assert len(repr(told.value)) <= 2100


def test_half_a_character_is_no_text():
    with pytest.raises(YamlError, match="half a character"):
        yaml_file.read('junco: 1\nname: "a\\ud800"\ninputs: [x]\nsteps: []\noutputs: [x]\n')
