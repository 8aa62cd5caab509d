"""Which examples are of which batch."""

from __future__ import annotations

import time

import numpy as np
import pytest

from junco.train.args import TrainingArgs
from junco.train.examples import ArrayRows, Examples
from junco.train.samplers import sampler_for
from junco.train.schedule import share_of_rate
from junco.train.settle import settled
from training import Attending, labelled, pairs, seeded, task_of


def sampler(examples, goal, balance=True, **args):
    task = task_of(seeded(Attending))
    told = TrainingArgs(scope="all", **args)
    return sampler_for(examples, goal, settled(told, task, examples, goal), balance, told.seed)


def of_labels(labels):
    return Examples((ArrayRows((np.zeros((len(labels), 1), np.float32),)),), labels=np.asarray(labels, np.int64))


def test_an_epoch_has_every_example_once_in_batches_of_nearly_one_size():
    batches = sampler(pairs(groups=()), "contrastive", batch=50).batches(1)
    assert sorted(np.concatenate(batches)) == list(range(240))
    assert {len(batch) for batch in batches} == {48}


def test_batches_follow_from_seed_and_epoch():
    one, same, other = (sampler(labelled(), "classify", seed=seed) for seed in (1, 1, 2))
    first = np.concatenate(one.batches(3))
    assert np.array_equal(first, np.concatenate(same.batches(3)))
    assert not np.array_equal(first, np.concatenate(one.batches(4)))
    assert not np.array_equal(first, np.concatenate(other.batches(3)))


def test_labels_are_seen_equally_often_where_that_is_wanted():
    labels = [0] * 900 + [1] * 90 + [2] * 10
    seen = np.bincount(np.asarray(labels)[np.concatenate(sampler(of_labels(labels), "classify").batches(1))])
    assert sorted(seen) == [333, 333, 334]
    plain = sampler(of_labels(labels), "classify", balance=False)
    assert list(np.bincount(np.asarray(labels)[np.concatenate(plain.batches(1))])) == [900, 90, 10]


def test_labels_that_are_equally_many_give_every_example_once():
    batches = sampler(of_labels([0, 1, 2, 3] * 30), "classify").batches(1)
    assert sorted(np.concatenate(batches)) == list(range(120))


@pytest.mark.parametrize("balance", [True, False])
def test_goals_that_compare_items_get_several_of_a_label(balance):
    labels = np.random.default_rng(0).integers(0, 40, 1000)
    for batch in sampler(of_labels(labels), "triplet", balance=balance, batch=32).batches(1):
        counts = np.bincount(labels[batch])
        assert len(batch) <= 32
        assert np.all(counts[counts > 0] >= 4)
        assert np.count_nonzero(counts) > 1


def test_equal_items_of_pairs_are_in_different_batches():
    left = np.repeat(np.arange(100), 5)
    right = np.random.default_rng(0).permutation(np.repeat(np.arange(250), 2))
    columns = tuple(ArrayRows((np.zeros((500, 1), np.float32),)) for _ in range(2))
    batches = sampler(Examples(columns, groups=(left, right)), "contrastive", batch=25).batches(1)
    assert sorted(np.concatenate(batches)) == list(range(500))
    twice = sum(len(batch) - len(np.unique(side[batch])) for batch in batches for side in (left, right))
    assert twice <= 10, "only what the last batches are left with"


def test_a_hundred_thousand_labels_are_no_matter_of_seconds():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(100_000), 3))
    examples = of_labels(labels)
    for goal in ("classify", "triplet"):
        made = sampler(examples, goal, batch=256)
        began = time.process_time()
        assert len(np.concatenate(made.batches(1))) >= 300_000
        assert time.process_time() - began < 5


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "one-cycle"])
def test_a_rate_rises_and_falls_and_is_never_nothing(schedule):
    shares = [share_of_rate(step, 50, schedule, 0.1) for step in range(1, 51)]
    assert all(0 < share <= 1 for share in shares)
    assert max(shares) == pytest.approx(1)
    top = int(np.argmax(shares))
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    assert top == (14 if schedule == "one-cycle" else 4)
    assert (shares[-1] < 0.05) is (schedule != "constant")


def test_one_step_and_no_warmup_have_a_rate_too():
    assert share_of_rate(1, 1, "cosine", 0.0) == 1
    assert share_of_rate(1, 1, "one-cycle", 1.0) == 1
