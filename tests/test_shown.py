"""What a person sees who types a name and presses Enter: a line for each thing, a view in a notebook."""

from __future__ import annotations

import pickle

import pytest

import junco
from junco import ops, pipe, pipeline
from junco.errors import InputError, UnknownNameError
from junco.operator.function import op
from junco.types import Space

MOST = 200


@op("shown-test.letters")
def letters(text: str) -> int:
    """How many letters."""
    return len(text)


@pytest.fixture(scope="module")
def counted():
    with pipe.input("text").map("text", "count", ops["shown-test.letters"](), name="count").output("count") as made:
        made.batch(["a", "bcd"])
        yield made


def test_a_pipeline_and_what_is_asked_of_it_are_a_line_each(counted, tmp_path):
    counted.run(["a", "bcd"], tmp_path / "counts.parquet", progress=False)
    shown = [
        (counted, "<pipeline: text → count>"),
        (counted.graph, "<graph: text → count, 1 step>"),
        (counted.plan, "<plan of a pipeline: text → count, 1 step>"),
        (counted.graph.node("count"), "<step count: map shown-test.letters, text → count>"),
        (counted.inspect("abc"), "<inspection of a pipeline: 1 step, 1 row>"),
        (ops["shown-test.letters"](), "<operator spec shown-test.letters()>"),
        (ops.shown_test.letters, "<operator shown-test.letters: call it with its parameters>"),
        (ops.shown_test, "<operator family shown-test: letters>"),
        (pipe.input("text").map("text", "n", len), "<pipe of text, so far to map len; .output(…) ends it>"),
    ]
    assert [repr(thing) for thing, _ in shown] == [line for _, line in shown]


def test_what_has_been_done_is_a_line_too(counted, tmp_path):
    report = counted.run(["a", "bcd"], tmp_path / "counts.parquet", progress=False)
    assert repr(report).startswith(f"<report of {tmp_path / 'counts.parquet'}: 2 inputs in ")
    assert repr(counted.stats()).startswith("<stats: ")
    assert repr(counted.stats().stages[0]).startswith("<stage count: ")
    assert repr(counted.lock()).startswith("<lock of 1 step: junco ")
    assert all(len(repr(each)) < MOST for each in (report, counted.stats(), counted.lock(), counted.lock().steps[0]))


def test_a_space_and_a_spec_with_a_large_parameter_stay_short():
    space = Space({"architecture": "net", "dim": 3, "weights": "sha256 " + 64 * "0"}, "Net")
    assert repr(space) == f"<space {space.id} (Net, 3 numbers)>"
    assert len(repr(ops.image_embedding.timm("m" * 10_000))) < MOST


def test_every_shipped_pipeline_is_a_line():
    assert all(
        len(repr(pipeline(name))) < MOST and len(repr(pipeline(name).graph)) < MOST for name in junco.pipelines()
    )


@pytest.mark.parametrize("name", ["text-embedding", "video-object-embedding"])
def test_a_notebook_shows_a_pipeline_with_its_picture_and_parameters(name):
    shown = pipeline(name)._repr_html_()
    assert "<svg" in shown
    assert "licence Apache-2.0" in shown
    assert ("by default" in shown) == bool(pipeline(name).graph.params)


def test_a_notebook_shows_plans_stats_and_reports_as_tables(counted, tmp_path):
    report = counted.run(["a", "<script>"], tmp_path / "counts.parquet", progress=False)
    for thing in (counted.plan, counted.stats(), report):
        assert "<table>" in thing._repr_html_()
        assert "count" in thing._repr_html_()
        assert "<script" not in thing._repr_html_()


def test_a_drawing_is_a_text_that_a_notebook_shows(counted):
    svg, mermaid = counted.draw(), counted.draw("mermaid")
    assert svg.startswith("<svg")
    assert svg._repr_mimebundle_()["image/svg+xml"] == svg
    assert mermaid._repr_mimebundle_()["text/vnd.mermaid"] == mermaid
    assert len(repr(svg)) < MOST
    assert (pickle.loads(pickle.dumps(svg)), type(str(svg))) == (svg, str)
    with pytest.raises(InputError, match=r"'svg' or 'mermaid'"):
        counted.draw("dot")


def test_pipelines_are_listed_by_a_pattern_or_a_family():
    everything, images = junco.pipelines(), junco.pipelines("image-embedding*")
    assert "image-embedding-resnet50" in images
    assert set(images) < set(everything)
    assert images == sorted(name for name in everything if name.startswith("image-embedding"))
    assert "multilingual-text-embedding" in junco.pipelines("text-embedding")
    assert junco.pipelines("nothing*") == []
    with pytest.raises(UnknownNameError, match="Did you mean 'text-embedding'"):
        junco.pipelines("text-embeding")


def test_operators_are_listed_counted_and_completed():
    assert len(ops) == len(list(ops))
    assert "image-embedding.timm" in ops
    assert "image-embedding.tim" not in ops
    assert list(ops.image_embedding) == [name for name in ops if name.startswith("image-embedding.")]
    assert {"timm", "onnx", "efficientnet_lite"} <= set(dir(ops.image_embedding))
    assert ops._ipython_key_completions_() == list(ops)


@pytest.mark.parametrize(
    ("short", "meant"),
    [
        ("resnet50", "image-embedding-resnet50"),
        ("ResNet-50", "image-embedding-resnet50"),
        ("minilm", "text-embedding-"),
    ],
)
def test_a_short_name_suggests_the_whole_one(short, meant):
    with pytest.raises(UnknownNameError, match=f"Did you mean '{meant}"):
        pipeline(short)
