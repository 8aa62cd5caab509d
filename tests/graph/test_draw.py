from __future__ import annotations

import itertools
import random
import subprocess
import sys
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from junco.catalog.find import find
from junco.catalog.listing import pipeline_names
from junco.errors import GraphError, InputError, MissingExtraError, TargetError, UnavailableError
from junco.graph.draw import svg
from junco.graph.drawing import drawing, png_of
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


def test_a_step_says_with_which_parameters_and_what_it_makes_of_which_type():
    seen = words(svg(find("video-object-embedding-ssd")))
    for word in ("→ box: Box", "→ vector: vector[dim; float32]", "model=lite0"):
        assert word in seen
    assert any(word.startswith("threshold=0.") for word in seen), "the default, and no ${threshold}"
    assert not any("${" in word for word in seen)


def test_what_is_drawn_imports_no_operator():
    code = (
        "from junco import pipeline; pipeline('image-embedding').graph._repr_html_(); import sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "junco.builtin.image_embedding.efficientnet_lite" not in done.stdout.split()


def test_a_name_that_is_a_little_too_long_is_written_smaller_and_not_cut():
    long = "a-name-of-some-more-than-thirty-letters"
    root = ET.fromstring(svg(Graph(("x",), (Node("map", long, ("x",), ("y",), f),), ("y",))))
    (text,) = (e for e in root.iter(f"{SVG}text") if e.text == long)
    assert 8 < float(text.get("font-size")) < 13


@pytest.mark.parametrize("name", pipeline_names())
def test_no_name_of_a_shipped_pipeline_is_cut(name):
    root = ET.fromstring(svg(find(name)))
    cut = [text for e in root.iter(f"{SVG}text") for text in e.itertext() if text.endswith("…") and "=" not in text]
    assert cut == []


def test_boxes_are_dark_where_the_readers_screen_is():
    picture = svg(OBJECTS)
    assert "prefers-color-scheme: dark" in picture
    assert picture.count('class="junco-box"') == 6


def test_a_drawing_is_written_as_its_ending_says(tmp_path):
    drawing(OBJECTS, "svg").save(tmp_path / "a.svg")
    drawing(OBJECTS, "mermaid").save(tmp_path / "a.mmd")
    assert (tmp_path / "a.svg").read_text("utf-8") == svg(OBJECTS)
    assert (tmp_path / "a.mmd").read_text("utf-8") == mermaid(OBJECTS)
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        drawing(OBJECTS, "svg").save(tmp_path / "a.mmd")
    with pytest.raises(TargetError, match="cannot be written"):
        drawing(OBJECTS, "svg").save(tmp_path / "nowhere" / "a.svg")


def test_a_png_without_its_converter_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"junco\[draw\]"):
        drawing(OBJECTS, "svg").save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_a_png_shows_the_picture_and_its_words(tmp_path):
    pytest.importorskip("resvg_py")
    drawing(OBJECTS, "svg").save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as seen:
        assert seen.size == tuple(2 * int(ET.fromstring(svg(OBJECTS)).get(side)) for side in ("width", "height"))
        assert len(set(seen.convert("L").tobytes())) > 100


def test_a_png_on_a_machine_without_fonts_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", SimpleNamespace(svg_to_bytes=lambda **_: b"blank"))
    with pytest.raises(UnavailableError, match="font"):
        png_of(svg(OBJECTS))


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
