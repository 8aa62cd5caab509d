"""Mixed arithmetic: bfloat16 with those layers in float32 that need it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from junco.errors import ParameterError
from junco.runtime import mixed, openvino_runtime, speed
from junco.runtime.certificate import cosines
from junco.runtime.load import certify, load
from junco.runtime.loading import Loading

pytestmark = pytest.mark.skipif(
    not openvino_runtime.has_dtype("mixed"), reason="this processor has no bfloat16 arithmetic"
)


class Deep(torch.nn.Module):
    """Levels uint8 (n, 8, 8, 3) → (n, 16) through ten convolutions, some added to their input; the first is delicate.

    What it gives is the small difference of two nearly equal sums, so that rounding them moves the vectors.
    """

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(2)
        half = torch.randn(8, 3, 3, 3, generator=generator)
        self.first = torch.nn.Parameter(torch.cat([half + 8, half * 1.5 + 8]))
        self.others = torch.nn.ParameterList(
            torch.nn.Parameter(torch.randn(16, 16, 3, 3, generator=generator) / 40) for _ in range(9)
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = torch.nn.functional.conv2d(pixels.permute(0, 3, 1, 2).float() / 255, self.first, padding=1)
        x = x - torch.roll(x, 8, dims=1)
        for weight in self.others:
            x = x + torch.relu(torch.nn.functional.conv2d(x, weight, padding=1))
        return x.mean(dim=(2, 3))


@pytest.fixture
def deep(workshop):
    return workshop.source(Deep, weights_sha256="7" * 64)


def worst(compiled, expected, pixels) -> float:
    return cosines(compiled(pixels), expected(pixels)).min()


def test_a_model_that_bfloat16_moves_too_far_stays_near_where_a_few_layers_keep_float32(deep, pixels):
    exact = load(deep, "torch", "float32")
    with pytest.raises(ParameterError, match=r"openvino in bfloat16: .* below 0\.9999"):
        load(deep, dtype="bfloat16", runtime="openvino")
    compiled = load(deep, dtype="mixed")
    assert (compiled.runtime, compiled.dtype) == ("openvino", "mixed")
    assert 0.9999 < worst(compiled, exact, pixels) < 1 - 1e-9, "the other layers are rounded"


def test_the_nearer_its_vectors_must_be_the_more_layers_keep_float32(deep, pixels):
    exact = load(deep, "torch", "float32")
    near = [worst(load(deep, dtype="mixed", least_cosine=least), exact, pixels) for least in (0.9, 0.9999, 1 - 1e-7)]
    assert near == sorted(near)
    assert near[0] < 0.9999
    assert near[2] > 1 - 1e-7, "nearly all of them"


def weights_of_convolutions(folder) -> list[np.ndarray]:
    """In the file that was made, in the order of computation."""
    model = openvino_runtime.core().read_model(folder / openvino_runtime.FILE)
    layers = [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]
    return [layer.input_value(1).get_node().data for layer in layers]


def is_bfloat16(weights: np.ndarray) -> bool:
    return bool((weights.view(np.uint32) & 0xFFFF == 0).all())


def test_only_weights_of_lowered_layers_are_rounded(deep, workshop, tmp_path):
    openvino_runtime.convert(deep, Deep().eval(), tmp_path)
    mixed.mix(tmp_path / openvino_runtime.FILE, deep, tmp_path, 0.9999)
    first, *others = weights_of_convolutions(tmp_path)
    assert not is_bfloat16(first), "the delicate one"
    assert any(map(is_bfloat16, others))


def test_weights_that_layers_share_stay_where_one_of_them_may_need_them(workshop, tmp_path):
    class Shared(Deep):
        def __init__(self) -> None:
            super().__init__()
            self.others = torch.nn.ParameterList(torch.nn.Parameter(self.others[0].clone()) for _ in range(9))

    source = workshop.source(Shared)
    openvino_runtime.convert(source, Shared().eval(), tmp_path)
    mixed.mix(tmp_path / openvino_runtime.FILE, source, tmp_path, 0.9)
    assert not any(map(is_bfloat16, weights_of_convolutions(tmp_path)[1:]))


def test_a_single_pass_and_each_batch_give_the_same_vectors(deep, pixels):
    compiled = load(deep, dtype="mixed")
    alone = np.concatenate([compiled(pixels[i : i + 1]) for i in range(len(pixels))])
    assert cosines(compiled(pixels), alone).min() > 0.99999


def test_it_is_made_once_for_a_cosine_and_read_from_then_on(deep, monkeypatch):
    made = []
    mix = mixed.mix
    monkeypatch.setattr(mixed, "mix", lambda *given: (made.append(given[-1]), mix(*given)))
    for least in (None, None, 0.99, None, 0.99):
        load(deep, dtype="mixed", least_cosine=least).close()
    assert made == [0.9999, 0.99]


def test_marks_that_openvino_does_not_understand_are_noticed(deep, monkeypatch):
    monkeypatch.setitem(mixed._MARK, "name", "fused_names")
    with pytest.raises(ParameterError, match=r"openvino in mixed: worst cosine .* below 0\.9999"):
        load(deep, dtype="mixed")


def test_a_file_from_elsewhere_can_be_mixed_too(workshop, tiny_onnx, pixels):
    source = replace(workshop.source(), build=None, onnx=tiny_onnx)
    compiled = load(source, dtype="mixed", least_cosine=0.999)
    assert compiled.dtype == "mixed"
    assert cosines(compiled(pixels), workshop.expected(pixels)).min() > 0.999


@pytest.fixture
def speeds(monkeypatch):
    """What is measured in OpenVINO, by dtype; whatever else there is is slow."""
    rates = {"float32": 10.0, "bfloat16": 30.0, "mixed": 20.0}

    def rows_per_s(ways, golden):
        return [rates.get(way.dtype, 1.0) if way.runtime == "openvino" else 1.0 for way in ways]

    monkeypatch.setattr(speed, "rows_per_s", rows_per_s)
    return rates


def test_auto_takes_it_where_bfloat16_is_fast_and_not_faithful(deep, speeds):
    assert load(deep).dtype == "mixed"


@pytest.mark.parametrize(
    ("changes", "least", "says"),
    [
        ({}, 0.5, "bfloat16 is faithful in all layers"),
        ({"bfloat16": 12.0}, None, "bfloat16 is hardly faster than float32"),
    ],
)
def test_it_is_not_made_where_it_would_gain_nothing(deep, speeds, monkeypatch, changes, least, says):
    speeds.update(changes)
    monkeypatch.setattr(mixed, "mix", lambda *given: pytest.fail("it was made"))
    work = Loading(deep, "cpu", given=least)
    found = work.measured([("openvino", dtype) for dtype in ("float32", "bfloat16", "mixed")])
    assert found[2].reason == says
    assert load(deep, least_cosine=least).dtype != "mixed"


def test_random_weights_can_be_mixed_where_it_is_asked_for(workshop):
    assert load(workshop.source(Deep, weights_sha256=None), dtype="mixed").dtype == "mixed"


def test_the_certificate_table_shows_it(deep, speeds):
    rows = {(row.runtime, row.dtype): row for row in certify(deep)}
    assert rows["openvino", "mixed"].is_faithful
    assert not rows["openvino", "bfloat16"].is_faithful


@pytest.mark.parametrize(
    ("runtime", "device", "says"),
    [
        ("torch", "cpu", "computes in float32 or bfloat16 or float16, not dtype='mixed'"),
        ("onnxruntime", "cpu", "computes in float32 or int8, not dtype='mixed'"),
        ("auto", "cuda", "dtype='mixed' runs on the CPU only"),
    ],
)
def test_where_it_does_not_exist_it_is_refused(deep, runtime, device, says):
    with pytest.raises(ParameterError, match=says):
        load(deep, runtime, "mixed", device)
