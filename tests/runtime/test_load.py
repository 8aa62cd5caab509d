"""A model runs in every runtime with the same vectors, is converted once, and never in one that drifts."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from junco.errors import MissingExtraError, ParameterError
from junco.runtime import conversion, loading, openvino_runtime, speed
from junco.runtime.certificate import Certificate, cosines
from junco.runtime.load import certify, load
from junco.runtime.loading import Loading
from junco.runtime.source import rows_of
from junco.runtime.torch_runtime import TorchCompiled, has_graph_compiler

RUNTIMES = ["torch", "openvino", "onnxruntime"]


@pytest.fixture(params=RUNTIMES)
def compiled(request, workshop):
    made = load(workshop.source(), request.param, "float32")
    yield made
    made.close()


def test_every_runtime_gives_the_references_vectors(compiled, workshop, pixels):
    vectors = compiled(pixels)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, workshop.expected(pixels), atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch_mates(compiled, pixels):
    alone = np.concatenate([compiled(*row) for row in rows_of((pixels,))])
    np.testing.assert_allclose(compiled(pixels), alone, atol=1e-6)


def test_a_stream_of_passes_of_several_sizes_keeps_their_order(compiled, workshop, pixels):
    passes = [(pixels[a:b],) for a, b in ((0, 1), (1, 4), (4, 6), (6, 7), (0, 7))]
    blocks = list(compiled.stream(iter(passes)))
    assert [len(block) for block in blocks] == [1, 3, 2, 1, 7]
    np.testing.assert_allclose(np.concatenate(blocks[:4]), workshop.expected(pixels), atol=1e-5)


def test_a_stream_that_nobody_reads_to_its_end_leaves_the_model_usable(compiled, workshop, pixels):
    stream = compiled.stream(row for row in rows_of((pixels,)) * 20)
    next(stream)
    stream.close()
    np.testing.assert_allclose(compiled(pixels), workshop.expected(pixels), atol=1e-5)


def test_streams_of_more_threads_than_cores_come_to_their_end_in_order(compiled, workshop, pixels):
    starts = threading.Barrier(4)
    expected = workshop.expected(pixels)

    def read_slowly() -> np.ndarray:
        blocks = []
        starts.wait()
        for block in compiled.stream((pixels[i : i + 1],) for i in range(len(pixels))):
            blocks.append(block)
            time.sleep(0.001)
        return np.concatenate(blocks)

    with ThreadPoolExecutor(4) as threads:
        for found in [threads.submit(read_slowly) for _ in range(4)]:
            assert np.allclose(found.result(timeout=60), expected, atol=1e-4)


def test_many_threads_may_run_it_at_once(compiled, workshop, pixels):
    found: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        for _ in range(20):
            found[i] = np.concatenate(list(compiled.stream(rows_of((np.roll(pixels, i, axis=0),)))))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(6):
        np.testing.assert_allclose(found[i], workshop.expected(np.roll(pixels, i, axis=0)), atol=1e-5)


def test_torchs_number_of_threads_is_as_before(workshop, pixels):
    before = torch.get_num_threads()
    load(workshop.source(), "torch")(pixels)
    assert torch.get_num_threads() == before


def test_that_a_model_is_converted_for_this_machine_is_said_once(workshop, capsys):
    for _ in range(2):
        load(workshop.source(), "auto").close()
    said = capsys.readouterr()
    assert said.err == f"converting {workshop.source().name} for this machine (once)\n"
    assert said.out == ""


def test_auto_takes_a_faithful_runtime_and_remembers_it(workshop, pixels):
    first = load(workshop.source())
    num_built = workshop.num_built
    second = load(workshop.source())
    assert second.runtime == first.runtime
    assert workshop.num_built == num_built + (second.runtime == "torch")
    assert cosines(second(pixels), workshop.expected(pixels)).min() >= 0.9999


def test_a_second_process_reads_the_conversion_without_torch(workshop):
    load(workshop.source(), "openvino")
    script = (
        "import sys, numpy as np\n"
        "from junco.runtime.load import load\n"
        "from junco.runtime.source import Input, Source\n"
        "def build(): raise AssertionError('built again')\n"
        "golden = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)\n"
        f"source = Source('test.tiny', {workshop.source().weights_sha256!r}, 2000, 'mean over space', build,\n"
        "    (Input('pixels', 'uint8', (None, 8, 8, 3)),), (golden,))\n"
        "assert load(source, 'openvino')(golden).shape == (4, 16)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_conversion_of_other_weights_is_another_one(workshop, pixels):
    load(workshop.source(), "openvino")
    tiny = type(workshop.source().build())
    other = load(workshop.source(lambda: tiny(seed=1), weights_sha256="1" * 64), "openvino")
    assert not np.allclose(other(pixels), workshop.expected(pixels), atol=1e-2)


@pytest.fixture
def drifting(monkeypatch):
    """OpenVINO's conversion with weights of 4 bits."""
    convert = conversion.EXPORTERS["openvino"]

    def drifting(source, module, folder):
        with torch.no_grad():
            scale = module.weight.abs().max() / 7
            drifted = type(module)()
            drifted.weight.copy_((module.weight / scale).round() * scale)
        convert(source, drifted, folder)

    monkeypatch.setitem(conversion.EXPORTERS, "openvino", drifting)


