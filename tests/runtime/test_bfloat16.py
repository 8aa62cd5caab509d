"""Weights rounded to bfloat16: numbers that bfloat16 has, and sums that stay."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from junco.runtime.bfloat16 import rounded

WEIGHTS = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-1e4, 1e4, width=32)
)


def nearest(rows: np.ndarray) -> np.ndarray:
    return torch.from_numpy(rows).bfloat16().float().numpy()


def surplus(found: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.abs((found.astype(np.float64) - rows).sum(axis=1))


@given(WEIGHTS)
def test_every_number_is_one_of_the_two_that_bfloat16_has_around_it(rows):
    found = rounded(rows)
    assert (found == nearest(found)).all()
    between = np.sort(np.stack([found, rows, nearest(rows)]), axis=0)
    assert (np.abs(found - rows) <= np.spacing(np.abs(between).max(axis=0)) * 2**16).all()


@given(WEIGHTS)
def test_sums_are_never_farther_off_than_by_rounding_to_the_nearest(rows):
    assert (surplus(rounded(rows), rows) <= surplus(nearest(rows), rows)).all()


@given(WEIGHTS)
def test_what_bfloat16_has_stays(rows):
    exact = nearest(rows)
    assert (rounded(exact) == exact).all()


def test_an_output_of_many_weights_nearly_keeps_its_sum():
    rows = np.random.default_rng(0).normal(0, 0.1, (32, 96)).astype(np.float32)
    assert surplus(rounded(rows), rows).mean() < surplus(nearest(rows), rows).mean() / 5
    assert np.abs(rounded(rows) - rows).mean() < 1.05 * np.abs(nearest(rows) - rows).mean(), "few weights pay for it"


def test_numbers_that_are_not_finite_stay_what_they_are():
    rows = np.array([[np.inf, 1.001, -np.inf], [np.nan, 1.001, 1.001]], np.float32)
    found = rounded(rows)
    assert np.array_equal(np.isnan(found), np.isnan(rows))
    assert np.array_equal(found[0, [0, 2]], rows[0, [0, 2]])
