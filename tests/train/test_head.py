"""A head on cached vectors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from junco.errors import TrainError
from junco.train.examples import ArrayRows
from junco.train.head import head_task
from training import digits, of_flat_pixels, trained, vectors_head


def test_a_head_is_one_matrix_that_makes_held_out_vectors_better(tmp_path):
    task, examples = vectors_head(16)
    done = trained(task, examples, tmp_path, scope="head", epochs=None, lr=None, measure=of_flat_pixels)
    assert list(done.tensors) == ["head.weight"]
    weight = done.tensors["head.weight"]
    assert (weight.shape, weight.dtype) == ((16, 64), np.float32)
    assert done.history.best.measures["accuracy"] > done.history.epochs[0].measures["accuracy"] + 0.05
    by_hand = of_flat_pixels(lambda rows, side: rows.arrays[0] @ weight.T)
    assert by_hand["accuracy"] == pytest.approx(done.history.best.measures["accuracy"], abs=0.005)
    np.testing.assert_allclose(task.network.weight.detach().numpy(), weight, atol=1e-6)


def test_a_head_begins_where_it_is_told_and_gives_the_leading_numbers_where_it_is_not(tmp_path):
    start = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    flat = digits()[2].reshape(-1, 64)
    for given, expected in ((start, flat @ start.T), (None, flat[:, :5])):
        task, examples = vectors_head(5, given)
        vectors = []

        def look(embed, vectors=vectors):
            vectors.append(embed(ArrayRows((flat,)), "left"))
            return {}

        trained(task, examples, tmp_path, scope="head", epochs=1, measure=look, metric="")
        np.testing.assert_allclose(vectors[0], expected, atol=1e-5)


def test_a_head_that_got_no_better_is_what_it_was(tmp_path):
    task, examples = vectors_head(64)
    values = iter([0.9, 0.1])
    done = trained(
        task, examples, tmp_path, scope="head", epochs=1, measure=lambda embed: {"m": next(values)}, metric="m"
    )
    assert np.array_equal(done.tensors["head.weight"], np.eye(64, dtype=np.float32))


def test_decay_draws_a_head_to_what_it_was(tmp_path):
    def distance(decay):
        task, examples = vectors_head(64)
        done = trained(
            task,
            examples,
            tmp_path,
            scope="head",
            epochs=10,
            lr=1e-2,
            weight_decay=decay,
            measure=of_flat_pixels,
            metric="",
        )
        return np.abs(done.tensors["head.weight"] - np.eye(64)).sum()

    assert distance(5.0) < 0.9 * distance(0.0)


def test_a_start_of_another_shape_is_told():
    with pytest.raises(
        TrainError, match=r"'x': a head begins at finite numbers of shape \(3, 8\), not at \(8, 3\) ones"
    ):
        head_task("x", 8, 3, np.zeros((8, 3), np.float32))


def test_no_row_is_taken_by_itself_when_a_head_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(ArrayRows, "take", lambda self, places: pytest.fail("row by row"))
    task, examples = vectors_head(64)
    trained(task, examples, tmp_path, scope="head", measure=of_flat_pixels)


def test_training_a_head_imports_no_compiler_and_no_adapters():
    code = (
        "import sys, tempfile; sys.path.insert(0, 'tests'); from training import *\n"
        "task = head_task('x', 8, 8)\n"
        "rows = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)\n"
        "examples = Examples((ArrayRows((rows,)),), labels=np.arange(40) % 4)\n"
        "trained(task, examples, tempfile.mkdtemp(), scope='head', measure=lambda embed: {}, metric='')\n"
        "heavy = ('torch._dynamo', 'peft', 'pytorch_metric_learning', 'accelerate', 'sklearn')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "[]"
