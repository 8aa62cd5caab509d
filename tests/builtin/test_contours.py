"""Boxes without a model: whatever differs from the background."""

from __future__ import annotations

import numpy as np
import pytest

from junco.builtin.object_detection.contours import Contours, runs_of, things_of
from junco.errors import InputError, ParameterError


def page(height=90, width=120, level=240):
    return np.full((height, width, 3), level, np.uint8)


def edges(boxes):
    return [(box.x0, box.y0, box.x1, box.y1) for box in boxes]


def test_each_thing_has_a_box_that_fits_the_largest_first():
    pixels = page()
    pixels[10:20, 30:40] = (200, 0, 0)
    pixels[50:80, 60:110] = (0, 0, 200)
    boxes = Contours()(pixels)
    assert edges(boxes) == [(60, 50, 110, 80), (30, 10, 40, 20)]
    assert [box.score for box in boxes] == [1.0, 1.0]


def test_an_empty_picture_has_no_boxes():
    assert Contours()(page()) == []
    assert Contours()(page(1, 1)) == []


def test_a_thing_may_reach_the_border_and_fill_the_picture():
    pixels = page()
    pixels[:, 100:] = 0
    assert edges(Contours(background=(240, 240, 240))(pixels)) == [(100, 0, 120, 90)]
    assert edges(Contours(background=(0, 255, 0))(page())) == [(0, 0, 120, 90)]


def test_pixels_that_touch_by_a_corner_are_one_thing_and_the_score_is_what_it_fills():
    pixels = page()
    pixels[10:20, 10:20] = 0
    pixels[20:30, 20:30] = 0
    pixels[40:50, 41:51] = 0
    boxes = Contours()(pixels)
    assert edges(boxes) == [(10, 10, 30, 30), (41, 40, 51, 50)]
    assert boxes[0].score == 0.5


def test_specks_and_faint_differences_are_left_out():
    pixels = page()
    pixels[10:13, 10:13] = 0
    pixels[30:60, 30:60] = 220
    assert Contours()(pixels) == []
    assert len(Contours(least_pixels=9)(pixels)) == 1
    assert len(Contours(contrast=20)(pixels)) == 1


def test_grain_of_a_scan_is_no_thing():
    rng = np.random.default_rng(0)
    pixels = (page() + rng.normal(0, 5, (90, 120, 1))).clip(0, 255).astype(np.uint8)
    pixels[20:50, 20:50] = 10
    assert edges(Contours()(pixels)) == [(20, 20, 50, 50)]


def test_five_hundred_things_are_found():
    pixels = page(500, 600)
    places = [(column * 24 + 2, row * 25 + 2) for row in range(20) for column in range(25)]
    for x, y in places:
        pixels[y : y + 12, x : x + 15] = (90, 30, 10)
    assert sorted(edges(Contours()(pixels))) == sorted((x, y, x + 15, y + 12) for x, y in places)
    assert len(Contours(max_boxes=20)(pixels)) == 20


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_things_are_those_of_scipy(share):
    from scipy import ndimage

    mask = np.random.default_rng(1).random((120, 170)) < share
    pixels = np.repeat(mask[:, :, None] * np.uint8(255), 3, axis=2)
    found = Contours(background=(0, 0, 0), least_pixels=1, max_boxes=10**6)(pixels)
    labelled, _ = ndimage.label(mask, np.ones((3, 3)))
    expected = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labelled)]
    assert sorted(edges(found)) == sorted(expected)


def test_a_thing_that_winds_is_one():
    mask = np.zeros((81, 60), bool)
    mask[::4] = True
    for number, row in enumerate(range(0, 80, 4)):
        mask[row : row + 4, 59 * (number % 2)] = True
    assert set(things_of(runs_of(mask), 60)) == {0}


def test_what_fills_little_of_its_box_is_left_out_if_that_is_asked_for():
    pixels = np.zeros((60, 60, 3), np.uint8)
    pixels[5:20, 5:20] = 255
    pixels[range(30, 55), range(30, 55)] = 255
    assert len(Contours()(pixels)) == 2
    assert edges(Contours(threshold=0.5)(pixels)) == [(5, 5, 20, 20)]


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="takes pixels"):
        Contours()("page.png")
    with pytest.raises(ParameterError, match="it tells none"):
        Contours(labels=("cat",))
    with pytest.raises(ParameterError, match="three levels from 0 to 255"):
        Contours(background=(0, 0, 256))
