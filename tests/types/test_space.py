"""A space is its parts: what is equal, what differs, and how it says so."""

from __future__ import annotations

import pickle

import pytest

from junco.errors import SpaceError
from junco.types import Space
from junco.types.space import check_same

MODEL = Space({"weights": "sha256 aa", "mean": (0.5, 0.4), "dim": 384, "normalize": False}, "a model")
LOST = Space(MODEL.parts, MODEL.label, unknown="step 'map' (f)")


def test_the_order_of_parts_and_the_label_are_no_part_of_the_identity():
    other = Space({"normalize": False, "dim": 384, "mean": [0.5, 0.4], "weights": "sha256 aa"}, "another label")
    assert other == MODEL
    assert MODEL.id == other.id
    assert len(MODEL.id) == 12


def test_another_value_of_any_part_is_another_space_and_is_explained():
    other = MODEL.but(weights="sha256 bb", prompt="query: ")
    assert other != MODEL
    assert MODEL.id != other.id
    assert MODEL.explain(other) == ['weights: "sha256 aa" ≠ "sha256 bb"', 'prompt: nothing ≠ "query: "']
    assert MODEL.explain(MODEL) == []


def test_true_and_one_are_different_values():
    assert MODEL.but(normalize=1) != MODEL.but(normalize=True)


def test_truncating_and_scaling_is_the_same_before_and_after():
    assert MODEL.normalized().truncated(64, renormalize=True) == MODEL.truncated(64, renormalize=False).normalized()
    assert MODEL.normalized().normalized() == MODEL.normalized()


def test_truncating_to_all_numbers_changes_nothing():
    assert MODEL.truncated(384, renormalize=False) == MODEL
    assert MODEL.normalized().truncated(384, renormalize=False) == MODEL.normalized()


def test_a_scaled_vector_that_was_only_truncated_is_in_neither_of_the_other_spaces():
    cut = MODEL.normalized().truncated(64, renormalize=False)
    assert cut not in (MODEL.truncated(64, renormalize=False), MODEL.normalized().truncated(64, renormalize=True))
    assert cut.normalized() == MODEL.truncated(64, renormalize=True)


def test_a_mean_of_means_is_a_mean_and_what_was_done_to_vectors_before_is_told():
    mean = MODEL.pooled("mean")
    assert mean != MODEL
    assert mean.pooled("mean") == mean
    others = {
        MODEL.pooled("max"),
        mean.pooled("max"),
        MODEL.normalized().pooled("mean"),
        mean.normalized().pooled("mean"),
    }
    assert len({mean, *others}) == 5


def test_a_length_that_numbers_had_before_they_were_truncated_is_told_with_their_count():
    cut = MODEL.normalized().truncated(64, renormalize=False)
    assert cut.description == "a model, 64 numbers, length 1 before truncation of 384 numbers"
    assert MODEL.truncated(128, renormalize=True).truncated(64, renormalize=False) != cut
    assert cut.truncated(32, renormalize=False) == MODEL.normalized().truncated(32, renormalize=False)
    assert cut.pooled("mean") not in (MODEL.truncated(64, renormalize=False).pooled("mean"), cut)
    assert cut.pooled("mean") == MODEL.normalized().pooled("mean").truncated(64, renormalize=False)
    assert MODEL.truncated(64, renormalize=True).pooled("mean") != cut.pooled("mean")


def test_a_model_on_what_could_not_be_identified_is_not_identified():
    assert MODEL.on(LOST).unknown == LOST.unknown
    assert MODEL.on(MODEL).is_known


def test_the_description_is_one_line_for_people():
    assert MODEL.normalized().but(prompt="query: ").description == "a model, 384 numbers, length 1, prompt 'query: '"


def test_what_is_stored_comes_back_equal():
    assert Space.from_json(MODEL.to_json()) == MODEL
    assert Space.from_json(MODEL.to_json()).label == "a model"
    assert pickle.loads(pickle.dumps(MODEL)) == MODEL


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"id": "x", "label": "", "parts": 3}', MODEL.to_json().replace("aa", "bb")]
)
def test_a_description_that_was_changed_or_is_none_is_refused(text):
    with pytest.raises(SpaceError, match="no description of a vector space"):
        Space.from_json(text)


def test_a_name_makes_a_space_of_its_own_that_still_knows_its_model():
    mine = LOST.named("mine")
    assert mine.id == "mine"
    assert mine.is_known
    assert mine == MODEL.named("mine")
    assert mine not in (MODEL, MODEL.but(weights="sha256 bb").named("mine"))


def test_a_mix_is_refused_with_both_spaces_what_differs_and_the_cure():
    other = MODEL.but(dim=128)
    with pytest.raises(SpaceError, match="dim: 384 ≠ 128") as caught:
        check_same(MODEL, other, "these", "those", "Do this.")
    assert MODEL.id in str(caught.value)
    assert other.id in str(caught.value)
    assert str(caught.value).endswith("Do this.")
    assert (caught.value.one, caught.value.other) == (MODEL, other)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("spaces", [(None, MODEL), (MODEL, None), (None, None), (LOST, LOST)])
def test_an_unknown_space_is_the_same_as_none(spaces):
    with pytest.raises(SpaceError, match="an unknown space"):
        check_same(*spaces, "these", "those", "")


def test_the_id_of_a_space_is_not_taken_for_it():
    one = Space({"model": "a"})
    with pytest.raises(SpaceError, match=f"a: '{one.id}' is the id of a space; give the space itself, pipeline.plan"):
        check_same(one.id, one, "a", "b", "")


def test_one_space_may_be_mixed():
    check_same(MODEL, Space(dict(MODEL.parts)), "these", "those", "")
