"""The layers of an ONNX file are its nodes' numbers; a file that is cut there gives them, pooled, and ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from junco.errors import ParameterError
from junco.neural.listing import Chosen
from junco.neural.onnx_cut import cut, cut_onnx
from junco.neural.onnx_layers import onnx_listing
from junco.runtime.source import Input, Source

PICTURES = [Input("pixels", "float32", (None, 3, 16, 16))]
TOKENS = [Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))]
RNG = np.random.default_rng(0)


def weights(name, *shape):
    return numpy_helper.from_array(RNG.normal(size=shape).astype(np.float32), name)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs, output, initializer):
    graph = helper.make_graph(nodes, "net", inputs, [output], initializer)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def convolutional(rows="n"):
    """A stem, a block of two branches, and a tail; one node has no name."""
    nodes = [
        helper.make_node("Conv", ["pixels", "w1", "b1"], ["c1"], "/stem/Conv", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "/block/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c2", "r1"], ["sum"], "/block/Add"),
        helper.make_node("Shape", ["sum"], ["shape"], "/tail/Shape"),
        helper.make_node("Transpose", ["sum"], ["moved"], "/tail/Transpose", perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["moved", "w3"], ["wide"], "/tail/MatMul"),
        helper.make_node("ReduceMean", ["wide"], ["vector"], "/tail/Mean", axes=[1, 2], keepdims=0),
        helper.make_node("ArgMax", ["vector"], ["best"], "/tail/ArgMax", axis=1),
    ]
    kept = [weights("w1", 8, 3, 3, 3), weights("b1", 8), weights("w2", 8, 8, 3, 3), weights("w3", 8, 12)]
    return model(nodes, [value("pixels", [rows, 3, 16, 16])], value("vector", [rows, 12]), kept)


def of_tokens():
    """Vectors of tokens, of which a mask says how many there are."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["tokens"], "/embeddings/Gather"),
        helper.make_node("MatMul", ["tokens", "w"], ["wide"], "/layer.0/MatMul"),
        helper.make_node("Identity", ["mask"], ["same"], "/mask"),
        helper.make_node("ReduceMean", ["wide"], ["vector"], "/pool", axes=[1], keepdims=0),
    ]
    inputs = [value(name, ["n", "length"], TensorProto.INT64) for name in ("ids", "mask")]
    return model(nodes, inputs, value("vector", ["n", 5]), [weights("table", 20, 6), weights("w", 6, 5)])


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))

    def save(net, **how) -> Path:
        onnx.save(net, tmp_path / "net.onnx", **how)
        return tmp_path / "net.onnx"

    return save


def layers_of(path, inputs):
    """The layers of a file by their names."""
    if inputs[0].name == "ids":
        golden = (np.array([[2, 5, 7], [2, 9, 4]]), np.ones((2, 3), np.int64))
    else:
        golden = (np.zeros((2, 3, 16, 16), np.float32),)
    source = Source("mine", onnx=path, inputs=tuple(inputs), golden=golden)
    return {str(each): each for each in onnx_listing(source).layers}


def run(net, *arrays, also=()):
    """What ONNX Runtime gives for a model, and for other numbers within it."""
    for name in also:
        net.graph.output.append(onnx.ValueInfoProto(name=name))
    session = onnxruntime.InferenceSession(net.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([each.name for each in session.get_inputs()], arrays, strict=True)))


def test_layers_are_the_nodes_whose_numbers_depend_on_what_goes_in(saved):
    layers = list(layers_of(saved(convolutional()), PICTURES).values())
    tail = [f"/tail/{kind}" for kind in ("Transpose", "MatMul", "Mean", "ArgMax")]
    assert layers == ["/stem/Conv", "r1", "/block/Conv", "/block/Add", *tail]
    assert [each.shape for each in layers][:6] == [(8, 8, 8)] * 5 + [(8, 8, 12)]
    assert [each.num_parameters for each in layers] == [8 * 27 + 8, 0, 576, 0, 0, 96, 0, 0]
    assert layers[0].kind == "Conv"
    assert [each.why_not for each in layers[:7]] == [""] * 7
    assert layers[7].why_not == "gives int64, and vectors are of floating point"


