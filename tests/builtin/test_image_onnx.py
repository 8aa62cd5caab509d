"""A model in an ONNX file gives the vectors of the model that it was exported from, or says why it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from junco.builtin.image_embedding.efficientnet_lite import EfficientNetLite
from junco.builtin.image_embedding.onnx import OnnxEmbedding
from junco.errors import FidelityWarning, JuncoError, ParameterError, UnavailableError
from junco.runtime.certificate import cosines
from junco.runtime.quiet import quietly

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3


class Features(torch.nn.Module):
    """Scaled levels (n, 3, 224, 224) → the mean over space of EfficientNet-Lite0's features."""

    def __init__(self) -> None:
        super().__init__()
        self.network = EfficientNetLite().source().build().network

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.network(levels)
        return features


@pytest.fixture(scope="session")
def lite0(tmp_path_factory) -> Path:
    """EfficientNet-Lite0, exported by torch, its weights in a second file."""
    path = tmp_path_factory.mktemp("lite0") / "lite0.onnx"
    with quietly(), torch.no_grad():
        torch.onnx.export(
            Features().eval(),
            (torch.zeros(2, 3, 224, 224),),
            path,
            dynamo=True,
            input_names=["levels"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            external_data=True,
            verbose=False,
        )
    return path


@pytest.fixture
def saved(tmp_path):
    def save(model: onnx.ModelProto, name: str = "small.onnx") -> str:
        onnx.save(model, tmp_path / name)
        return str(tmp_path / name)

    return save


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A JUNCO_HOME of the test's own."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_an_exported_model_gives_the_vectors_of_its_torch_module(lite0, loaded, photos, runtime):
    operator = OnnxEmbedding(str(lite0), mean=MEAN, std=STD, runtime=runtime, dtype="float32", exact=True)
    torch_operator = loaded("image-embedding.efficientnet-lite", runtime="torch", dtype="float32", exact=True)
    operator.ensure_open()
    for vector, expected in zip(operator.batch(photos), torch_operator.batch(photos), strict=True):
        np.testing.assert_allclose(vector, expected, atol=1e-4)
    operator.ensure_closed()


def test_wrong_levels_would_be_seen(lite0, loaded, photo):
    expected = loaded("image-embedding.efficientnet-lite", runtime="torch", dtype="float32", exact=True)(photo)
    found = OnnxEmbedding(str(lite0), runtime="onnxruntime")(photo)  # ImageNet's mean and std
    assert cosines(found[None], expected[None])[0] < 0.999


def test_int8_says_how_far_its_vectors_are(lite0, loaded, photos):
    with pytest.warns(FidelityWarning, match=r"'image-embedding\.onnx': int8 vectors agree .* worst cosine of 0\.9"):
        (operator := OnnxEmbedding(str(lite0), mean=MEAN, std=STD, dtype="int8")).ensure_open()
    expected = loaded("image-embedding.efficientnet-lite", runtime="torch", dtype="float32", exact=True).batch(photos)
    assert 0.9 < cosines(np.stack(operator.batch(photos)), np.stack(expected)).min() < 0.9999


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (["n", 3, 64, 64], TensorProto.FLOAT),
        ([1, 3, 64, 64], TensorProto.FLOAT),
        (["n", 3, "h", "w"], TensorProto.FLOAT),
        (["n", 64, 64, 3], TensorProto.FLOAT),
        ([1, 64, 64, 3], TensorProto.UINT8),
    ],
)
def test_each_layout_gives_the_same_vector_of_the_same_picture(saved, photos, shape, kind, small):
    scaled = {"mean": (0, 0, 0), "std": (1 / 255,) * 3} if kind == TensorProto.FLOAT else {}
    operator = OnnxEmbedding(saved(small(shape, kind)), 64, dtype="float32", **scaled)
    reference = OnnxEmbedding(saved(small(["n", 64, 64, 3], TensorProto.UINT8), "r.onnx"), runtime="onnxruntime")
    operator.ensure_open()
    reference.ensure_open()
    for one, other in zip(operator.batch(photos), reference.batch(photos), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_the_space_is_that_of_the_bytes_and_the_preprocessing(saved, tmp_path, small):
    path = saved(small(["n", 3, 64, 64]))
    space = OnnxEmbedding(path).space()
    shutil.copy(path, tmp_path / "copy.onnx")
    assert OnnxEmbedding(str(tmp_path / "copy.onnx"), size=64, runtime="onnxruntime").space().id == space.id
    for changes in ({"resize": 64}, {"mean": (0, 0, 0)}, {"interpolation": "box"}, {"normalize": True}):
        assert OnnxEmbedding(path, **changes).space().id != space.id
    other = small(["n", 3, 64, 64])
    other.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.zeros((16, 3, 4, 4), np.float32), "weight"))
    assert OnnxEmbedding(saved(other)).space().id != space.id


