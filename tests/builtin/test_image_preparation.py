"""Pictures are prepared as the reference does, or in a faster way where the model's vectors stay the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from junco.builtin.image_embedding.efficientnet_lite import EfficientNetLite
from junco.builtin.image_embedding.timm import TimmEmbedding, preparation_of
from junco.cores import at_work, num_cores
from junco.neural.preparation import MiddleCrop, Transform

USUAL = [
    "resnet50",
    "vit_base_patch16_224",
    "tf_efficientnet_b7",
    "inception_v4",
    "test_resnet",
    "swin_base_patch4_window7_224",
]


def config_of(name):
    return timm.data.resolve_data_config({}, pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())


def sizes():
    rng = np.random.default_rng(2)
    for height, width in ((300, 451), (451, 300), (224, 224), (31, 40), (500, 1000), (97, 113)):
        small = Image.fromarray(rng.integers(0, 256, (height // 6 + 2, width // 6 + 2, 3), np.uint8))
        yield np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_transform_of_timm_is_kept_bit_for_bit(name):
    config = config_of(name)
    preparation = preparation_of(timm.data, config)
    assert isinstance(preparation, MiddleCrop)
    transform = timm.data.create_transform(**config, is_training=False, use_prefetcher=True)
    for pixels in sizes():
        expected = np.moveaxis(np.asarray(transform(Image.fromarray(pixels))), 0, 2)
        np.testing.assert_array_equal(preparation.exact(pixels), expected)


@pytest.mark.parametrize(
    "change", [{"crop_mode": "squash"}, {"interpolation": "lanczos"}, {"input_size": (3, 224, 192)}]
)
def test_an_unusual_transform_is_timms_own(change):
    config = {**config_of("resnet50"), **change}
    preparation = preparation_of(timm.data, config)
    assert isinstance(preparation, Transform)
    transform = timm.data.create_transform(**config, is_training=False, use_prefetcher=True)
    pixels = next(sizes())
    expected = np.moveaxis(np.asarray(transform(Image.fromarray(pixels))), 0, 2)
    np.testing.assert_array_equal(preparation.exact(pixels), expected)
    np.testing.assert_array_equal(preparation.fast(pixels), expected)


@pytest.mark.parametrize("resampling", ["bicubic", "bilinear"])
def test_the_fast_way_differs_by_a_level_here_and_there(resampling):
    preparation = MiddleCrop(224, 256, resampling)
    for pixels in sizes():
        gaps = np.abs(preparation.exact(pixels).astype(int) - preparation.fast(pixels))
        assert gaps.max() <= 1
        assert (gaps > 0).mean() < 0.02


def test_pictures_that_may_not_be_written_to_are_prepared_too():
    pixels = next(sizes()).copy()
    pixels.flags.writeable = False
    assert MiddleCrop(224, 256).fast(pixels).shape == (224, 224, 3)


@pytest.mark.parametrize(
    "fault",
    [lambda prepared: prepared[:, :, ::-1], lambda prepared: prepared[::-1], lambda prepared: prepared // 16 * 16],
    ids=["BGR", "upside down", "coarse levels"],
)
def test_a_fast_way_that_is_not_faithful_is_not_used(fault, tmp_path, monkeypatch, photo):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    fast = MiddleCrop.fast
    monkeypatch.setattr(MiddleCrop, "fast", lambda self, pixels: np.ascontiguousarray(fault(fast(self, pixels))))
    operator = EfficientNetLite(runtime="torch")
    exact = EfficientNetLite(runtime="torch", exact=True)
    np.testing.assert_array_equal(operator(photo), exact(photo))


def test_a_faithful_fast_way_is_used_and_found_once(tmp_path, monkeypatch, photo):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    used = []
    fast = MiddleCrop.fast
    monkeypatch.setattr(MiddleCrop, "fast", lambda self, pixels: used.append(pixels.shape) or fast(self, pixels))
    EfficientNetLite(runtime="torch")(photo)
    assert used.count(photo.shape) == 1
    assert len(used) > 1  # the golden pictures
    used.clear()
    EfficientNetLite(runtime="torch")(photo)
    assert used == [photo.shape]


def test_random_weights_and_exact_pictures_take_no_shortcut(monkeypatch, photo):
    monkeypatch.setattr(MiddleCrop, "fast", lambda self, pixels: pytest.fail("the fast way"))
    EfficientNetLite(pretrained=False)(photo)
    EfficientNetLite(exact=True)(photo)
    TimmEmbedding("test_resnet", pretrained=False)(photo)


def test_the_fast_resize_leaves_the_cores_that_others_are_at_work_on(monkeypatch):
    MiddleCrop(224, 256).fast(next(sizes()))  # compares its two kernels, at the first picture
    seen = []
    resize = torch.nn.functional.interpolate
    monkeypatch.setattr(
        torch.nn.functional,
        "interpolate",
        lambda *args, **options: seen.append(torch.get_num_threads()) or resize(*args, **options),
    )
    pixels = np.zeros((300, 400, 3), np.uint8)
    let_go, at_work_now = threading.Event(), threading.Barrier(num_cores())

    def work():
        with at_work():
            at_work_now.wait()
            let_go.wait()

    others = [threading.Thread(target=work) for _ in range(num_cores() - 1)]
    for other in others:
        other.start()
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # as torch would by itself
    try:
        at_work_now.wait()
        MiddleCrop(224, 256).fast(pixels)
    finally:
        torch.set_num_threads(before)
        let_go.set()
        for other in others:
            other.join()
    assert seen == [1]
