from __future__ import annotations

import itertools
import random
from xml.etree import ElementTree as ET

import pytest

from junco.errors import GraphError
from junco.graph.draw import svg
from junco.graph.layout import layout
from junco.graph.levels import check
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph, Node
from junco.graph.pipe import PipeStart

SVG = "{http://www.w3.org/2000/svg}"
pipe = PipeStart(lambda graph: graph)


def f(*values):
    return values


OBJECTS = (
    pipe.input("path")
    .flat_map("path", "frame", f, name="keyframes")
    .flat_map("frame", "box", f, name="detect")
    .map(("frame", "box"), "vector", f, name="embed")
    .window_all("vector", "vectors", list, per="frame", name="group")
    .output("frame", "vectors")
)


def branched(seed: int, num_steps: int) -> Graph:
    """A random graph of ``num_steps`` maps and meetings."""
    rng = random.Random(seed)
    ends = [pipe.input("x")]
    for number in range(num_steps):
        if len(ends) > 1 and rng.random() < 0.3:
            one, other = rng.sample(range(len(ends)), 2)
            ends = [end for i, end in enumerate(ends) if i != other and i != one] + [ends[one].concat(ends[other])]
        else:
            at = rng.randrange(len(ends))
            longer = ends[at].map("x", f"c{number}", f)
            ends = [*ends, longer] if rng.random() < 0.4 else [*ends[:at], longer, *ends[at + 1 :]]
    last = ends[0].concat(*ends[1:]) if len(ends) > 1 else ends[0]
    return last.output("x")


def words(picture: str) -> list[str]:
    return [text for element in ET.fromstring(picture).iter() for text in [element.text or ""] if text.strip()]


def test_each_step_is_drawn_with_its_name_verb_operator_and_columns():
    seen = words(svg(OBJECTS))
    for word in ("keyframes", "flat_map", "detect", "embed", "group", "window_all", "frame, box", "→ vectors", "list"):
        assert word in seen


def test_the_legend_explains_each_level():
    seen = words(svg(OBJECTS))
    assert "level 0 · one row per input" in seen
    assert "level 1 · rows made by 'keyframes'" in seen
    assert "level 2 · rows made by 'detect'" in seen


def test_deeper_levels_are_bands_within_bands():
    bands = [e for e in ET.fromstring(svg(OBJECTS)).iter(f"{SVG}rect") if e.get("rx") == "12"]
    outer, inner = ((float(b.get("y")), float(b.get("y")) + float(b.get("height"))) for b in bands)
    assert outer[0] < inner[0] < inner[1] < outer[1]


@pytest.mark.parametrize("nasty", ["<&>\"'", "]]>", "\x00\x1b", "名前" * 40, "n" * 500, "a\nb", "\ud800"])
def test_any_name_makes_a_picture_that_parses_and_can_be_stored(nasty):
    graph = Graph((nasty,), (Node("map", nasty, (nasty,), (nasty + "2",), f),), (nasty + "2",), nasty)
    picture = svg(graph)
    assert ET.fromstring(picture.encode("utf-8")).tag == f"{SVG}svg"
    assert mermaid(graph).encode("utf-8").count(b"\n") == 6


def test_a_long_name_is_cut_and_whole_in_its_tooltip():
    long = "embedding-of-" * 10
    root = ET.fromstring(svg(Graph(("x",), (Node("map", long, ("x",), ("y",), f),), ("y",))))
    assert any((title.text or "") == long for title in root.iter(f"{SVG}title"))
    assert any((title.tail or "").endswith("…") for title in root.iter(f"{SVG}title"))


def test_a_pipeline_without_steps_is_drawn():
    assert {"input  x", "output  x"} <= set(words(svg(Graph(("x",), (), ("x",)))))


@pytest.mark.filterwarnings("ignore:step")
@pytest.mark.parametrize(("seed", "num_steps"), [(seed, 1 + 7 * seed) for seed in range(8)])
def test_no_two_cells_share_a_place_and_every_arrow_leads_one_layer_down(seed, num_steps):
    graph = branched(seed, num_steps)
    cells = layout(check(graph))
    assert [c.name for c in cells if c.kind == "step"] == [node.name for node in graph.nodes]
    for one, other in itertools.combinations(cells, 2):
        assert (one.track, one.layer) != (other.track, other.layer)
    assert all(start.layer == cell.layer - 1 for cell in cells for start in cell.before)
    assert all(cell.track >= 0 for cell in cells)
    ET.fromstring(svg(graph))


