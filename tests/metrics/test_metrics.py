"""What vectors are measured by, beside what scikit-learn and scipy say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, ndcg_score, silhouette_samples
from sklearn.neighbors import KNeighborsClassifier

from junco.metrics.interval import difference, estimate
from junco.metrics.labels import labelled, silhouette
from junco.metrics.pairs import cosines, spearman
from junco.metrics.ranking import retrieval
from junco.types.unit import unit_rows

SEEDS = st.integers(0, 10_000)


def some(seed, num=30, dim=4):
    return np.random.default_rng(seed).standard_normal((num, dim)).astype(np.float32)


@given(SEEDS)
def test_a_query_finds_what_answers_it_as_the_field_counts_it(seed):
    rng = np.random.default_rng(seed)
    queries, gallery = some(seed, 5), some(seed + 1, 20)
    gains = rng.integers(0, 4, (5, 20)) * (rng.random((5, 20)) < 0.3)
    relevant = [{int(row): float(each[row]) for row in np.flatnonzero(each)} for each in gains]
    found, scores = retrieval(queries, gallery, relevant, at=(1, 5)), unit_rows(queries) @ unit_rows(gallery).T
    for number, each in enumerate(gains):
        if not each.any():
            assert np.isnan(found["map"][number])
            continue
        assert found["map"][number] == pytest.approx(average_precision_score(each > 0, scores[number]))
        assert found["ndcg@5"][number] == pytest.approx(ndcg_score([each], [scores[number]], k=5))
        first = np.argsort(-scores[number])[:5]
        assert found["recall@5"][number] == pytest.approx((each[first] > 0).sum() / (each > 0).sum())


@given(SEEDS)
def test_neighbours_vote_as_those_of_scikit_learn(seed):
    vectors, labels = some(seed, 40), np.random.default_rng(seed).integers(0, 3, 40)
    known, asked = unit_rows(vectors[:25]), unit_rows(vectors[25:])
    found = labelled(asked, labels[25:], gallery=(known, labels[:25]), neighbours=1)
    theirs = KNeighborsClassifier(1, metric="cosine").fit(known, labels[:25]).predict(asked)
    there = np.isin(labels[25:], labels[:25])
    np.testing.assert_array_equal(found["knn@1"][there], (theirs == labels[25:])[there])


def test_nobody_is_his_own_neighbour_and_a_label_of_one_does_not_count():
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0]], np.float32)
    found = labelled(vectors, ["a", "a", "b", "猫"], at=(1,), neighbours=1)
    np.testing.assert_array_equal(found["recall@1"], [1, 1, np.nan, np.nan])
    assert estimate(found["map"]).num_items == 2


def test_of_equal_votes_the_nearest_decides():
    gallery = np.array([[1, 0], [0.9, 0.1]], np.float32)
    found = labelled(gallery[:1], ["a"], gallery=(gallery, ["a", "b"]), neighbours=2)
    assert found["knn@2"].tolist() == [1.0]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_orders_are_compared_as_scipy_compares_them(pairs):
    one, other = np.array(pairs, float).T
    with np.errstate(invalid="ignore"):
        theirs = stats.spearmanr(one, other).statistic if len(set(one)) > 1 and len(set(other)) > 1 else np.nan
    assert spearman(one, other) == pytest.approx(theirs, nan_ok=True)


@given(SEEDS)
def test_silhouettes_are_those_of_scikit_learn(seed):
    vectors, labels = some(seed, 30), np.random.default_rng(seed).integers(0, 4, 30)
    theirs = silhouette_samples(unit_rows(vectors).astype(float), labels, metric="cosine")
    np.testing.assert_allclose(silhouette(vectors, labels), theirs, atol=1e-6)


def test_cosines_of_pairs():
    np.testing.assert_allclose(cosines(np.eye(2), np.array([[3.0, 4.0], [0, 0]])), [0.6, 0])


def test_a_mean_has_the_interval_that_the_field_gives_it():
    values = (np.random.default_rng(1).random(400) < 0.3).astype(float)
    found = estimate(values)
    spread = 1.96 * values.std() / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - spread, values.mean() + spread), abs=0.01)
    assert estimate(values) == found


def test_a_small_gain_of_every_item_is_no_noise_and_a_large_one_of_some_may_be():
    rng = np.random.default_rng(2)
    before = rng.random(50)
    assert difference(before + 0.01, before).is_above_zero
    wild = difference(before + rng.standard_normal(50), before)
    assert not wild.is_above_zero
    assert not wild.is_below_zero


def test_nothing_measured_is_no_number():
    assert np.isnan(estimate(np.array([np.nan])).mean)
