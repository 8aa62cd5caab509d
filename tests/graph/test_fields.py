"""Fields of columns: which names mean one, what is refused, and their types along a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from junco.errors import ContractError, GraphError
from junco.graph.levels import check
from junco.graph.pipe import PipeStart
from junco.graph.ports import check_ports, pipeline_ports
from junco.operator.function import op
from junco.types import Chunk, VideoFrame

pipe = PipeStart(check)


def rows():
    return pipe.input("source").flat_map("source", "chunk", list)


def test_a_field_is_the_slot_of_its_column():
    flow = rows().map("chunk.text", "v", len).output("v", "chunk.start")
    assert [(s.name, s.column, s.fields) for s in flow.steps[1].reads] == [("chunk.text", "chunk", ("text",))]
    assert flow.steps[1].reads[0].index == flow.steps[0].writes[0].index
    assert [slot.level.depth for slot in flow.outputs] == [1, 1]


def test_a_column_of_that_very_name_goes_before_a_field():
    flow = pipe.input("chunk", "chunk.text").map("chunk.text", "v", len).output("v")
    assert flow.steps[0].reads == (flow.inputs[1],)


def test_fields_of_fields_are_read_along_a_path():
    assert rows().output("chunk.box.x0").outputs[0].fields == ("box", "x0")


def test_every_place_of_a_column_takes_a_field():
    flow = (
        rows()
        .filter(("chunk.text", "chunk"), ("text", "chunk"), "chunk.is_kept", bool)
        .time_window("text", "w", "chunk.start", 1, 1, list, per="source.part")
        .output("w")
    )
    keep, window = flow.steps[1:]
    assert (keep.on[0].fields, window.sides[0].timestamp.fields, window.per.fields) == (
        ("is_kept",),
        ("start",),
        ("part",),
    )
    assert keep.writes[0].fields == ()
    assert keep.writes[0].index != keep.reads[0].index, "the kept field is a column of its own"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("chunk.text()", "without calls and indices"),
        ("chunk.box[0]", "without calls and indices"),
        ("chunk.", "without calls and indices"),
        ("chunk._text", "private"),
        ("chunk.__class__", "private"),
        ("chnk.text", "Did you mean 'chunk.text'"),
        ("nothing.text", "which no earlier step made"),
    ],
)
def test_what_is_no_field_is_refused_with_the_step(name, says):
    with pytest.raises(GraphError) as caught:
        rows().map(name, "v", len, name="count").output("v")
    assert "step 'count'" in str(caught.value)
    assert repr(name) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "write",
    [lambda r: r.map("chunk", "chunk.text", len), lambda r: r.filter(*["chunk.text"] * 3, bool)],
    ids=["map", "filter"],
)
def test_a_field_cannot_be_overwritten(write):
    with pytest.raises(GraphError, match=r"cannot write 'chunk.text', a field of the column 'chunk'"):
        write(rows()).output("chunk")


def test_a_field_of_a_grouped_column_is_refused_with_the_cure():
    with pytest.raises(GraphError, match=r"'chunk.text'.*grouped by step 'all': put 'chunk.text' among the inputs"):
        rows().window_all("chunk", "n", len, name="all").output("chunk.text")


# ---- types


class Half:
    """A class that names some of its attributes, and makes the others in its constructor."""

    def __init__(self) -> None:
        self.made = 1


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Whole:
    pair: Pair
    maybe: Pair | None = None

    @property
    def size(self) -> int:
        return 2

    def method(self) -> int:
        return 3


@op("fields.whole")
def whole(x: Any) -> Whole: ...


@op("fields.chunks")
def chunks(text: str) -> list[Chunk]: ...


@op("fields.frame")
def frame(x: Any) -> VideoFrame: ...


@op("fields.half")
def half(x: Any) -> Half: ...


def type_of(operator, field):
    flow = pipe.input("x").map("x", "v", operator).output(f"v.{field}")
    check_ports(flow)
    return pipeline_ports(flow).outputs[0].type


@pytest.mark.parametrize(
    ("field", "kind"), [("pair", Pair), ("pair.left", int), ("maybe.right", str), ("size", int), ("pair.right", str)]
)
def test_the_type_of_a_field_flows_on(field, kind):
    assert type_of(whole, field) is kind


def test_a_field_is_known_through_rows_and_to_the_operators_that_read_it():
    @op("fields.length")
    def length(text: str) -> int: ...

    @op("fields.absolute")
    def absolute(number: int) -> int: ...

    made = pipe.input("text").flat_map("text", "chunk", chunks)
    check_ports(made.map("chunk.text", "n", length).output("n"))
    with pytest.raises(ContractError, match=r"'chunk.text' .*holds str"):
        check_ports(made.map("chunk.text", "n", absolute, name="abs").output("n"))


@pytest.mark.parametrize(
    ("operator", "field", "near"),
    [
        (whole, "pairs", "'v.pair'"),
        (whole, "pair.lefty", "'v.pair.left'"),
        (whole, "method", "no field 'method'"),
        (whole, "maybe.up", "no field 'up'"),
        (frame, "time", "'v.time_s'"),
        (chunks, "text", "no field 'text'"),
    ],
)
def test_a_field_that_the_type_does_not_have_is_refused_when_it_is_built(operator, field, near):
    with pytest.raises(ContractError) as caught:
        type_of(operator, field)
    assert "the output" in str(caught.value)
    assert near in str(caught.value)


def test_a_class_that_makes_attributes_in_its_constructor_may_have_any():
    assert type_of(half, "made") is Any
