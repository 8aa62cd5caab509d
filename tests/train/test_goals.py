"""Losses, gradients in parts, and the rate that is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from junco.train import losses
from junco.train.args import TrainingArgs
from junco.train.goals import Classify, Known, goal_for
from junco.train.gradients import Gradients
from junco.train.parts import Part
from junco.train.passes import Passes
from junco.train.rates import found_rate
from training import Convolutional, pairs, seeded, task_of


def directions(*shape):
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(0)), dim=1)


def test_what_belongs_together_is_told_from_the_rest_of_the_batch():
    left = directions(6, 8)
    alike, mixed = (losses.info_nce([left, right], (), 0.05) for right in (left, left.roll(1, 0)))
    assert alike < 0.1 < 5 < mixed


def test_an_equal_item_is_no_negative():
    left = directions(4, 8)
    left[1] = left[0]
    right = left.clone()
    groups = (torch.tensor([0, 0, 1, 2]), torch.tensor([0, 0, 1, 2]))
    assert losses.info_nce([left, right], (), 0.05) > 0.3
    assert losses.info_nce([left, right], groups, 0.05) < 0.1
    hard = torch.tensor([0, 5, 6, 7])  # the first negative equals the first right one
    with_negatives = losses.info_nce([left, right, right], (*groups, hard), 0.05)
    assert torch.isfinite(with_negatives)


def test_scores_want_an_order_and_not_numbers():
    scores = torch.tensor([0.0, 1.0, 2.0, 2.0])
    good, bad = torch.tensor([-0.9, 0.0, 0.8, 0.9]), torch.tensor([0.9, 0.0, -0.8, -0.9])
    assert losses.in_order(good, scores) < 1e-3 < 10 < losses.in_order(bad, scores)
    assert losses.in_order(good, 100 * scores) == losses.in_order(good, scores)
    assert losses.in_order(good, torch.ones(4)) == 0


def test_a_teacher_is_matched_when_vectors_lie_to_each_other_as_its_do():
    theirs = directions(8, 24)
    basis = torch.linalg.svd(theirs, full_matrices=False)
    mine = basis.U * basis.S
    assert losses.as_the_teacher_compares(functional.normalize(mine, dim=1), theirs) < 1e-10
    assert losses.as_the_teacher_compares(directions(8, 5), theirs) > 1e-2


def test_a_classifier_begins_at_the_means_of_its_labels():
    goal = Classify(3, 8)
    vectors = directions(3, 8)
    before = goal.weight.detach().clone()
    goal.begin(vectors[[0, 0, 2]], torch.tensor([0, 0, 2]))
    assert torch.allclose(goal.weight[0], vectors[0], atol=1e-6)
    assert torch.equal(goal.weight[1], before[1])


@pytest.mark.parametrize("rows", [1000, 16, 7])
def test_gradients_of_a_batch_in_parts_are_those_of_one_pass(rows):
    from training import Attending

    examples = pairs()
    places = np.arange(0, 240, 5)

    def gradients(rows):
        network = seeded(Attending)
        part = Part(network, {name for name, _ in network.named_parameters()}, [network], "network.")
        passes = Passes(task_of(network), part, torch.device("cpu"), False, False)
        made = Gradients(passes, goal_for("contrastive", TrainingArgs(), examples, 16), examples, 0, pytest.fail)
        made.rows = rows
        loss = made.add([places], 1)
        return loss, {name: weight.grad for name, weight in network.named_parameters()}

    (expected, whole), (loss, parts) = gradients(None), gradients(rows)
    assert loss == pytest.approx(expected, rel=1e-6)
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, atol=1e-6, rtol=1e-4)


def test_a_part_that_goes_through_twice_counts_once_in_the_statistics():
    examples, places = pairs(), np.arange(24)

    def statistics(rows):
        network = seeded(Convolutional)
        part = Part(network, {name for name, _ in network.named_parameters()}, [network], "network.")
        passes = Passes(task_of(network), part, torch.device("cpu"), False, False)
        made = Gradients(passes, goal_for("contrastive", TrainingArgs(), examples, 16), examples, 0, pytest.fail)
        made.rows = rows
        made.add([places], 1)
        return {name: int(buffer) for name, buffer in network.named_buffers() if "num_batches" in name}

    assert set(statistics(None).values()) == {2}, "left and right"
    assert set(statistics(12).values()) == {4}


def falling(start, best, diverges):
    """A loss that falls when rates come near to the best, and rises beyond another."""
    state = {"loss": start}

    def loss_at(rate):
        loss = state["loss"]
        state["loss"] *= 1 - 0.3 * min(1.0, rate / best) if rate < diverges else 10.0
        return loss

    return loss_at


@pytest.mark.parametrize("best", [1e-5, 1e-4, 1e-3])
def test_the_rate_that_is_found_is_far_below_one_that_diverges(best):
    found = found_rate(falling(3.0, best, 10 * best), 1e-6, 1e-1, 24)
    assert found is not None
    assert best / 30 < found < 5 * best


def test_no_rate_is_found_where_the_loss_falls_nowhere():
    assert found_rate(lambda rate: 1.0, 1e-6, 1e-1, 24) is None
    assert found_rate(lambda rate: math.nan, 1e-6, 1e-1, 24) is None
    assert found_rate(falling(1.0, 1.0, 1e-9), 1e-6, 1e-1, 24) is None


def test_what_is_known_of_examples_comes_by_their_places():
    known = Known.of(pairs(), np.array([3, 1]), torch.device("cpu"))
    assert known.labels is None
    assert [group.tolist() for group in known.groups] == [[group[3], group[1]] for group in pairs().groups]


def test_passes_are_as_large_as_memory_holds(monkeypatch):
    from junco.train import fitting

    network = seeded(Convolutional)
    part = Part(network, {name for name, _ in network.named_parameters()}, [network], "network.")
    passes = Passes(task_of(network), part, torch.device("cpu"), False, False)
    part.as_in_training()
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    assert fitting.rows_that_fit(passes, pairs(), 32) is None
    monkeypatch.setattr(fitting, "memory_bytes", lambda: 1_000_000)
    fewer = fitting.rows_that_fit(passes, pairs(), 32)
    kept = 64 * (8 * 4 + 16 * 3) * 4  # bytes of an example's maps, more or less
    assert fewer is not None
    assert 0.3 < fewer / (400_000 / (2 * kept)) < 3
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.named_buffers())
