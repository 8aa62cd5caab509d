"""Who is mistaken, and for what: on vectors whose neighbours are known."""

from __future__ import annotations

import numpy as np
import pytest

from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TripletSet
from junco.metrics.labels import labelled
from junco.tuning.held_out import MOST_ITEMS, HeldOut, SeenLabels, gallery_of, name_of
from junco.tuning.mistakes import (
    coded,
    confusion,
    misplaced,
    mistaken,
    most_confused,
    num_confused,
    searches,
    suspected,
    votes,
)


def at(*degrees):
    turns = np.deg2rad(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


TWO_HEAPS = at(0, 2, 4, 6, 8, 90, 92, 94, 96, 98)


def test_items_are_taken_for_what_their_neighbours_are():
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])  # the fifth lies among those of the other label
    found = votes(TWO_HEAPS, codes, 3)
    assert found.taken.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert mistaken(found, codes).tolist() == [4]
    assert found.near[0].tolist() == [1, 2, 3]
    assert found.margins[4] < 0 < found.margins[0]


def test_votes_are_those_that_knn_accuracy_is_counted_by():
    rng = np.random.default_rng(0)
    vectors, codes = rng.normal(size=(80, 4)).astype(np.float32), rng.integers(0, 4, 80)
    right = votes(vectors, codes, 5).taken == codes
    assert right.astype(float).tolist() == labelled(vectors, codes.tolist(), neighbours=5)["knn@5"].tolist()


def test_an_item_whose_label_nobody_else_has_is_not_mistaken():
    codes = np.array([0, 0, 0, 0, 2, 1, 1, 1, 1, 1])
    assert mistaken(votes(TWO_HEAPS, codes, 3), codes).tolist() == []


def test_the_worst_mistakes_come_first():
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 0])
    found = votes(at(0, 2, 4, 6, 40, 90, 92, 94, 96, 93), codes, 3)
    assert mistaken(found, codes).tolist() == [9, 4]  # 87 degrees from its own, 50 from its own


def test_labels_of_any_kind_have_an_order():
    assert coded(["b", "a", "三"])[0] == ["a", "b", "三"]
    assert coded(["class 10", "class 9", "Ärger", "10"])[0] == ["10", "class 9", "class 10", "Ärger"]
    names, codes = coded([10, 9, 10])
    assert (names, codes.tolist()) == (["9", "10"], [1, 0, 1])


def test_a_confusion_has_a_row_for_each_label_and_a_column_for_what_it_is_taken_for():
    found = confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_the_most_confused_labels_come_first_whichever_is_taken_for_the_other():
    codes, taken = np.array([0, 2, 1, 2, 3]), np.array([2, 0, 0, 2, 3])
    assert most_confused(codes, taken) == [(0, 2, 2), (0, 1, 1)]
    assert most_confused(codes, taken, 1) == [(0, 2, 2)]
    assert most_confused(codes, codes) == []
    assert [num_confused(codes, taken, 0, other) for other in (1, 2, 3)] == [1, 2, 0]


def test_a_label_is_suspected_where_all_neighbours_before_and_after_say_another():
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    right = np.where(np.arange(10) == 4, 0, codes)
    before = votes(TWO_HEAPS, codes, 3)
    assert suspected(before, before, codes).tolist() == [4]
    assert suspected(before, before, right).tolist() == []
    assert suspected(before, votes(at(0, 2, 4, 6, 91, 90, 92, 94, 96, 98), codes, 3), codes).tolist() == []
    assert suspected(votes(TWO_HEAPS, codes, 2), votes(TWO_HEAPS, codes, 2), codes).tolist() == []


def test_a_search_says_how_far_down_the_first_answer_is():
    found = searches(at(0, 90, 45), at(1, 50, 89), [[0], [0, 1], []])
    assert found.ranks.tolist() == [1, 2, 0]
    assert found.first.tolist() == [0, 2, 1]


def test_of_equally_near_rows_the_first_counts_as_nearer():
    assert searches(at(0), at(5, 5, 5), [[1]]).ranks.tolist() == [2]


def test_pairs_that_are_found_more_alike_than_told_are_above_zero():
    found = misplaced(np.array([0.9, 0.5, 0.1]), np.array([1.0, 2.0, 3.0]))
    assert found.tolist() == [1.0, 0.0, -1.0]


def test_equal_items_of_pairs_answer_for_each_other():
    pairs = gallery_of(PairSet(["q", "q", "r"], ["a", "b", "b"]))
    assert (pairs.rows.tolist(), pairs.relevant) == ([0, 1], [[0, 1], [0, 1], [1]])
    assert gallery_of(PairSet(["q"], ["a"], [0.5])) is None
    asked = RetrievalSet({"1": "q"}, {"x": "a", "y": "b"}, {"1": {"y": 1.0}})
    assert gallery_of(asked).relevant == [[1]]


def test_what_is_held_out_has_a_vector_for_each_item_of_each_column():
    data = TripletSet(["a"], ["b"], ["c"])
    one = at(0)
    assert HeldOut(data, (one, one, one), (one, one, one)).labels is None
    with pytest.raises(AssertionError, match="a vector for each item"):
        HeldOut(data, (one, one), (one, one))


def test_what_is_mended_and_what_is_broken_is_counted():
    labels = ["a"] * 5 + ["b"] * 5
    before, after = at(0, 2, 4, 6, 91, 90, 92, 94, 96, 98), at(0, 2, 4, 6, 8, 90, 92, 94, 96, 3)
    found = HeldOut(LabelledSet([f"{n}.x" for n in range(10)], labels), (before,), (after,)).labels
    assert (found.num_mended, found.num_broken) == (1, 1)
    plain = found.to_dict()
    assert plain["labels"] == ["a", "b"]
    assert plain["confusion"] == {"before": [[4, 1], [0, 5]], "after": [[5, 0], [1, 4]]}
    assert [(each["item"], each["label"], each["taken_for_after"]) for each in plain["worst"]] == [("9.x", "b", "a")]


def test_an_item_is_called_by_its_key_and_a_text_also_by_what_it_says():
    assert name_of("/data/a/b.jpg", "a/b.jpg") == "a/b.jpg"
    assert name_of("how does\none", "27") == "27: how does one"
    assert name_of("text") == "text"
    assert name_of(np.zeros((2, 3)), "row 3") == "row 3"


def test_of_very_many_items_a_part_is_looked_at():
    count = MOST_ITEMS + 1_000
    vectors = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    data = LabelledSet([str(n) for n in range(count)], [n % 2 for n in range(count)])
    found = SeenLabels.of(data, vectors, vectors)
    assert (len(found.data), found.num_items) == (MOST_ITEMS, count)
    assert found.name(MOST_ITEMS - 1) == str(count - 1)