def test_a_conversion_that_drifts_is_refused_with_its_cosine(workshop, drifting):
    with pytest.raises(ParameterError, match=r"runtime='openvino'.*worst cosine with the float32 reference 0\.\d+"):
        load(workshop.source(), "openvino")
    assert load(workshop.source()).runtime == "torch"


def test_a_converter_that_fails_leaves_auto_with_torch_and_the_reason_known(workshop, monkeypatch):
    def failing(source, module, folder):
        raise RuntimeError("no such operation\nand more")

    monkeypatch.setitem(conversion.EXPORTERS, "openvino", failing)
    assert load(workshop.source()).runtime == "torch"
    reasons = {(row.runtime, row.dtype): row.reason for row in certify(workshop.source())}
    assert reasons["openvino", "float32"] == "RuntimeError: no such operation"
    assert reasons["torch", "float32"] is None


def test_random_weights_stay_with_torch_and_leave_nothing_behind(workshop, runtimes):
    source = workshop.source(weights_sha256=None)
    assert load(source).runtime == "torch"
    assert load(source, "openvino").runtime == "openvino"
    assert not runtimes.exists() or list(runtimes.glob("openvino*[!k]")) == []


def test_large_weights_stay_with_torch_until_a_conversion_was_asked_for(workshop):
    source = workshop.source(num_bytes=loading.MOST_BYTES + 1)
    assert load(source).runtime == "torch"
    load(source, "openvino")
    assert [name for name, _ in Loading(source, "cpu").affordable([("openvino", "float32")])] == ["openvino"]


def test_the_certificate_table_has_a_row_for_each_runtime_and_dtype(workshop):
    rows = certify(workshop.source())
    assert {row.runtime for row in rows} == set(RUNTIMES)
    for row in rows:
        assert row.is_faithful == (row.reason is None)
        assert not row.is_faithful or (row.worst_cosine >= 0.9999 and row.rows_per_s > 0)


