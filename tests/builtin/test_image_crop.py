from __future__ import annotations

import math

import numpy as np
import pytest

from junco.builtin.image_crop.box import BoxCrop
from junco.errors import InputError, ParameterError
from junco.operator.registry import load
from junco.types import Box, VideoFrame


@pytest.fixture
def numbered():
    """Each pixel of this 6×4 image says where it is: (row, column, 0)."""
    rows, columns = np.mgrid[0:4, 0:6]
    return np.stack([rows, columns, np.zeros_like(rows)], axis=2).astype(np.uint8)


def corners(crop):
    return tuple(crop[0, 0, :2].tolist()), tuple(crop[-1, -1, :2].tolist())


def test_the_far_edges_are_outside_the_crop(numbered):
    crop = BoxCrop()(numbered, Box(1, 1, 4, 3))
    assert crop.shape == (2, 3, 3)
    assert corners(crop) == ((1, 1), (2, 3))


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        (Box(0.49, 0.49, 2.49, 2.49), (2, 2, 3)),
        (Box(0.5, 0.5, 2.5, 2.5), (2, 2, 3)),
        (Box(0.6, 0.4, 2.4, 2.6), (3, 1, 3)),
    ],
)
def test_edges_go_to_the_nearest_boundary_between_pixels(numbered, box, shape):
    assert BoxCrop()(numbered, box).shape == shape


def test_a_box_that_hangs_over_is_clipped(numbered):
    assert corners(BoxCrop()(numbered, Box(-5, 2, 100, 100))) == ((2, 0), (3, 5))


def test_the_margin_widens_each_side_by_a_fraction_of_the_box(numbered):
    assert corners(BoxCrop(margin=0.5)(numbered, Box(2, 1, 4, 3))) == ((0, 1), (3, 4))


def test_a_crop_does_not_keep_its_frame_in_memory(numbered):
    assert not np.shares_memory(BoxCrop()(numbered, Box(0, 0, 6, 4)), numbered)


def test_a_video_frame_is_cropped_by_its_pixels(numbered):
    frame = VideoFrame(numbered, time_s=1.0, index=3)
    assert BoxCrop()(frame, Box(0, 0, 2, 2)).shape == (2, 2, 3)


@pytest.mark.parametrize("box", [Box(2, 2, 2, 4), Box(3, 3, 1, 1), Box(10, 0, 12, 4), Box(-4, 0, -1, 4)])
def test_a_box_without_a_pixel_is_refused(numbered, box):
    with pytest.raises(InputError, match="no pixel of the 6×4 image is inside"):
        BoxCrop()(numbered, box)


@pytest.mark.parametrize(
    ("box", "corner"),
    [
        (Box(1.1, 2.2, 1.2, 2.3), (1, 2)),
        (Box(-5, -5, 0.1, 0.1), (0, 0)),
        (Box(5.8, 3.9, 9, 9), (5, 3)),
        (Box(2.6, 1.7, 2.65, 1.8), (3, 2)),
    ],
)
def test_of_a_box_smaller_than_a_pixel_one_is_taken(numbered, box, corner):
    x, y = corner
    np.testing.assert_array_equal(BoxCrop()(numbered, box), numbered[y : y + 1, x : x + 1])


@pytest.mark.parametrize("member", ["box", "padded"])
def test_edges_and_margins_beyond_all_numbers_are_no_overflow(numbered, member):
    with pytest.raises(InputError, match="finite"):
        load(f"image-crop.{member}")()(numbered, Box(-1.7e308, 0, 1.7e308, 2))
    assert load(f"image-crop.{member}")(margin=1e308)(numbered, Box(1, 1, 2, 2)).shape == numbered.shape


@pytest.mark.parametrize("edge", [math.nan, math.inf, -math.inf])
def test_edges_that_are_no_numbers_are_refused(numbered, edge):
    with pytest.raises(InputError, match="finite"):
        BoxCrop()(numbered, Box(0, 0, edge, 2))


@pytest.mark.parametrize("box", [None, (0, 0, 2, 2), "box"])
def test_what_is_no_box_is_refused(numbered, box):
    with pytest.raises(InputError, match=r"junco\.types\.Box"):
        BoxCrop()(numbered, box)


@pytest.mark.parametrize(
    "image",
    [None, "cat.jpg", np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(InputError, match=r"image-crop\.box"):
        BoxCrop()(image, Box(0, 0, 1, 1))


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf, "wide", True])
def test_a_margin_that_cannot_be_is_refused(margin):
    with pytest.raises(ParameterError, match="margin"):
        BoxCrop(margin=margin)
