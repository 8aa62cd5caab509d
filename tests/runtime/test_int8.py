"""int8 only where it is asked for, with its measured error, and with vectors that depend on nothing but their item."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from junco.errors import FidelityWarning, MissingExtraError, ParameterError
from junco.runtime import conversion
from junco.runtime.certificate import cosines
from junco.runtime.load import candidates, certify, load
from junco.runtime.source import rows_of


class Matrices(torch.nn.Module):
    """Levels uint8 (n, 8, 8, 3) → (n, 32): each line of the picture through two matrices, and their mean."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = torch.nn.Parameter(torch.randn(24, 64, generator=generator) / 5)
        self.second = torch.nn.Parameter(torch.randn(64, 32, generator=generator) / 8)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        lines = (pixels.float() - 127).reshape(-1, 8, 24) / 128
        return (torch.tanh(lines @ self.first) @ self.second).mean(dim=1)


@pytest.fixture(params=["convolution", "matrices"])
def source(request, workshop):
    return workshop.source() if request.param == "convolution" else workshop.source(Matrices, weights_sha256="5" * 64)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "auto"])
def test_int8_is_near_the_model_and_says_how_near(source, runtime, pixels):
    with pytest.warns(FidelityWarning, match=r"'test.tiny': int8 vectors agree .* worst cosine of 0\.99\d{4} on"):
        compiled = load(source, runtime, "int8")
    assert compiled.dtype == "int8"
    assert 0.99 < compiled.certificate.worst_cosine < 0.999999
    expected = load(source, "torch", "float32")(pixels)
    assert 0.99 < cosines(compiled(pixels), expected).min() < 0.999999


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_an_int8_vector_does_not_depend_on_its_batch_mates(source, runtime, pixels):
    compiled = load(source, runtime, "int8")
    extreme = np.concatenate([pixels, np.zeros_like(pixels), np.full_like(pixels, 255)])
    alone = np.concatenate([compiled(*row) for row in rows_of((pixels,))])
    np.testing.assert_allclose(compiled(extreme)[: len(pixels)], alone, atol=1e-6)


def test_auto_never_tries_int8(workshop):
    tried = {d for r in ("auto", "openvino", "onnxruntime") for _, d in candidates(workshop.source(), r, "auto", "cpu")}
    assert tried == {"float32", "bfloat16", "mixed"}


def test_int8_that_agrees_less_than_was_asked_for_is_refused_with_its_cosine(workshop):
    with pytest.raises(ParameterError, match=r"onnxruntime in int8: worst cosine .* 0\.99\d+, below 0\.999999"):
        load(workshop.source(), "onnxruntime", "int8", least_cosine=0.999999)


def test_int8_that_is_broken_is_refused_although_it_was_asked_for(workshop, monkeypatch):
    def broken(model, source, folder):
        quantise(model, source, folder)
        import onnx

        graph = onnx.load(folder / conversion.int8.FILE)
        for tensor in graph.graph.initializer:
            if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4:
                tensor.raw_data = np.frombuffer(tensor.raw_data, np.int8)[::-1].tobytes()
        onnx.save(graph, folder / conversion.int8.FILE)

    quantise = conversion.int8.quantise
    monkeypatch.setattr(conversion.int8, "quantise", broken)
    with pytest.raises(ParameterError, match=r"worst cosine with the float32 reference -?0\.\d+, below 0\.9"):
        load(workshop.source(), dtype="int8")


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
def test_int8_is_converted_once_for_the_same_golden_rows(workshop, runtimes):
    load(workshop.source(), dtype="int8")
    num_built = workshop.num_built
    load(workshop.source(), dtype="int8")
    assert workshop.num_built == num_built
    assert len(list(runtimes.glob("int8-test.tiny-*/manifest.json"))) == 1
    load(workshop.source(golden=(workshop.golden[::-1].copy(),)), dtype="int8")
    assert len(list(runtimes.glob("int8-test.tiny-*/manifest.json"))) == 2


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
@pytest.mark.parametrize("keep_bytes", [0, 100])
def test_a_truncated_int8_file_is_made_anew(workshop, runtimes, pixels, keep_bytes):
    expected = load(workshop.source(), "onnxruntime", "int8")(pixels)
    (file,) = runtimes.glob("int8-*/model.onnx")
    file.write_bytes(file.read_bytes()[:keep_bytes])
    np.testing.assert_array_equal(load(workshop.source(), "onnxruntime", "int8")(pixels), expected)


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_what_was_converted_for_random_weights_lasts_as_long_as_its_model(workshop, pixels, dtype):
    compiled = load(workshop.source(weights_sha256=None), "onnxruntime", dtype)
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: [found.append(compiled(pixels)) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80


def test_the_certificate_table_shows_int8_with_its_error(workshop):
    rows = {(row.runtime, row.dtype): row for row in certify(workshop.source())}
    for runtime in ("onnxruntime", "openvino"):
        assert 0.99 < rows[runtime, "int8"].worst_cosine < 0.999999
        assert rows[runtime, "int8"].reason is None


@pytest.mark.parametrize(
    ("runtime", "device", "says"),
    [
        ("torch", "cpu", "computes in float32 or bfloat16 or float16, not dtype='int8'"),
        ("auto", "cuda", "dtype='int8' runs on the CPU"),
    ],
)
def test_int8_where_there_is_none_is_refused(workshop, runtime, device, says):
    with pytest.raises(ParameterError, match=says):
        load(workshop.source(), runtime, "int8", device)


@pytest.mark.parametrize("runtime", ["auto", "openvino", "onnxruntime"])
def test_int8_without_its_packages_is_refused_with_what_to_install(workshop, monkeypatch, runtime):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'junco\[onnx\]'"):
        load(workshop.source(), runtime, "int8")


def test_quantising_says_that_it_does_and_leaves_the_processs_logging_alone():
    code = (
        "import logging, warnings; warnings.simplefilter('ignore')\n"
        "from junco import ops\n"
        "ops.text_embedding.minilm(dtype='int8').create().ensure_open()\n"
        "assert not logging.getLogger().handlers and logging.getLogger().level == logging.WARNING\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        "converting text-embedding.minilm for this machine (once)\n",
    )
