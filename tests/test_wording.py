"""Whatever people name, no text of ours sends what a terminal would obey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from junco import Operator, pipe, pipeline
from junco.engine.stats import PipelineStats
from junco.errors import GraphError, InputError, JuncoError, OperatorError, UnknownNameError
from junco.graph.draw import svg
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph, Node
from junco.job.report import JobReport
from junco.wording import picture, printable, printable_lines

EVIL = "\x1b]0;x\x07\x9b2J\u202e\n\u2028\ud800"
SPELT = r"\x1b]0;x\x07\x9b2J\u202e\n\u2028\ud800"


def same(value):
    return value


def odd(value):
    return value


odd.__name__ = odd.__qualname__ = f"odd{EVIL}"


class Red:
    def __repr__(self):
        return "\x1b[31mred"

    __str__ = __repr__


class Labelled(Operator, family="wording-test", name="labelled"):
    def __init__(self, label="", more=None):
        self.label, self.more = label, more

    def batch(self, values):
        return list(values)


def is_clean(text):
    return all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.fixture
def evil():
    """A pipeline in which everything that can be named is named so."""
    within = replace(pipe.input("x").map("x", "y", odd).output("y").graph, name=f"within{EVIL}")
    label = Labelled(EVIL, more=Red()).spec
    start = pipe.input(f"x{EVIL}").map(f"x{EVIL}", f"y{EVIL}", within, name=f"step{EVIL}")
    p = start.map(f"y{EVIL}", f"z{EVIL}", label, name=f"label{EVIL}").output(f"y{EVIL}", f"z{EVIL}", space=f"s{EVIL}")
    with pipeline(replace(p.graph, name=f"out{EVIL}")) as made:
        made(1)
        yield made


@pytest.mark.parametrize(
    "show",
    [
        repr,
        lambda p: str(p.plan),
        lambda p: str(p.stats()),
        lambda p: p.stats().advice,
        lambda p: str(p.lock()),
        lambda p: str(p.graph),
        lambda p: str(p.inspect(1)),
        lambda p: str(p.plan.output_space),
        lambda p: str(p.graph.nodes[0]),
        lambda p: str(p.graph.nodes[1].spec),
        lambda p: repr(p(1)),
        lambda p: repr(p.batch([1])),
        lambda p: mermaid(p.graph),
        lambda p: svg(p.graph),
    ],
)
def test_names_are_spelt_out_wherever_they_are_shown(evil, show):
    assert is_clean(show(evil))


def test_a_name_with_a_line_break_stays_on_its_line(evil):
    assert len(str(evil.plan).splitlines()) == 4  # the title, the steps, the space
    assert len(str(evil.graph).splitlines()) == 3
    assert len(str(evil.stats()).splitlines()) == 4
    assert repr(evil) == f"<pipeline out{SPELT}: x{SPELT} → y{SPELT}, z{SPELT}>"


def test_names_in_every_script_are_shown_as_they_are():
    for name in ("größe in m²", "名前", "שם", "नाम"):
        p = pipe.input(name).map(name, f"{name} 2", same).output(name, f"{name} 2")
        assert f"{name} → {name}, {name} 2" in repr(p)
        assert repr(p(1)) == f"Row({name}=1, {name} 2=1)"


def test_errors_spell_out_what_they_name():
    def fails(value):
        raise ValueError("\x1b[31mwrong")

    def wrong_name(graph):
        graph.node("stepp")

    graph = Graph(("x",), (Node("map", "step\x1b[2J", ("x",), ("y",), same),), ("y",))
    p = pipe.input("x", "b\x1b[2J").map("x", "y", fails, name="step\x1b[2J").output("y")
    for call, kind in (
        (lambda: p(1, 2), OperatorError),
        (lambda: p(1), InputError),
        (lambda: wrong_name(graph), UnknownNameError),
        (lambda: pipe.input("x").output("y\x1b[2J"), GraphError),
    ):
        with pytest.raises(kind) as raised:
            call()
        assert is_clean(str(raised.value))
    assert str(JuncoError("one\ntwo\tthree\r")) == "one\ntwo\\tthree\\r"
    assert str(JuncoError()) == ""


def test_a_picture_of_a_value_is_printable_however_it_shows_itself():
    assert picture(Red()) == r"\x1b[31mred"
    assert picture([Red()]) == r"[\x1b[31mred]"


def test_reports_spell_out_the_names_of_inputs():
    stats = PipelineStats((), 0.0, 0, 1)
    report = JobReport(
        "to\x1b.npy", 1, 1, 1, 0, 0, 0, 1, 1, 1.0, deleted=("a\nb\x1b[2J",), unknown=("\x07",), stats=stats
    )
    assert is_clean(str(report))
    assert r"a\nb\x1b[2J" in str(report)


def test_what_may_be_printed_is_left_as_it_is():
    assert printable("größe\x1b") == r"größe\x1b"
    assert printable_lines(["a\nb", "c"]) == "a\\nb\nc"