def test_a_runtime_that_is_not_installed_is_refused_with_what_to_install(workshop, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'junco\[openvino\]'"):
        load(workshop.source(), "openvino")
    assert load(workshop.source()).runtime == "torch"


@pytest.mark.parametrize(
    ("runtime", "dtype", "device", "says"),
    [
        ("openvino", "auto", "cuda", "runs on the CPU only"),
        ("onnxruntime", "bfloat16", "cpu", "in float32 or int8, not"),
    ],
)
def test_what_a_runtime_cannot_do_is_refused(workshop, runtime, dtype, device, says):
    with pytest.raises(ParameterError, match=says):
        load(workshop.source(), runtime, dtype, device)


@pytest.mark.parametrize("value", [0, -1, 1.1, float("nan"), "0.9", True])
def test_a_least_cosine_that_none_can_be_is_refused(workshop, value):
    with pytest.raises(ParameterError, match=r"'test.tiny': least_cosine=.* is no cosine above 0 and up to 1"):
        load(workshop.source(), least_cosine=value)


def test_a_lower_least_cosine_admits_what_the_usual_one_refuses_and_is_remembered_apart(workshop, drifting):
    load(workshop.source())
    with pytest.raises(ParameterError, match=r"below 0\.9999"):
        load(workshop.source(), "openvino")
    assert load(workshop.source(), "openvino", least_cosine=0.9).runtime == "openvino"
    with pytest.raises(ParameterError, match=r"below 0\.9999"):
        load(workshop.source(), "openvino")


@pytest.fixture
def busy_torch(monkeypatch):
    """Measurements in which whatever is no torch, and bfloat16 above all, is fast."""
    rates = {"float32": 2.0, "bfloat16": 3.0}
    monkeypatch.setattr(
        speed,
        "rows_per_s",
        lambda ways, _: [1.0 if way.runtime == "torch" else rates.get(way.dtype, 2.0) for way in ways],
    )


@pytest.mark.skipif(not openvino_runtime.has_dtype("bfloat16"), reason="this processor has no bfloat16 arithmetic")
def test_auto_takes_bfloat16_only_where_its_vectors_agree(workshop, busy_torch):
    by_rows = {(row.runtime, row.dtype): row for row in certify(workshop.source())}
    cosine = by_rows["openvino", "bfloat16"].worst_cosine
    assert 0.999 < cosine < 1
    assert load(workshop.source(), least_cosine=cosine - 1e-7).dtype == "bfloat16"
    assert load(workshop.source(), least_cosine=(1 + cosine) / 2).dtype == "float32"
    assert load(workshop.source(), dtype="float32").dtype == "float32"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", ["auto", "float32", "float16", "bfloat16"])
def test_a_gpu_gives_the_references_vectors(workshop, pixels, dtype):
    compiled = load(workshop.source(), "auto", dtype, "cuda")
    np.testing.assert_allclose(compiled(pixels), workshop.expected(pixels), atol=2e-2)
    blocks = list(compiled.stream(rows_of((pixels,)) * 50))
    np.testing.assert_allclose(np.concatenate(blocks[:7]), workshop.expected(pixels), atol=2e-2)


def test_a_graph_compiler_that_fails_leaves_torch_without_it(workshop, pixels, monkeypatch):
    num_tried = 0

    def compiled(module, dynamic):
        def failing(*inputs):
            nonlocal num_tried
            num_tried += 1
            raise RuntimeError("no compiler")

        assert dynamic
        return failing

    monkeypatch.setattr(torch, "compile", compiled)
    model = TorchCompiled(workshop.source().build(), "float32", "cpu", compile_graph=True)
    for _ in range(3):
        np.testing.assert_allclose(model(pixels), workshop.expected(pixels), atol=1e-5)
    assert num_tried == 1


def test_a_compiled_graph_is_taken_only_where_it_is_much_faster():
    eager = Certificate("torch", "float16", "cuda", 1.0, 0.0, rows_per_s=1000)
    for rate, taken in ((1100, "torch"), (1400, "torch.compile")):
        assert loading.best([eager, Certificate("torch.compile", "float16", "cuda", 1.0, 0.0, rate)]).runtime == taken
    failed = Certificate("torch.compile", "float16", "cuda", rows_per_s=9000, reason="RuntimeError: no compiler")
    assert loading.best([eager, failed]).runtime == "torch"


def test_a_module_that_goes_to_another_device_leaves_the_reference_where_it_is(workshop, pixels):
    module = workshop.source().build()  # the same at each build, as an operator may have it
    task = Loading(workshop.source(lambda: module), "meta")  # the one other device that every machine has
    assert task.certificate("torch", "float32").reason is not None  # it computes nothing
    np.testing.assert_allclose(task.reference(rows_of((pixels,))), workshop.expected(pixels), atol=1e-5)


def test_no_graph_is_compiled_on_a_cpu(workshop):
    found = Loading(workshop.source(), "cpu").certificates([("torch", "float32")])
    assert [row.runtime for row in found] == ["torch"]


@pytest.mark.gpu
@pytest.mark.skipif(
    not torch.cuda.is_available() or not has_graph_compiler(), reason="no CUDA device and compiler here"
)
def test_a_compiled_graph_on_a_gpu_gives_the_references_vectors_for_every_size(workshop, pixels):
    task = Loading(workshop.source(), "cuda")
    assert task.certificate("torch.compile", "float16").reason is None
    compiled = task.compiled("torch.compile", "float16")
    for n in (4, 1, 7, 2, 3):
        np.testing.assert_allclose(compiled(pixels[:n]), workshop.expected(pixels[:n]), atol=2e-2)
