"""Exact search by blocks: what a plain product and a sort would find."""

from __future__ import annotations

import numpy as np
import pytest

from junco.answers import products
from junco.answers.products import best, pairs_above
from junco.answers.units import unit


def rows(num_rows, dim=8, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(num_rows, dim)).astype(np.float32))


def plainly(units, wanted, count, among=None):
    scores = wanted @ units.T
    if among is not None:
        scores[:, ~among] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(scores, order, axis=1)


@pytest.mark.parametrize("block_bytes", [1, 200_000])
@pytest.mark.parametrize("num_wanted", [1, 3])
@pytest.mark.parametrize("count", [1, 7, 5_000])
def test_the_best_rows_are_those_of_a_plain_product_however_it_is_cut(monkeypatch, block_bytes, num_wanted, count):
    monkeypatch.setattr(products, "BLOCK_BYTES", block_bytes)
    units, wanted = rows(5_000), rows(num_wanted, seed=1)
    found, scores = plainly(units, wanted, count)
    np.testing.assert_allclose(best(units, wanted, count).scores, scores, atol=1e-6)
    assert (best(units, wanted, count).rows == found).mean() > 0.999  # sums in another order may swap equals


def test_of_equal_rows_the_first_ones_come_first(monkeypatch):
    monkeypatch.setattr(products, "BLOCK_BYTES", 1)
    units = np.tile(rows(1), (4_000, 1))
    assert best(units, units[:1], 5).rows.tolist() == [[0, 1, 2, 3, 4]]


def test_only_rows_that_count_are_found():
    units, among = rows(3_000), np.zeros(3_000, bool)
    among[[5, 1_999, 2_500]] = True
    found = best(units, units[:1], 10, among)
    assert sorted(found.rows[0].tolist()) == [5, 1_999, 2_500]
    assert best(units, units[:1], 10, np.zeros(3_000, bool)).rows.shape == (1, 0)


def test_all_pairs_above_a_cosine_are_found_once(monkeypatch):
    monkeypatch.setattr(products, "_PAIR_ROWS", 64)
    units = rows(500, dim=3)
    found = {(int(a), int(b)) for one, two, _ in pairs_above(units, 0.99) for a, b in zip(one, two, strict=True)}
    wanted = {(i, j) for i, j in zip(*np.nonzero(np.triu(units @ units.T >= 0.99, 1)), strict=True)}
    assert found == {(int(i), int(j)) for i, j in wanted}
    assert found


def test_rows_without_a_direction_are_alike_to_nothing_and_large_and_small_ones_have_theirs():
    units = unit(np.array([[0, 0], [np.nan, 1], [np.inf, 0], [3, 4], [3e30, 4e30], [3e-30, 4e-30]], np.float32))
    np.testing.assert_allclose(units, np.array([[0, 0]] * 3 + [[0.6, 0.8]] * 3, np.float32), rtol=1e-6)
