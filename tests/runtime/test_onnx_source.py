"""A model that comes as an ONNX file: ONNX Runtime in float32 is its reference, and OpenVINO reads the same file."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from junco.errors import ContractError, FidelityWarning, MissingExtraError, ParameterError
from junco.runtime import openvino_runtime
from junco.runtime.certificate import cosines
from junco.runtime.load import certify, load
from junco.runtime.source import Input, Source, rows_of


@pytest.fixture
def source(workshop, tiny_onnx) -> Source:
    return workshop.source(build=None, onnx=tiny_onnx)


@pytest.mark.parametrize("runtime", ["auto", "openvino", "onnxruntime"])
def test_an_onnx_file_gives_its_models_vectors(workshop, source, pixels, runtime):
    compiled = load(source, runtime, "float32")
    np.testing.assert_allclose(compiled(pixels), workshop.expected(pixels), atol=1e-5)


def test_auto_takes_a_faithful_runtime_and_converts_nothing(workshop, source, pixels, runtimes):
    for _ in range(2):
        assert cosines(load(source)(pixels), workshop.expected(pixels)).min() >= 0.9999
    assert {path.name.partition("-")[0] for path in runtimes.iterdir() if path.suffix != ".lock"} == {"certificate"}


def test_an_onnx_file_in_int8(workshop, source, pixels):
    with pytest.warns(FidelityWarning, match="int8 vectors agree"):
        compiled = load(source, dtype="int8")
    assert 0.99 < cosines(compiled(pixels), workshop.expected(pixels)).min() < 0.999999


def test_its_certificate_table_begins_with_the_reference_and_has_no_torch(source):
    first, *others = certify(source)
    assert (first.runtime, first.dtype, first.worst_cosine) == ("onnxruntime", "float32", 1.0)
    assert {(row.runtime, row.dtype) for row in others} == {
        ("onnxruntime", "int8"),
        *(("openvino", dtype) for dtype in ("float32", "bfloat16", "float16", "mixed", "int8")),
    }


def test_a_file_that_takes_one_row_a_pass_is_run_row_by_row(workshop, tiny_onnx, tmp_path, pixels):
    import onnx

    model = onnx.load(tiny_onnx)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, tmp_path / "one.onnx")
    inputs = (Input("pixels", "uint8", (1, 8, 8, 3)),)
    source = workshop.source(build=None, onnx=tmp_path / "one.onnx", inputs=inputs, weights_sha256="8" * 64)
    for row in certify(source):
        assert row.reason is None or row.dtype in ("bfloat16", "float16", "mixed")
    compiled = load(source)
    found = np.concatenate(list(compiled.stream(rows_of((pixels,)))))
    assert cosines(found, workshop.expected(pixels)).min() >= 0.9999


@pytest.mark.parametrize(
    ("runtime", "dtype", "device", "says"),
    [
        ("torch", "auto", "cpu", "runtime='torch' cannot run an ONNX file; 'onnxruntime' and 'openvino' can"),
        ("auto", "auto", "cuda", "an ONNX file runs on the CPU only"),
    ],
)
def test_what_cannot_run_a_file_is_refused(source, runtime, dtype, device, says):
    with pytest.raises(ParameterError, match=says):
        load(source, runtime, dtype, device)


def test_bfloat16_of_a_file_needs_openvino(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert load(source).runtime == "onnxruntime"
    with pytest.raises(MissingExtraError, match=r"pip install 'junco\[openvino\]'"):
        load(source, dtype="bfloat16")


def test_a_file_that_does_not_run_is_refused_by_its_name(workshop, tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ParameterError, match=r"'test\.tiny': ONNX Runtime cannot run '.*broken\.onnx'"):
        load(workshop.source(build=None, onnx=tmp_path / "broken.onnx"))


@pytest.mark.parametrize("both", [True, False])
def test_a_source_has_either_a_module_or_a_file(workshop, tmp_path, both):
    given = {"onnx": tmp_path / "a.onnx"} if both else {"build": None}
    with pytest.raises(ContractError, match="either build or onnx"):
        workshop.source(**given)


@pytest.mark.skipif(not openvino_runtime.has_dtype("bfloat16"), reason="this processor has no bfloat16 arithmetic")
def test_bfloat16_of_a_file_is_compared_with_float32(source):
    rows = {(row.runtime, row.dtype): row for row in certify(source)}
    assert 0.999 < rows["openvino", "bfloat16"].worst_cosine < 1
