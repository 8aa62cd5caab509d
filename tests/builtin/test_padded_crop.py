"""Crops with what is around a box."""

from __future__ import annotations

import math

import numpy as np
import pytest

from junco.builtin.image_crop.box import BoxCrop
from junco.builtin.image_crop.padded import PaddedCrop
from junco.errors import InputError, ParameterError
from junco.types import Box, Face


@pytest.fixture
def numbered():
    """Each pixel of this 60×40 image says where it is: (row, column, 9)."""
    rows, columns = np.mgrid[0:40, 0:60]
    return np.stack([rows, columns, np.full_like(rows, 9)], axis=2).astype(np.uint8)


def spans(crop):
    """Of a crop of the numbered image: first row, row after the last, first column, column after the last."""
    return (*(int(crop[at, at, 0]) + (at < 0) for at in (0, -1)), *(int(crop[at, at, 1]) + (at < 0) for at in (0, -1)))


def test_without_margins_it_is_the_crop_of_the_box(numbered):
    for box in (Box(3, 4, 20, 30), Box(0.4, 0.5, 9.6, 9.4), Box(-5, -5, 12, 8), Box(50, 30, 99, 99)):
        np.testing.assert_array_equal(PaddedCrop(margin=0.0)(numbered, box), BoxCrop()(numbered, box))


def test_margins_are_shares_of_the_box_and_pixels(numbered):
    assert spans(PaddedCrop(margin=0.1)(numbered, Box(20, 10, 40, 20))) == (9, 21, 18, 42)
    assert spans(PaddedCrop(margin=0.0, margin_pixels=3)(numbered, Box(20, 10, 40, 20))) == (7, 23, 17, 43)
    assert spans(PaddedCrop(margin=0.1, margin_pixels=3)(numbered, Box(20, 10, 40, 20))) == (6, 24, 15, 45)


def test_a_square_has_the_longer_side_and_the_same_middle(numbered):
    assert spans(PaddedCrop(margin=0.0, square=True)(numbered, Box(20, 15, 40, 25))) == (10, 30, 20, 40)


def test_what_is_outside_is_left_out_moved_repeated_or_filled(numbered):
    box = Box(50, 0, 60, 10)
    assert spans(PaddedCrop(margin=0.5)(numbered, box)) == (0, 15, 45, 60)
    assert spans(PaddedCrop(margin=0.5, outside="shift")(numbered, box)) == (0, 20, 40, 60)
    repeated = PaddedCrop(margin=0.5, outside="edge")(numbered, box)
    assert repeated.shape == (20, 20, 3)
    assert repeated[0, -1].tolist() == [0, 59, 9]
    filled = PaddedCrop(margin=0.5, outside="constant", color=(1, 2, 3))(numbered, box)
    assert filled.shape == (20, 20, 3)
    assert filled[0, 0].tolist() == filled[19, 19].tolist() == [1, 2, 3]
    assert filled[5, 0].tolist() == [0, 45, 9]


def test_a_box_that_is_larger_than_the_image_is_clipped_where_it_cannot_be_moved(numbered):
    assert PaddedCrop(margin=2.0, outside="shift")(numbered, Box(5, 5, 50, 30)).shape == numbered.shape


def test_a_sliver_of_a_box_gives_a_pixel_at_least(numbered):
    assert PaddedCrop(margin=0.0)(numbered, Box(7.1, 8.1, 7.2, 8.2)).shape == (1, 1, 3)
    assert PaddedCrop(margin=0.0)(numbered, Box(59.9, 39.9, 60, 40)).shape == (1, 1, 3)


def test_of_a_face_the_box_is_taken(numbered):
    face = Face(Box(20, 10, 40, 20), ())
    np.testing.assert_array_equal(PaddedCrop()(numbered, face), PaddedCrop()(numbered, face.box))
    np.testing.assert_array_equal(BoxCrop()(numbered, face), BoxCrop()(numbered, face.box))


@pytest.mark.parametrize("box", [Box(60, 0, 70, 10), Box(0, -9, 9, 0), Box(5, 5, 5, 9), Box(9, 9, 5, 5)])
def test_a_box_with_nothing_of_the_image_in_it_is_refused(numbered, box):
    with pytest.raises(InputError, match="no pixel of the 60×40 image is inside"):
        PaddedCrop(margin=3.0)(numbered, box)


@pytest.mark.parametrize("edge", [math.nan, math.inf])
def test_an_edge_that_is_no_number_is_refused(numbered, edge):
    with pytest.raises(InputError, match="not all finite"):
        PaddedCrop()(numbered, Box(0, 0, edge, 9))


def test_margins_that_no_memory_holds_are_refused(numbered):
    with pytest.raises(InputError, match="more than 64,000,000 pixels"):
        PaddedCrop(margin_pixels=1e5, outside="edge")(numbered, Box(0, 0, 9, 9))
    with pytest.raises(ParameterError, match="must be numbers"):
        PaddedCrop(margin=math.inf)


def test_a_crop_does_not_hold_its_image(numbered):
    assert PaddedCrop()(numbered, Box(3, 3, 20, 20)).base is None
