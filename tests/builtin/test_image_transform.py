"""Transforms of pictures: bit for bit those of torchvision on Pillow's pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torchvision.transforms.v2 as transforms
from PIL import Image
from torchvision.transforms.v2 import functional

from junco.builtin.image_transform.augment import Augment
from junco.builtin.image_transform.center_crop import CenterCrop
from junco.builtin.image_transform.color import Color
from junco.builtin.image_transform.pad import Pad
from junco.builtin.image_transform.resize import Resize
from junco.errors import InputError, ParameterError


def same(found, expected):
    return np.array_equal(found, np.asarray(expected))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_resize_is_that_of_torchvision(photos, interpolation):
    mode = transforms.InterpolationMode[interpolation.upper()]
    for photo in photos:
        stretched = Resize(height=60, width=100, interpolation=interpolation)(photo)
        assert same(stretched, transforms.Resize((60, 100), mode)(Image.fromarray(photo)))
        covering = Resize(height=60, width=60, fit="cover", interpolation=interpolation)(photo)
        assert same(covering, transforms.Resize(60, mode)(Image.fromarray(photo)))


def test_resize_keeps_the_shape_where_that_is_asked_for():
    photo = np.zeros((300, 451, 3), np.uint8)
    assert Resize(height=100, width=100, fit="inside")(photo).shape == (66, 100, 3)
    assert Resize(height=100, width=100, fit="cover")(photo).shape == (100, 150, 3)
    assert Resize(height=100, width=300, fit="cover")(photo).shape == (199, 300, 3)
    assert Resize(height=100, width=300, fit="inside")(photo).shape == (100, 150, 3)
    assert Resize(height=9, width=9, fit="inside")(np.zeros((2, 900, 3), np.uint8)).shape == (1, 9, 3)


def test_a_strip_that_would_become_too_large_is_refused():
    with pytest.raises(InputError, match="of 90000×1 would become 90000000×1000"):
        Resize(height=1000, width=1000, fit="cover")(np.zeros((1, 90_000, 3), np.uint8))


def test_center_crop_is_that_of_torchvision(photos):
    for photo in photos:
        for size in ((50, 60), (224, 224), (301, 40)):
            found = CenterCrop(height=size[0], width=size[1])(photo)
            assert same(found, transforms.CenterCrop(size)(Image.fromarray(photo)))


def test_pad_sets_a_picture_into_the_middle_of_a_square_or_a_size():
    photo = np.full((3, 6, 3), 9, np.uint8)
    square = Pad(color=(1, 2, 3))(photo)
    assert square.shape == (6, 6, 3)
    assert square[:, 0, 0].tolist() == [1, 9, 9, 9, 1, 1]
    assert square[0, 0].tolist() == [1, 2, 3]
    assert Pad(height=5, width=4)(photo).shape == (5, 6, 3)
    assert (Pad(height=20, width=20, fill="edge")(photo) == 9).all()
    assert same(Pad(width=9, height=3)(photo), functional.pad(Image.fromarray(photo), [1, 0, 2, 0]))


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
def test_colours_change_as_torchvision_changes_them(photos, name, factor):
    adjust = getattr(functional, f"adjust_{name}")
    assert same(Color(**{name: factor})(photos[0]), adjust(Image.fromarray(photos[0]), factor))


@pytest.mark.parametrize("hue", [-0.5, -0.1, 0.2, 0.5])
def test_hue_turns_as_torchvision_turns_it(photos, hue):
    assert same(Color(hue=hue)(photos[0]), functional.adjust_hue(Image.fromarray(photos[0]), hue))


def test_grey_is_that_of_torchvision_and_changes_follow_each_other(photos):
    photo = Image.fromarray(photos[0])
    assert same(Color(grey=True)(photos[0]), functional.to_grayscale(photo, 3))
    expected = functional.to_grayscale(functional.adjust_contrast(functional.adjust_brightness(photo, 1.2), 0.5), 3)
    assert same(Color(brightness=1.2, contrast=0.5, grey=True)(photos[0]), expected)


def test_a_picture_is_augmented_alike_in_every_batch_and_otherwise_by_another_seed(photos):
    together = Augment().batch(photos)
    assert all(same(one, Augment()(photo)) for one, photo in zip(together, photos, strict=True))
    assert not all(
        one.shape == other.shape and same(one, other)
        for one, other in zip(together, Augment(seed=1).batch(photos), strict=True)
    )


def test_crops_mirrors_and_colours_stay_within_what_is_asked_for(photos):
    height, width = photos[0].shape[:2]
    shapes = set()
    for seed in range(40):
        made = Augment(least_area=0.3, seed=seed)(photos[0])
        shapes.add(made.shape)
        assert 0.29 * height * width <= made.shape[0] * made.shape[1] <= height * width
        assert 3 / 4.1 <= made.shape[1] / made.shape[0] * height / width <= 4.1 / 3
    assert len(shapes) > 30
    still = {"least_area": 1.0, "brightness": 0.0, "contrast": 0.0, "saturation": 0.0}
    assert same(Augment(flip=0.0, **still)(photos[0]), photos[0])
    assert same(Augment(flip=1.0, **still)(photos[0]), photos[0][:, ::-1])
    mirrored = [same(Augment(seed=seed, **still)(photos[0]), photos[0]) for seed in range(100)]
    assert 30 < sum(mirrored) < 70


@pytest.mark.parametrize(
    ("operator", "wrong"),
    [(Resize, {"fit": "fill"}), (Pad, {"color": (0, 0, 300)}), (Color, {"hue": 0.6}), (Augment, {"least_area": 0.0})],
)
def test_what_cannot_be_is_refused_when_it_is_made(operator, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        operator(**wrong)
