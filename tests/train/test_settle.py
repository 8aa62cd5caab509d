"""What cannot be trained is told before it begins, with numbers and with what can."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from junco.errors import DataError, TrainError
from junco.train.args import TrainingArgs
from junco.train.examples import ArrayRows, Examples
from junco.train.settle import settled
from training import Attending, labelled, pairs, scored, seeded, task_of, trained, vectors_head


@pytest.mark.parametrize(
    ("goal", "examples", "says"),
    [
        ("classify", pairs, "needs a label of each item, and these are pairs: take goal='contrastive'"),
        ("cosent", labelled, "needs pairs with scores, and these are items with labels: take goal='classify'"),
        ("triplet", pairs, "needs triplets or labels"),
        ("distil", labelled, "needs vectors of a teacher"),
        ("clasify", labelled, "there is no goal 'clasify'"),
    ],
)
def test_a_goal_that_does_not_fit_the_examples_names_those_that_do(tmp_path, goal, examples, says):
    with pytest.raises(TrainError, match=says):
        trained(task_of(seeded(Attending)), examples(), tmp_path, goal)


def items(labels):
    labels = np.asarray(labels, np.int64)
    return Examples((ArrayRows((np.zeros((len(labels), 1, 8, 8), np.float32),)),), labels=labels)


@pytest.mark.parametrize(
    ("examples", "args", "says"),
    [
        (lambda: items([0, 0, 0]), {}, "all 3 examples have one label"),
        (lambda: items([0, 1, 2]), {}, "each of 3 labels has one example alone"),
        (lambda: items([0]), {}, "1 example is too little to train on"),
        (lambda: items([0, 0, 1]), {"batch": 8}, "3 examples are too few for a step with batch=8: give more"),
        (lambda: items([0, 0, 1]), {"accumulate": 4}, "3 examples are too few for a step with accumulate=4"),
    ],
)
def test_too_little_data_is_told_with_numbers(tmp_path, examples, args, says):
    with pytest.raises(DataError, match=says):
        trained(task_of(seeded(Attending)), examples(), tmp_path, **args)


def test_a_device_that_is_not_there_is_told(tmp_path):
    with pytest.raises(TrainError, match="device='gpu' is none: take 'auto'"):
        trained(task_of(seeded(Attending)), labelled(), tmp_path, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(TrainError, match="torch sees no GPU here"):
            trained(task_of(seeded(Attending)), labelled(), tmp_path, device="cuda:1")


def test_scores_without_an_order_and_numbers_that_are_none_are_told(tmp_path):
    for scores, says in (
        (np.ones(240), "all 240 scores are 1: there is no order"),
        (np.full(240, np.nan), "not a finite"),
    ):
        examples = Examples(scored().columns, scores=scores.astype(np.float32))
        with pytest.raises(DataError, match=says):
            trained(task_of(seeded(Attending)), examples, tmp_path, "cosent")


def test_what_compares_labels_needs_two_of_two_in_a_batch(tmp_path):
    with pytest.raises(DataError, match="two labels of two examples each at least, and a batch has 3"):
        trained(task_of(seeded(Attending)), labelled(), tmp_path, "triplet", batch=3)


def test_what_is_left_open_is_settled_by_the_size_of_the_data():
    task, examples = vectors_head()
    head = settled(TrainingArgs(), task, examples, "classify")
    assert (head.batch, head.epochs, head.steps) == (240, 40, 40)
    whole = settled(TrainingArgs(scope="all"), task, examples, "classify")
    assert (whole.batch, whole.epochs, whole.steps, whole.augment) == (32, 3, 24, False)
    given = settled(TrainingArgs(scope="all", batch=10, accumulate=3, steps=12), task, examples, "classify")
    assert (given.num_batches, given.steps_of_an_epoch, given.epochs, given.steps) == (24, 8, 2, 12)