def test_a_name_that_two_nodes_have_is_neithers(saved):
    net = convolutional()
    net.graph.node[3].name = net.graph.node[2].name
    assert list(layers_of(saved(net), PICTURES))[2:4] == ["c2", "sum"]


def test_nodes_that_hand_on_what_they_are_given_are_no_layers(saved):
    net = convolutional()
    nodes = [helper.make_node(kind, ["r1"], [kind], kind.lower()) for kind in ("Identity", "Dropout", "Neg")]
    net.graph.node.extend(nodes)
    path = saved(net)
    assert list(layers_of(path, PICTURES))[-1] == "neg"
    assert not {"identity", "dropout"} & layers_of(path, PICTURES).keys()
    listing = onnx_listing(Source("mine", onnx=path, inputs=tuple(PICTURES), golden=(np.zeros((2, 3, 16, 16), "f4"),)))
    with pytest.raises(ParameterError, match="layer='dropout' hands on what it is given, unchanged: take 'r1'"):
        listing.chosen("dropout", None, "mine")


def test_numbers_in_the_graph_may_be_called_as_those_that_are_put_into_it(saved):
    net = convolutional()
    for node in net.graph.node:
        for names in (node.input, node.output):
            names[:] = [
                "junco_layer_0" if name == "c1" else "junco_constant_0" if name == "w2" else name for name in names
            ]
    net.graph.initializer[2].name = "junco_constant_0"
    listing = onnx_listing(
        Source("mine", onnx=saved(net), inputs=tuple(PICTURES), golden=(np.zeros((2, 3, 16, 16), "f4"),))
    )
    chosen = listing.chosen(("/stem/Conv", "/block/Add"), "gem", "mine")
    pixels = RNG.normal(size=(2, 3, 16, 16)).astype(np.float32)
    whole = run(net, pixels, also=["junco_layer_0", "sum"])[1:]
    cut_off = cut(onnx.load(saved(net)), chosen)
    expected = [np.maximum(each, 1e-6).astype(np.float64) ** 3 for each in whole]
    [found] = run(cut_off, pixels)
    np.testing.assert_allclose(
        found, np.concatenate([np.cbrt(each.mean((2, 3))) for each in expected], axis=1), rtol=1e-4
    )


def test_what_differs_between_inputs_is_left_open(saved):
    layers = layers_of(saved(of_tokens()), TOKENS).values()
    assert [each.shape_text for each in layers] == ["?×6", "?×5", "?", "5"]


def test_layers_are_read_without_weights_that_lie_elsewhere(saved, tmp_path):
    path = saved(convolutional(), save_as_external_data=True, location="weights", size_threshold=1500)
    before = [(each, each.shape, each.num_parameters) for each in layers_of(path, PICTURES).values()]
    (tmp_path / "weights").write_bytes(b"")
    assert [(each, each.shape, each.num_parameters) for each in layers_of(path, PICTURES).values()] == before


def test_parts_of_an_input_on_the_first_axis_are_no_vectors_of_it(saved):
    nodes = [
        helper.make_node("Reshape", ["pixels", "to"], ["parts"], "parts"),
        helper.make_node("Reshape", ["parts", "back"], ["all"], "all"),
        helper.make_node("ReduceMean", ["all"], ["one"], "one", keepdims=1),
    ]
    sizes = [
        numpy_helper.from_array(np.array(at, np.int64), name) for name, at in (("to", [-1, 64]), ("back", [-1, 768]))
    ]
    path = saved(model(nodes, [value("pixels", ["n", 3, 16, 16])], value("one", [1, 1]), sizes))
    reasons = [each.why_not for each in layers_of(path, PICTURES).values()]
    assert reasons == [
        "gives 12 rows for one input, as parts that look at pieces of it do",
        "",
        "gives numbers of which nothing tells that their first axis counts the inputs",
    ]


