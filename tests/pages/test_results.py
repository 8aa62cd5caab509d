"""Results that show themselves in a notebook."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from junco import pipe
from junco.pages.results import ResultList

P = (
    pipe.input("n")
    .flat_map("n", "k", range)
    .map("k", "vector", lambda k: np.full(8, k, np.float32))
    .output("k", "vector")
)


def test_rows_of_an_item_show_themselves_and_are_a_list():
    rows = P(3)
    assert isinstance(rows, list)
    assert "<th>vector</th>" in rows._repr_html_()
    assert "8 numbers" in rows[:2]._repr_html_()
    assert [row.k for row in rows] == [0, 1, 2]
    assert P(0) == []


def test_one_row_shows_itself():
    row = P(3)[1]
    assert row._repr_html_().count("<th>") == 2


def test_a_batch_shows_each_item_with_its_rows():
    shown = P.batch([1, 0, 2])._repr_html_()
    assert "3 results" in shown
    assert shown.count('<section class="card">') == 3


def test_many_results_are_cut_and_counted():
    shown = pipe.input("x").map("x", "y", str).output("y").batch(range(500))._repr_html_()
    assert "… 480 more rows" in shown


@pytest.mark.parametrize("results", [[], [None], ["<b>"], [[None], None], [np.zeros(3)] * 3], ids=str)
def test_any_list_can_be_shown(results):
    assert "<b>" not in ResultList(results)._repr_html_()


def test_rows_travel():
    assert pickle.loads(pickle.dumps(ResultList([1, 2]))) == [1, 2]
