"""The map: alike rows lie near each other, every row has its place, nothing but the vectors decides where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from junco.answers.units import unit
from junco.look.drawing import MOST_POINTS, MOST_ZOOM, View, in_view
from junco.pages.plane import flattened


def test_groups_of_rows_lie_apart():
    random = np.random.default_rng(0)
    middles = np.eye(3, 40)
    of_group = np.repeat([0, 1, 2], 50)
    places = flattened(unit(middles[of_group] + 0.05 * random.normal(size=(150, 40)))).places
    centres = np.stack([places[of_group == group].mean(axis=0) for group in range(3)])
    spread = max(np.linalg.norm(places[of_group == group] - centres[group], axis=1).mean() for group in range(3))
    apart = min(np.linalg.norm(centres[one] - centres[two]) for one, two in ((0, 1), (0, 2), (1, 2)))
    assert apart > 2 * spread


def test_two_directions_show_all_of_what_lies_in_a_plane():
    flat = np.random.default_rng(0).normal(size=(100, 2)) @ np.random.default_rng(1).normal(size=(2, 30)) * 1e-3
    plane = flattened(np.asarray(flat + np.ones(30) / 30**0.5, np.float32))
    assert plane.share == pytest.approx(1, abs=1e-3)


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 40), st.integers(1, 12)), elements=st.floats(-1, 1, width=32))
)
def test_every_row_has_a_place_on_the_map(rows):
    places = flattened(unit(rows)).places
    assert places.shape == (len(rows), 2)
    assert ((places >= 0) & (places <= 1)).all()


def test_equal_rows_lie_at_one_place():
    places = flattened(unit(np.repeat(np.random.default_rng(0).normal(size=(5, 8)), 4, axis=0))).places
    assert len(np.unique(places.round(5), axis=0)) == 5


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000), st.integers(0, MOST_ZOOM))
def test_a_view_that_is_moved_stays_on_the_map_and_nearer_and_away_are_opposites(x, y, zoom):
    view = View(x, y, zoom)
    for right, down, by in ((0.5, 0, 0), (-0.5, 0, 0), (0, 0.5, 0), (0, 0, 1), (0, 0, -1)):
        there = view.moved(right, down, by)
        corners = there.within(np.array([[0, 0], [1, 1]], np.float32))
        assert (corners[0] <= 1e-2).all()
        assert (corners[1] >= 1 - 1e-2).all()
    if zoom < MOST_ZOOM:
        assert view.moved(0, 0, 1).zoom == zoom + 1


def test_of_more_rows_than_are_drawn_the_same_ones_are_each_time():
    places = np.random.default_rng(0).uniform(size=(3 * MOST_POINTS, 2)).astype(np.float32)
    drawn, count = in_view(places)
    assert count == 3 * MOST_POINTS
    assert len(drawn) == MOST_POINTS
    assert (drawn == in_view(places)[0]).all()