def test_weights_in_a_second_file_are_part_of_the_space(lite0, tmp_path):
    copy = shutil.copytree(lite0.parent, tmp_path / "copy") / lite0.name
    space = OnnxEmbedding(str(copy)).space()
    assert space.id == OnnxEmbedding(str(lite0)).space().id
    (weights,) = (file for file in copy.parent.iterdir() if file != copy)
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(content)
    assert OnnxEmbedding(str(copy)).space().id != space.id
    weights.unlink()
    with pytest.raises(UnavailableError, match=r"has weights in .* which does not lie beside it"):
        OnnxEmbedding(str(copy)).ensure_open()


@pytest.mark.parametrize("location", ["/etc/passwd", "../weights.bin", "deep/../../weights.bin", "..\\weights.bin"])
def test_weights_outside_the_files_folder_are_refused(saved, location, small):
    model = small(["n", 3, 64, 64])
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location, offset=0, length=len(tensor.raw_data))
    tensor.ClearField("raw_data")
    with pytest.raises(ParameterError, match="outside its own folder"):
        OnnxEmbedding(saved(model)).space()


def test_a_file_that_is_missing_empty_or_broken_is_refused_by_its_name(tmp_path):
    with pytest.raises(UnavailableError, match=r"there is no file '.*gone\.onnx'"):
        OnnxEmbedding(str(tmp_path / "gone.onnx")).space()
    for content in (b"", b"\xff" * 100, b"<html>not found</html>"):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(ParameterError, match=r"bad\.onnx"):
            OnnxEmbedding(str(tmp_path / "bad.onnx")).ensure_open()


def test_a_truncated_file_is_refused_by_its_name(saved, small):
    path = Path(saved(small(["n", 3, 64, 64])))
    content = path.read_bytes()
    for keep in (len(content) // 2, len(content) - 20):
        path.write_bytes(content[:keep])
        with pytest.raises(ParameterError, match=r"small\.onnx"):
            OnnxEmbedding(str(path)).ensure_open()


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (["n", 3, 64], TensorProto.FLOAT),
        (["n", 4, 64, 64], TensorProto.FLOAT),
        (["n", 3, 64, 48], TensorProto.FLOAT),
        ([8, 3, 64, 64], TensorProto.FLOAT),
        (["n", "c", "h", "w"], TensorProto.FLOAT),
        (["n", 3, 64, 64], TensorProto.INT64),
    ],
)
def test_a_model_of_something_else_is_refused_with_what_it_takes(saved, shape, kind, small):
    model = small(["n", 3, 64, 64])
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("pixels", kind, shape))
    with pytest.raises(ParameterError, match=r"must take pictures, .* its inputs: pixels (float32|int64)\("):
        OnnxEmbedding(saved(model)).space()


def test_a_model_that_gives_something_else_is_refused_with_what_it_gives(saved, small):
    model = small(["n", 3, 64, 64])
    del model.graph.node[-1]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["n", 16, 1, 1]))
    with pytest.raises(ParameterError, match=r"must give one output of vectors.* its outputs: pooled float32\(\?, 16"):
        OnnxEmbedding(saved(model)).space()


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"size": 32}, "size=32, but .* takes 64 pixels"),
        ({"resize": 32}, "resize=32 is less than the 64 pixels that are taken"),
        ({"size": 0}, "size=0 must be a positive whole number"),
        ({"interpolation": "cubic"}, "interpolation='cubic' is none of 'bicubic'"),
        ({"mean": 0.5}, "mean=0.5 must be three numbers"),
        ({"std": (1, 0, 1)}, r"std=\(1, 0, 1\) must be three numbers above 0"),
        ({"runtime": "torch"}, "runtime='torch' cannot run an ONNX file"),
        ({"least_cosine": 2}, "least_cosine=2 is no cosine"),
    ],
)
def test_parameters_that_cannot_be_are_refused(saved, params, says, small):
    with pytest.raises(JuncoError, match=says):
        OnnxEmbedding(saved(small(["n", 3, 64, 64])), **params).ensure_open()


def test_levels_for_a_file_that_scales_them_itself_are_refused(saved, small):
    with pytest.raises(ParameterError, match="takes uint8 and scales levels itself"):
        OnnxEmbedding(saved(small(["n", 64, 64, 3], TensorProto.UINT8)), mean=(0, 0, 0)).ensure_open()