def test_a_broken_file_is_told(saved):
    path = saved(convolutional())
    path.write_bytes(path.read_bytes()[:99])
    with pytest.raises(ParameterError, match="no ONNX file that can be read"):
        layers_of(path, PICTURES)


def pooled(numbers, pool, axis):
    columns = np.moveaxis(numbers, axis, -1).reshape(len(numbers), -1, numbers.shape[axis])
    ways = {
        "mean": lambda: columns.mean(axis=1),
        "max": lambda: columns.max(axis=1),
        "gem": lambda: (np.maximum(columns, 1e-6) ** 3).mean(axis=1) ** (1 / 3),
        "none": lambda: numbers.reshape(len(numbers), -1),
    }
    return ways[pool]()


@pytest.mark.parametrize("pool", ["mean", "max", "gem", "none"])
@pytest.mark.parametrize("rows", ["n", 1])
def test_a_cut_file_gives_what_the_whole_one_has_there(saved, pool, rows):
    net = convolutional(rows)
    inputs = [Input("pixels", "float32", (None if rows == "n" else 1, 3, 16, 16))]
    layers = layers_of(saved(net), inputs)
    pixels = RNG.normal(size=(3 if rows == "n" else 1, 3, 16, 16)).astype(np.float32)
    _, *whole = run(convolutional_of(net), pixels, also=["r1", "wide"])
    [found] = run(cut(convolutional_of(net), Chosen((layers["r1"], layers["/tail/MatMul"]), pool)), pixels)
    expected = [pooled(numbers, pool, axis) for numbers, axis in zip(whole, (1, 3), strict=True)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-5, atol=1e-6)


def convolutional_of(net):
    return onnx.ModelProto.FromString(net.SerializeToString())


def test_nothing_behind_the_layer_is_left(saved):
    layers = layers_of(saved(convolutional()), PICTURES)
    left = cut(convolutional(), Chosen((layers["/stem/Conv"],))).graph
    assert [node.name for node in left.node if not node.name.startswith("junco/")] == ["/stem/Conv"]
    assert {each.name for each in left.initializer if not each.name.startswith("junco_")} == {"w1", "b1"}


@pytest.mark.parametrize("pool", ["mean", "max", "gem", "cls"])
def test_tokens_that_are_not_there_do_not_count(saved, pool):
    net = of_tokens()
    layers = layers_of(saved(net), TOKENS)
    ids, mask = RNG.integers(0, 20, size=(2, 7)), np.ones((2, 7), np.int64)
    mask[1, 4:] = 0
    _, tokens = run(convolutional_of(net), ids, mask, also=["tokens"])
    [found] = run(cut(convolutional_of(net), Chosen((layers["/embeddings/Gather"],), pool, 1)), ids, mask)
    for row, count in ((0, 7), (1, 4)):
        there = tokens[row : row + 1, :count]
        expected = there[:, 0] if pool == "cls" else pooled(there, pool, 2)
        np.testing.assert_allclose(found[row], expected[0], rtol=1e-5, atol=1e-6)


def test_a_cut_file_is_made_once_and_kept(saved):
    path = saved(convolutional())
    source = Source("mine", onnx=path, inputs=tuple(PICTURES), recipe="as it is")
    layers = layers_of(path, PICTURES)
    first, again, other = (cut_onnx(source, Chosen((layers[name],))) for name in ("/stem/Conv", "/stem/Conv", "r1"))
    assert first.onnx == again.onnx != other.onnx
    assert first.weights_sha256 == source.weights_sha256
    pixels = np.ones((2, 3, 16, 16), np.float32)
    [found] = run(onnx.load(first.onnx), pixels)
    assert found.shape == (2, 8)