@pytest.mark.filterwarnings("ignore:step")
def test_everything_is_inside_the_picture():
    root = ET.fromstring(svg(branched(3, 50)))
    width, height = float(root.get("width")), float(root.get("height"))
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x")) >= 0
        assert float(box.get("x")) + float(box.get("width")) <= width
        assert float(box.get("y")) + float(box.get("height")) <= height


def test_a_chain_of_steps_is_one_track():
    assert {cell.track for cell in layout(check(OBJECTS))} == {0}


def test_a_branch_that_does_nothing_is_drawn_beside_the_one_that_does():
    start = pipe.input("x")
    graph = start.concat(start.map("x", "y", f, name="a").map("y", "z", f, name="b")).output("z")
    cells = layout(check(graph))
    beside = [cell for cell in cells if cell.kind == "pass"]
    assert [cell.layer for cell in beside] == [1, 2]
    assert {cell.track for cell in beside} == {1}


def test_mermaid_nests_levels_as_subgraphs():
    text = mermaid(OBJECTS)
    assert text.startswith("flowchart TD\n")
    assert text.count("subgraph ") == text.count("  end\n") == 3  # level 1; level 1 around level 2
    assert '-->|"frame, box"|' in text


def test_mermaid_escapes_what_it_would_read():
    text = mermaid(Graph(("x",), (Node("map", 'a"]<b>#', ("x",), ("y",), f),), ("y",)))
    assert "a#quot;]#lt;b#gt;#35;" in text


def test_a_graph_without_meaning_is_refused():
    with pytest.raises(GraphError, match="'nothing'"):
        svg(Graph(("x",), (Node("map", "a", ("nothing",), ("y",), f),), ("y",)))


# ---- pipelines within


def within() -> Graph:
    inmost = pipe.input("q").map("q", "w", f, name="inmost").output("w")
    start = pipe.input("x")
    one = start.map("x", "y", f, name="one")
    both = one.concat(start.map("x", "z", f, name="two").map("z", "v", inmost, name="deep"))
    inner = both.map(("y", "v"), "s", f, name="last").output("s")
    rows = pipe.input("t").flat_map("t", "w", f, name="split").window_all("w", "n", list, name="all").output("n")
    outer = pipe.input("a").flat_map("a", "b", f, name="rows").map("b", "c", inner, name="nest")
    return outer.map("c", "d", rows, name="splits").output("b", "d")


def test_a_pipeline_within_is_a_titled_frame_around_its_steps():
    root = ET.fromstring(svg(within()))
    frames = [element for element in root.iter(f"{SVG}rect") if element.get("class") == "pipeline"]
    assert len(frames) == 3
    seen = words(svg(within()))
    for word in ("nest", "deep", "splits", "one", "inmost", "split", "level 2 · rows made by 'splits/split'"):
        assert word in seen
    group = next(cell for cell in layout(check(within())) if cell.name == "inmost").groups
    assert [each.node.name for each in group] == ["nest", "deep"]


def test_steps_of_a_pipeline_within_lie_in_its_frame_and_no_others_do():
    cells = layout(check(within()))
    for group in {group for cell in cells for group in cell.groups}:
        tracks = range(group.track, group.track + group.num_tracks)
        layers = range(group.layer, group.layer + group.num_layers)
        for cell in cells:
            assert (cell.track in tracks and cell.layer in layers) == (group in cell.groups)
    assert len({(cell.track, cell.layer) for cell in cells}) == len(cells)
    assert all(start.layer == cell.layer - 1 for cell in cells for start in cell.before)


def test_mermaid_draws_pipelines_within_as_subgraphs_with_the_levels_in_them():
    text = mermaid(within())
    assert 'subgraph group0["nest · map · pipeline without a name"]' in text
    assert text.count("subgraph ") == text.count("  end\n")
    at = text.index('subgraph group2["splits')
    assert text[at:].splitlines()[1].strip().startswith('subgraph level2["level 2 · rows made by')


def test_pipelines_without_steps_and_a_hundred_deep_are_drawn():
    graph = pipe.input("x").output("x")
    for _ in range(100):
        graph = Graph(("x",), (Node("map", "n", ("x",), ("x",), graph),), ("x",))
    ET.fromstring(svg(graph))
    assert mermaid(graph).startswith("flowchart")
