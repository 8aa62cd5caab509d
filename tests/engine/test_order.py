"""Keys and order: what comes next, whoever is ready first."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.engine.order import BlockOrder, next_key


@pytest.mark.parametrize(
    ("key", "ends", "follows"),
    [
        ((0,), (False,), (1,)),
        ((0, 0), (False, False), (0, 1)),
        ((0, 3), (False, True), (1, 0)),
        ((2, 1, 4), (False, True, True), (3, 0, 0)),
        ((2, 1, 4), (False, False, True), (2, 2, 0)),
    ],
)
def test_after_a_key_comes_its_sibling_or_that_of_the_nearest_ancestor_that_has_one(key, ends, follows):
    assert next_key(key, ends) == follows


def test_nothing_is_given_before_its_turn():
    order = BlockOrder()
    order.push((1,), "b")
    assert order.peek() is None
    order.push((0,), "a")
    assert (order.peek(), order.pop((False,)), order.pop((False,)), order.peek()) == ("a", "a", "b", None)


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), max_size=5), st.integers(0, 2**32 - 1))
def test_blocks_come_out_in_order_in_whatever_order_they_come_in(sources, seed):
    blocks = [
        ((i, j, k), (False, j == len(pieces) - 1, k == count - 1))
        for i, pieces in enumerate(sources)
        for j, count in enumerate(pieces)
        for k in range(count)
    ]
    order, given_out = BlockOrder(), []
    for key, ends in random.Random(seed).sample(blocks, len(blocks)):
        order.push(key, (key, ends))
        while (held := order.peek()) is not None:
            assert order.next() == held
            given_out.append(order.pop(held[1]))
    assert given_out == blocks
    assert len(order) == 0
