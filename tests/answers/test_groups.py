"""Near-duplicates and clusters: which rows are together, in which order, and what is in none."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from junco import VectorSet
from junco.answers import products
from junco.answers.groups import Group, Groups, alike
from junco.answers.hits import Hit
from junco.answers.units import unit
from junco.errors import InputError, MissingExtraError
from junco.store.content import InMemory


def stored(rows):
    vectors = np.asarray(rows, np.float32)
    return VectorSet([f"row {number}" for number in range(len(vectors))], vectors)


def angles(*degrees):
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def keys(groups):
    return [[hit.key.removeprefix("row ") for hit in group.hits] for group in groups]


def test_rows_that_are_alike_are_one_group_the_most_typical_first_and_others_in_none():
    groups = stored(angles(0, 90, 4, 8, 92, 180)).similar(above=0.99)
    assert keys(groups) == [["2", "0", "3"], ["1", "4"]]
    assert groups.num_alone == 1
    assert str(groups).splitlines()[0] == groups.headline == "2 groups of 5 rows; in none: 1 row"
    assert str(stored(angles(0, 90)).similar()) == "no groups among 2 rows"
    assert groups.to_dict()["groups"][0]["count"] == 3


@pytest.mark.parametrize("block", [3, 64])
def test_groups_are_the_connected_rows_however_products_are_cut(monkeypatch, block):
    monkeypatch.setattr(products, "_PAIR_ROWS", block)
    units = unit(np.random.default_rng(3).normal(size=(150, 4)).astype(np.float32))
    neighbours = units @ units.T >= 0.9
    left, expected = set(range(len(units))), set()
    while left:
        reached, border = set(), {min(left)}
        while border:
            reached |= border
            border = {int(j) for i in border for j in np.flatnonzero(neighbours[i])} - reached
        left -= reached
        if len(reached) > 1:
            expected.add(frozenset(reached))
    found = alike(units, 0.9)
    assert {frozenset(map(int, rows)) for rows, _ in found} == expected
    assert [len(rows) for rows, _ in found] == sorted((len(rows) for rows, _ in found), reverse=True)


def test_a_near_duplicates_score_is_the_cosine_to_the_row_that_is_most_like_it():
    (group,) = stored(angles(0, 2, 90, 6, 6)).similar(above=0.99)
    scores = {hit.key.removeprefix("row "): hit.score for hit in group.hits}
    assert scores["0"] == pytest.approx(np.cos(np.radians(2)), abs=1e-6)
    assert scores["1"] == pytest.approx(np.cos(np.radians(2)), abs=1e-6)
    assert scores["3"] == scores["4"] == 1


def test_many_equal_rows_are_one_group():
    assert [len(group) for group in stored(np.ones((5_000, 3))).similar()] == [5_000]


def test_exact_copies_are_alike_at_a_cosine_of_1_and_rows_of_zeros_are_alike_to_nothing():
    rows = np.random.default_rng(1).normal(size=(400, 64)).astype(np.float32)
    scaled = np.concatenate([rows, rows * np.float32(3.1), np.zeros((5, 64), np.float32)])
    found = stored(scaled).similar(1.0)
    assert [len(group) for group in found] == [2] * 400
    assert found.num_alone == 5


def test_clusters_are_found_by_density_or_as_many_as_are_asked_for():
    chance = np.random.default_rng(0)
    centers = np.eye(3)[np.repeat([0, 1, 2], [40, 30, 20])]
    rows = stored(np.concatenate([centers + chance.normal(scale=0.02, size=(90, 3)), [[-1, -1, -1]]]))
    found = rows.clusters()
    assert [len(group) for group in found] == [40, 30, 20]
    assert found.num_alone == 1
    assert len(rows.clusters(count=4)) <= 4
    with pytest.raises(InputError, match="from 1 to 91 clusters, not 92"):
        rows.clusters(count=92)


def test_a_set_without_rows_has_no_groups():
    assert stored(np.zeros((0, 0))).similar() == []
    assert stored(np.zeros((0, 0))).clusters() == []
    assert stored(angles(0, 1)).clusters() == []


def test_what_is_no_cosine_is_refused_and_a_missing_library_named_with_its_extra(monkeypatch):
    for above in (0, 1.01, -1):
        with pytest.raises(InputError, match="cosine above 0"):
            stored(angles(0, 1)).similar(above)
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(MissingExtraError, match=r"junco\[clusters\]"):
        stored(angles(0, 1)).clusters()


def test_rows_without_a_direction_are_in_no_cluster_and_a_cluster_of_one_row_is_one():
    rows = np.concatenate([angles(0, 1, 2, 3, 4, 90), np.zeros((9, 2)), np.full((3, 2), np.nan)])
    assert stored(rows).clusters(count=3).num_alone == 12
    assert all(hit.row < 6 for group in stored(rows).clusters(least=3) for hit in group.hits)
    assert sorted(len(group) for group in stored(angles(0, 1, 90)).clusters(count=2)) == [1, 2]


def test_of_groups_no_more_rows_are_read_than_are_looked_at_and_those_at_once():
    read = []

    class Counted(InMemory):
        def rows(self, numbers):
            read.append(len(numbers))
            return super().rows(numbers)

    vectors = np.repeat(np.eye(40, dtype=np.float32), 100, axis=0)
    found = VectorSet.of(Counted([f"row {n}" for n in range(4000)], vectors, {"at": list(range(4000))}, None))
    groups = found.similar()
    assert read == []
    assert len(groups) == 40
    assert groups[7][2].columns == {"at": 702}
    assert read == [1]
    assert len(str(groups).splitlines()) == 41
    assert read == [1, 40 * 3]
    assert [hit.row for hit in groups[1]] == list(range(100, 200))
    assert [group["count"] for group in groups.to_dict()["groups"]] == [100] * 40


def test_some_of_the_groups_are_groups_and_a_part_of_one_is_one():
    groups = stored(angles(0, 90, 4, 8, 92, 180)).similar(above=0.99)
    assert str(groups[:1]).splitlines()[0] == "1 group of 3 rows; in none: 1 row"
    assert [hit.row for hit in groups[0][1:]] == [hit.row for hit in groups[0].hits[1:]] == [0, 3]
    held = Groups([Group.of([Hit("a", 0.9), Hit("b", 0.8)]), Group.of([Hit("c", 0.7)])], 0)
    assert [line.split() for line in str(held).splitlines()[1:]] == [
        ["2", "0.800–0.900", "a,", "b"],
        ["1", "0.700–0.700", "c"],
    ]
