from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from junco.catalog.membership import check_family
from junco.errors import ContractError, UnknownNameError
from junco.graph.levels import check
from junco.graph.nodes import Graph, Node
from junco.graph.ports import pipeline_ports, row_ports
from junco.operator import registry
from junco.operator.family import Family
from junco.operator.function import op
from junco.operator.ports import Port, Ports
from junco.types import Box, Image, Vector


@op("member-test.embed")
def embed(text: str) -> Vector:
    return np.zeros(3, np.float32)


@op("member-test.words")
def words(text: str) -> list[str]:
    return text.split()


@op("member-test.find")
def find(image: Image) -> list[tuple[Box, str]]:
    return []


def ports(*nodes: Node, inputs=("text",), outputs=("vector",), family=""):
    return str(pipeline_ports(check(Graph(inputs, nodes, outputs, family=family))))


EMBED = Node("map", "embed", ("text",), ("vector",), embed)


def test_the_ports_of_a_pipeline_are_those_of_its_first_and_last_steps():
    assert ports(EMBED) == "(text: str) -> (vector: vector[dim; float32])"


def test_several_rows_for_an_item_are_a_list():
    split = Node("flat_map", "split", ("text",), ("word",), words)
    each = Node("map", "embed", ("word",), ("vector",), embed, after=("split",))
    assert ports(split, each) == "(text: str) -> (vector: list[vector[dim; float32]])"
    assert ports(split, outputs=("word",)) == "(text: str) -> (word: list[str])"


def test_a_filter_passes_types_on_and_makes_the_result_a_list():
    keep = Node("filter", "keep", ("vector",), ("good",), len, after=("embed",), on=("vector",))
    assert ports(EMBED, keep, outputs=("good",)) == "(text: str) -> (good: list[vector[dim; float32]])"


def test_rows_of_several_columns_give_each_column_its_type():
    node = Node("flat_map", "find", ("image",), ("box", "label"), find)
    want = "(image: image[height, width, 3; uint8]) -> (box: list[Box], label: list[str])"
    assert ports(node, inputs=("image",), outputs=("box", "label")) == want


def test_a_generator_under_flat_map_gives_what_it_yields():
    def split(text: str) -> Iterator[str]:
        yield from text.split()

    assert ports(Node("flat_map", "s", ("text",), ("w",), split), outputs=("w",)) == "(text: str) -> (w: list[str])"


def test_a_column_that_passes_through_has_the_type_that_is_wanted_of_it():
    assert ports(EMBED, outputs=("text", "vector")) == "(text: str) -> (text: str, vector: vector[dim; float32])"


def test_a_callable_without_annotations_says_nothing():
    assert ports(Node("map", "f", ("text",), ("vector",), lambda x: x)) == "(text: any) -> (vector: any)"


def test_a_pipeline_in_a_pipeline_has_its_own_ports():
    class Inner:
        graph = Graph(("text",), (EMBED,), ("vector",))

        def __call__(self, text): ...

    assert ports(Node("map", "f", ("text",), ("v",), Inner()), outputs=("v",)) == (
        "(text: str) -> (v: vector[dim; float32])"
    )


def test_a_pipeline_that_keeps_the_contract_is_a_member():
    check_family(check(Graph(("text",), (EMBED,), ("vector",), family="text-embedding")))


def test_a_pipeline_of_many_rows_is_a_member_where_its_family_says_rows_of_many():
    ports = Ports((Port("text", str),), (Port("word", str),), rows="many")
    registry.register_family(Family("member-test-words", "pipeline", ports, "member-test-words-plain", "for tests"))
    split = Node("flat_map", "split", ("text",), ("word",), words)
    check_family(check(Graph(("text",), (split,), ("word",), family="member-test-words")))
    with pytest.raises(ContractError, match="rows of"):
        check_family(check(Graph(("text",), (EMBED,), ("vector",), family="member-test-words")))


def test_a_pipeline_of_no_family_is_free():
    check_family(check(Graph(("text",), (EMBED,), ("text", "vector"))))


@pytest.mark.parametrize(
    "graph",
    [
        Graph(("text",), (EMBED,), ("text", "vector"), "two-outputs", "text-embedding"),
        Graph(("text", "more"), (EMBED,), ("vector",), "two-inputs", "text-embedding"),
        Graph(("text",), (EMBED,), ("text",), "not-a-vector", "text-embedding"),
        Graph(
            ("text",),
            (Node("flat_map", "s", ("text",), ("w",), str.split), Node("map", "e", ("w",), ("vector",), embed, ("s",))),
            ("vector",),
            "many-vectors",
            "text-embedding",
        ),
        Graph(
            ("text",),
            (EMBED, Node("filter", "f", ("vector",), ("vector",), bool, ("embed",), on=("text",))),
            ("vector",),
            "perhaps-none",
            "text-embedding",
        ),
    ],
    ids=lambda graph: graph.name,
)
@pytest.mark.filterwarnings("ignore:step 'embed' .map. makes")
def test_a_pipeline_that_breaks_the_contract_is_refused_with_both_signatures(graph):
    flow = check(graph)
    with pytest.raises(ContractError) as caught:
        check_family(flow)
    assert f"{graph.name!r} cannot join the pipeline family 'text-embedding'" in str(caught.value)
    assert "(text: str) -> (vector: vector[dim; float32])" in str(caught.value)
    assert str(row_ports(flow)) in str(caught.value)


def test_an_image_pipeline_is_no_text_pipeline():
    def see(image: Image) -> Vector: ...

    graph = Graph(("image",), (Node("map", "see", ("image",), ("vector",), see),), ("vector",), "x", "text-embedding")
    with pytest.raises(ContractError):
        check_family(check(graph))


def test_a_family_that_nobody_defined_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'text-embedding'"):
        check_family(check(Graph(("text",), (EMBED,), ("vector",), family="text-embeding")))
