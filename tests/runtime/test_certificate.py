"""Planted faults: whatever makes other vectors is refused, with what was measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from junco.builtin.text_embedding.minilm import MiniLM
from junco.errors import ParameterError
from junco.neural.golden import GOLDEN_TEXTS, golden_images
from junco.neural.text_encoder import pooled
from junco.neural.tokens import token_ids
from junco.operator import registry
from junco.runtime import conversion
from junco.runtime.certificate import Certificate, agreement, cosines
from junco.runtime.load import load

# One of the golden texts is Chinese, of which MiniLM knows little, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:.*a good part of a text")


@pytest.fixture(scope="module")
def lite():
    operator = registry.load("image-embedding.efficientnet-lite")(runtime="torch", dtype="float32")
    operator.ensure_open()
    yield operator
    operator.ensure_closed()


@pytest.fixture(scope="module")
def minilm():
    operator = MiniLM(runtime="torch", dtype="float32")
    operator.ensure_open()
    yield operator
    operator.ensure_closed()


def test_the_reference_agrees_with_itself(lite):
    found = agreement(lite.batch, lite.batch, golden_images())
    assert found.reason is None
    assert found.worst_cosine > 0.9999999


def test_blue_and_red_swapped_is_refused(lite):
    found = agreement(lite.batch, lambda images: lite.batch([image[:, :, ::-1] for image in images]), golden_images())
    assert "worst cosine with the float32 reference 0." in found.reason


def test_a_missing_normalisation_of_levels_is_refused(lite):
    source = lite.complete_source()
    (pixels,) = source.golden
    network = source.build().network

    def unscaled(items):
        levels = torch.from_numpy(np.stack(items)).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            return network(levels).numpy()

    compiled = load(source, "torch", "float32")
    found = agreement(lambda items: compiled(np.stack(items)), unscaled, list(pixels))
    assert found.reason is not None
    assert found.worst_cosine < 0.99


def test_the_first_token_instead_of_the_mean_is_refused(minilm):
    source = minilm.complete_source()
    wrong = pooled(source.build().network, "cls")

    def by_first_token(items):
        with torch.no_grad():
            return wrong(*(torch.from_numpy(np.concatenate(column)) for column in zip(*items, strict=True))).numpy()

    compiled = load(source, "torch", "float32")
    items = [tuple(array[i : i + 1] for array in source.golden) for i in range(len(GOLDEN_TEXTS))]
    right = lambda rows: compiled(*(np.concatenate(column) for column in zip(*rows, strict=True)))  # noqa: E731
    assert agreement(right, right, items).reason is None
    assert "worst cosine" in agreement(right, by_first_token, items).reason


def test_a_missing_prompt_is_refused(minilm):
    prompted = MiniLM(prompt="query: ", runtime="torch", dtype="float32")
    prompted.ensure_open()
    assert "worst cosine" in agreement(prompted.batch, minilm.batch, list(GOLDEN_TEXTS)).reason


def test_weights_of_eight_bits_are_refused_with_their_error(lite):
    module = lite.complete_source().build()
    with torch.no_grad():
        for weight in module.parameters():
            scale = weight.abs().max() / 127
            weight.copy_((weight / scale).round() * scale)
    (pixels,) = lite.complete_source().golden

    def quantised(items):
        with torch.no_grad():
            return module(torch.from_numpy(np.stack(items))).numpy()

    compiled = load(lite.complete_source(), "torch", "float32")
    found = agreement(lambda items: compiled(np.stack(items)), quantised, list(pixels))
    assert found.reason is not None
    assert 0.5 < found.worst_cosine < 0.9999


def test_a_vector_that_depends_on_its_batch_mates_is_refused(minilm):
    tokenizer = minilm._encoder.tokenizer

    def without_mask(texts):
        ids = token_ids(tokenizer, texts)
        block = np.zeros((len(ids), max(map(len, ids))), np.int64)
        for row, tokens in enumerate(ids):
            block[row, : len(tokens)] = tokens
        return minilm._encoder.compiled(block, np.ones_like(block))  # the padding is attended to

    found = agreement(minilm.batch, without_mask, list(GOLDEN_TEXTS))
    assert "a vector depends on its batch mates" in found.reason


class Faulty(torch.nn.Module):
    """The tiny network with a fault of its own."""

    def __init__(self, right: torch.nn.Module, fault: str) -> None:
        super().__init__()
        self.weight, self.fault = right.weight, fault

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        levels = pixels.permute(0, 3, 1, 2).float()
        levels = levels.flip(1) if self.fault == "BGR for RGB" else levels
        levels = levels / 255 if self.fault == "missing normalisation" else (levels - 127) / 128
        scale = self.weight.abs().max() / 15
        weight = (self.weight / scale).round() * scale if self.fault == "drift of few bits" else self.weight
        features = torch.relu(torch.nn.functional.conv2d(levels, weight))
        if self.fault == "wrong pooling":
            return features.amax(dim=(2, 3))
        vectors = features.mean(dim=(2, 3))
        return vectors + 0.1 * vectors.mean(0) - 0.1 * vectors if self.fault == "batch mates" else vectors


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(
    "fault", ["BGR for RGB", "missing normalisation", "wrong pooling", "drift of few bits", "batch mates"]
)
def test_a_conversion_with_a_fault_is_never_used(workshop, pixels, monkeypatch, runtime, fault):
    convert = conversion.EXPORTERS[runtime]
    monkeypatch.setitem(
        conversion.EXPORTERS, runtime, lambda source, module, folder: convert(source, Faulty(module, fault), folder)
    )
    says = "depends on its batch mates" if fault == "batch mates" else "worst cosine with the float32 reference"
    for dtype in ("auto", "float32"):
        with pytest.raises(ParameterError, match=says):
            load(workshop.source(), runtime, dtype)
        np.testing.assert_allclose(
            load(workshop.source(), dtype="float32")(pixels), workshop.expected(pixels), atol=1e-5
        )


def test_a_conversion_without_a_fault_is_used(workshop, pixels, monkeypatch):
    convert = conversion.EXPORTERS["openvino"]
    monkeypatch.setitem(
        conversion.EXPORTERS, "openvino", lambda source, module, folder: convert(source, Faulty(module, "none"), folder)
    )
    np.testing.assert_allclose(
        load(workshop.source(), "openvino", "float32")(pixels), workshop.expected(pixels), atol=1e-5
    )


@pytest.mark.parametrize("bad", [lambda block: block * np.nan, lambda block: block[:, :-1]])
def test_vectors_that_are_not_finite_or_too_short_are_refused(minilm, bad):
    found = agreement(minilm.batch, lambda texts: bad(np.stack(minilm.batch(texts))), list(GOLDEN_TEXTS))
    assert found.reason is not None
    assert found.worst_cosine == 0.0


def test_a_lower_cosine_is_accepted_where_it_was_asked_for_but_no_dependence_on_batch_mates(minilm):
    def shifted(texts):
        vectors = np.stack(minilm.batch(texts))
        vectors[:, 0] += 0.1
        return vectors

    def mixed(texts):
        return shifted(texts) + 0.1 * np.mean(minilm.batch(texts), axis=0)

    golden = list(GOLDEN_TEXTS)
    assert "worst cosine" in agreement(minilm.batch, shifted, golden).reason
    assert agreement(minilm.batch, shifted, golden, least=0.98).reason is None
    assert "a vector depends on its batch mates" in agreement(minilm.batch, mixed, golden, least=0.9).reason


@pytest.mark.parametrize("length", [0.97, 1.03, 20])
def test_vectors_of_another_length_are_refused_though_their_direction_is_right(lite, length):
    stretched = lambda images: np.stack(lite.batch(images)) * np.float32(length)  # noqa: E731
    found = agreement(lite.batch, stretched, golden_images())
    assert found.worst_cosine > 0.999999
    assert found.reason == f"a vector is {length:.4f} times as long as the float32 reference's"
    assert agreement(lite.batch, stretched, golden_images(), least=0.7).reason is None or length == 20


def test_a_missing_scaling_to_length_one_is_refused(minilm):
    raw = MiniLM(normalize=False, runtime="torch", dtype="float32")
    raw.ensure_open()
    assert "times as long" in agreement(minilm.batch, raw.batch, list(GOLDEN_TEXTS)).reason


def test_a_cosine_near_one_keeps_its_digits():
    one = np.array([[1, 0]], np.float32)
    other = np.array([[1, 1e-5]], np.float32)
    assert 1 - cosines(one, other)[0] == pytest.approx(0.5e-10, rel=1e-3)


def test_a_certificate_can_be_kept_as_json():
    for certificate in (
        Certificate("torch", "float32", "cpu", 1.0, 0.0, 9.0),
        Certificate("x", "y", "cpu", reason="no"),
    ):
        assert Certificate.from_json(certificate.to_json()) == certificate


def test_a_model_whose_own_rows_depend_on_each_other_is_refused_in_every_runtime(workshop):
    faulty = Faulty(workshop.source().build(), "batch mates")
    with pytest.raises(ParameterError, match="torch in float32: a vector depends on its batch mates"):
        load(workshop.source(lambda: faulty))
