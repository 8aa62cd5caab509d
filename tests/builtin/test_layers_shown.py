"""Layers of ONNX files through operators, and networks as commands print and draw them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner

from junco.builtin.image_embedding.onnx import OnnxEmbedding
from junco.cli.main import app
from junco.errors import ParameterError
from junco.neural.layer import Layer
from junco.neural.layer_tree import readable, tree_of, without_idle
from junco.operator import registry


@pytest.fixture
def file(tmp_path, monkeypatch, small):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    net = small(["n", 3, 64, 64])
    for node in net.graph.node:
        node.name = f"/body/{node.op_type}"
    onnx.save(net, tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_layer_of_a_file_gives_what_the_whole_file_has_there(file, photo, runtime):
    operator = OnnxEmbedding(str(file), layer="/body/Relu", pool="max", runtime=runtime, dtype="float32", exact=True)
    net = onnx.load(file)
    net.graph.output.append(onnx.ValueInfoProto(name="relu"))
    session = onnxruntime.InferenceSession(net.SerializeToString(), providers=["CPUExecutionProvider"])
    pixels = operator.preparation().exact(photo)[None]
    [relu] = session.run(["relu"], {"pixels": pixels})
    np.testing.assert_allclose(operator(photo), relu.max(axis=(2, 3))[0], rtol=1e-4, atol=1e-5)
    assert operator.space().id != OnnxEmbedding(str(file)).space().id


def test_a_layer_that_no_node_has_is_told_with_those_near_it(file):
    with pytest.raises(ParameterError, match=r"no such layer.*'/body/Relu'"):
        OnnxEmbedding(str(file), layer="/body/Rel").ensure_open()


def test_layers_of_a_text_file_leave_out_the_nodes_that_were_put_into_it(small_text, minilm_folder, tmp_path):
    (tmp_path / "tokenizer.json").write_bytes((minilm_folder / "tokenizer.json").read_bytes())
    table = small_text(tmp_path)
    operator = registry.load("text-embedding.onnx")(
        tmp_path, pooling="mean", layer="tokens", pool="max", normalize=False
    )
    assert operator.layers() == ("tokens",)
    assert operator.layers()[0].shape == (None, table.shape[1])
    assert len(operator("a cat")) == table.shape[1]


def alike(name, *inner, size=4):
    yield Layer(name, "Block", (8, 8), size * len(inner))
    for each in inner:
        yield Layer(f"{name}.{each}", "Linear", (8, 8), size)


def test_blocks_that_repeat_are_one_branch():
    layers = [layer for number in range(12) for layer in alike(f"blocks.{number}", "norm", "mlp")]
    [blocks] = tree_of([*layers])
    assert blocks.layer is None or blocks.times == 12
    [branch] = [blocks] if blocks.times > 1 else blocks.children
    assert (branch.title, branch.times, len(branch.children)) == ("blocks.0 … blocks.11", 12, 2)


def test_blocks_of_other_sizes_are_not_alike():
    layers = [*alike("b.0", "mlp"), *alike("b.1", "mlp"), *alike("b.2", "mlp", size=5)]
    [parent] = tree_of(layers)
    assert [(each.name, each.times) for each in parent.children] == [("b.0", 2), ("b.2", 1)]


def test_what_does_nothing_is_not_drawn_and_depth_keeps_a_picture_readable():
    tree = tree_of([*alike("a", "x", "y"), Layer("drop", "Dropout", (8,), 0)])
    assert [each.name for each in without_idle(tree)] == ["a"]
    assert [each.children for each in readable(tree, 2)] == [(), ()]


def stage(number, *merging, num_blocks):
    yield Layer(f"stages.{number}", "Sequential", (8, 8), 4)
    for kind in merging:
        yield Layer(f"stages.{number}.merge", kind, (8, 8), 4)
    yield Layer(f"stages.{number}.blocks", "Sequential", (8, 8), 4)
    for place in range(num_blocks):
        yield from alike(f"stages.{number}.blocks.{place}", "norm", "mlp")


@pytest.mark.parametrize("idle", [(), ("Identity",)], ids=["nothing", "what does nothing"])
def test_the_first_stage_stands_on_the_floor_of_the_others(idle):
    layers = [*stage(0, *idle, num_blocks=2), *stage(1, "PatchMerging", num_blocks=2)]
    [stages] = without_idle(tree_of(layers))
    assert [each.name for each in stages.children] == ["stages.0", "stages.1"]
    first, second = ([(each.name, each.times) for each in stage.children] for stage in stages.children)
    assert first == [("stages.0.blocks.0", 2)]
    assert second == [("stages.1.merge", 1), ("stages.1.blocks.0", 2)]


def test_stages_that_hold_nothing_but_blocks_are_opened_together():
    [stages] = without_idle(tree_of([*stage(0, num_blocks=2), *stage(1, num_blocks=3)]))
    assert [each.title for each in stages.children] == [
        "stages.0.blocks.0 … stages.0.blocks.1",
        "stages.1.blocks.0 … stages.1.blocks.2",
    ]


def test_what_wraps_a_part_and_works_itself_is_drawn():
    layers = [
        Layer("block", "Block", (8, 8), 8),
        Layer("block.attention", "WindowAttention", (8, 8), 4),
        Layer("block.attention.attention", "Attention", (4, 8), 4),
        Layer("block.attention.attention.qkv", "Linear", (4, 24), 4),
        Layer("block.mlp", "MLP", (8, 8), 4),
    ]
    [block] = without_idle(tree_of(layers))
    assert [each.kind for each in block.children] == ["WindowAttention", "MLP"]


def run(*words):
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_show_prints_a_tree_of_80_columns(file):
    shown = run("show", "image-embedding.onnx", "--layers", "-p", f"model={file}")
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "Conv                 16×16×16" in shown.stdout
    assert "parameters, 3.07 kB in float32" in shown.stdout


def test_show_gives_programs_every_layer(file):
    shown = json.loads(run("show", "image-embedding.onnx", "--layers", "--json", "-p", f"model={file}").stdout)
    conv = next(each for each in shown if each["name"] == "/body/Conv")
    assert conv["shape"] == [16, 16, 16]
    assert conv["pools"] == ["mean", "max", "gem", "none"]


def test_an_operator_is_drawn_as_its_network(file, tmp_path):
    drawn = run("draw", "image-embedding.onnx", "-p", f"model={file}", "-o", str(tmp_path / "net.svg"))
    assert drawn.exit_code == 0, drawn.output
    picture = ET.parse(tmp_path / "net.svg")
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "/body/Conv" in texts
    assert "16×16×16" in texts
    assert OnnxEmbedding(str(file)).draw() == (tmp_path / "net.svg").read_text()


def test_a_pipeline_shows_the_layers_of_its_network():
    shown = run("show", "image-embedding-efficientnet-lite0", "--layers", "--depth", "0")
    assert shown.exit_code == 0, shown.output
    assert "layers of image-embedding.efficientnet-lite" in shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:4]] == ["stem", "stages", "top"]


def test_the_layers_of_a_pipeline_are_those_of_its_parameters():
    name = "image-embedding-efficientnet-lite0"
    shown = json.loads(run("show", name, "--layers", "--json", "-p", "normalize=true").stdout)
    assert "stages.6" in [each["name"] for each in shown]
    refused = run("show", name, "--layers", "-p", "normalise=true")
    assert refused.exit_code == 2
    assert "has no parameter 'normalise'" in refused.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text-chunk", "no pipeline or operator named 'text-chunk'"),
        ("image-embeding", "Did you mean 'image-embedding'"),
        ("./plain.yaml", "no step of './plain.yaml' holds a network whose layers could be shown"),
        (
            "./two.yaml",
            "junco show image-embedding.efficientnet-lite --layers, junco show text-embedding.minilm --layers",
        ),
    ],
)
def test_where_no_one_network_is_meant_that_is_said(name, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    decode = "{map: image-decode.pil, in: path, out: image}"
    embed = "{map: image-embedding.efficientnet-lite, in: image, out: vector}"
    texts = "{map: text-embedding.minilm, in: path, out: other}"
    for file, steps, out in (("plain", [decode], "image"), ("two", [decode, embed, texts], "vector")):
        text = f"junco: 1\ninputs: [path]\nsteps: [{', '.join(steps)}]\noutputs: [{out}]\n"
        (tmp_path / f"{file}.yaml").write_text(text)
    refused = run("show", name, "--layers")
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_only_reasons_of_layers_that_stand_in_the_tree_stand_beneath():
    swin = "image-embedding.junco", "-p", "model=swin_tiny_patch4_window7_224", "-p", "pretrained=false"
    shown = run("show", *swin, "--layers", "--depth", "0").stdout
    assert "gives the same for all inputs" not in shown
    assert "not those that are marked" not in shown
    assert ") gives the same for all inputs" in run("show", *swin, "--layers", "--depth", "9").stdout
