"""What operators of one's own lend a trainer by `source` and `prepare`: the vectors that they give themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from junco import ImageEmbedding, Input, MiddleCrop, NeuralOperator, Source
from junco.errors import ContractError
from junco.neural.augment import cropped_and_mirrored
from junco.neural.patches import PatchEmbedding
from junco.types import Image
from tuned_folders import ON_CPU, ROWS, Sums, tuned_head, tuned_whole, vectors


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


def lent(operator: NeuralOperator, items: Sequence[Any], side: str = "left") -> np.ndarray:
    """The vectors that its task makes of items."""
    task = operator.train_task()
    rows = task.rows(items, side)
    assert all(isinstance(array, np.ndarray) for row in rows for array in row)
    with torch.no_grad():
        return task.forward(task.collate(rows, side), side).numpy()


def check(operator: NeuralOperator, items: Sequence[Any], own: np.ndarray | None = None) -> None:
    expected = vectors(operator, items) if own is None else own
    np.testing.assert_allclose(lent(operator, items), expected, atol=1e-5)


class Colours(ImageEmbedding, family="image-embedding", name="test-colours"):
    """Pictures by random weights."""

    dim = 4

    def preparation(self) -> MiddleCrop:
        return MiddleCrop(16, 20)

    def source(self) -> Source:
        class Network(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv = torch.nn.Conv2d(3, 4, 3)

            def forward(self, pixels: torch.Tensor) -> torch.Tensor:
                return self.conv(pixels.permute(0, 3, 1, 2).float() / 255).mean((2, 3))

        return Source(build=Network, seed=2)


class Letters(NeuralOperator, family="word-embedding", name="test-letters"):
    """Texts by their characters; shorter ones are filled up with 7."""

    def source(self) -> Source:
        class Mean(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.table = torch.nn.Embedding(64, 8)

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
                weight = mask.unsqueeze(-1).float()
                return (self.table(ids) * weight).sum(1) / weight.sum(1)

        inputs = (Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None)))
        return Source(build=Mean, seed=1, inputs=inputs)

    def prepare(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        longest = max(map(len, texts)) + 1
        ids = np.full((len(texts), longest), 7, np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(texts):
            codes = [1, *(ord(letter) % 64 for letter in text)]
            ids[row, : len(codes)], mask[row, : len(codes)] = codes, 1
        return ids, mask


class Places(NeuralOperator, family="place-embedding", name="test-places"):
    """A picture and where to look in it."""

    def source(self) -> Source:
        class Network(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.levels, self.place = torch.nn.Linear(48, 3), torch.nn.Linear(2, 3)

            def forward(self, levels: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
                return self.levels(levels.flatten(1)) + self.place(place)

        return Source(build=Network, seed=3)

    def golden(self) -> tuple[list[Image], list[tuple[int, int]]]:
        rng = np.random.default_rng(0)
        return [rng.integers(0, 256, (4, 4, 3), np.uint8) for _ in range(3)], [(0, 1), (1, 2), (3, 3)]

    def prepare(self, images: Sequence[Image], places: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        return np.stack(images) / 255.0, np.array(places, np.float64)


class Windows(PatchEmbedding, family="number-embedding", name="test-windows"):
    """Numbers in windows of four, which count by their numbers."""

    def source(self) -> Source:
        return Source(build=lambda: torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh()), seed=1)

    def golden(self) -> list[list[float]]:
        return [[1.0, 2.0, 3.0, 4.0, 5.0], [0.5] * 9]

    def patches(self, item: list[float]) -> list[np.ndarray]:
        filled = [*item, *([0.0] * (-len(item) % 4))]
        return [np.array(filled[start : start + 4], np.float32) for start in range(0, len(filled), 4)]

    def shares(self, item: list[float], num_patches: int) -> np.ndarray:
        return np.diff(np.minimum(np.arange(num_patches + 1) * 4, len(item)))


class Lengths(PatchEmbedding, family="number-embedding", name="test-lengths"):
    """Numbers in windows of up to four, of which a pass takes one."""

    def source(self) -> Source:
        class Mean(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.linear = torch.nn.Linear(1, 3)

            def forward(self, rows: torch.Tensor) -> torch.Tensor:
                return torch.tanh(self.linear(rows.unsqueeze(-1))).mean(1)

        return Source(build=Mean, seed=1, inputs=(Input("rows", "float32", (1, None)),))

    def golden(self) -> list[list[float]]:
        return [[1.0, 2.0, 3.0, 4.0]]

    def patches(self, item: list[float]) -> list[np.ndarray]:
        return [np.array(item[start : start + 4], np.float32) for start in range(0, len(item), 4)]


RNG = np.random.default_rng(5)
PICTURES = [RNG.integers(0, 256, (30 + 7 * n, 50 - 6 * n, 3), np.uint8) for n in range(4)]
LONG = [[1.0, -2.0, 3.0], [0.5] * 9, [4.0, 1.0, 0.0, -1.0, 2.0]]


@pytest.mark.parametrize(
    ("operator", "items"),
    [
        (Sums, ROWS),
        (Colours, PICTURES),
        (Letters, ["a cat", "a much longer text about it", "x"]),
        (Windows, LONG),
        (Lengths, LONG),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_its_vectors_are_the_operators_own(operator, items):
    exact = {"exact": True} if operator is Colours else {}
    check(operator(**ON_CPU, **exact), items)


def test_items_of_several_inputs_are_tuples():
    operator = Places(**ON_CPU)
    places = [(0, 0), (1, 3), (2, 2), (3, 1)]
    items = [(picture[:4, :4].copy(), place) for picture, place in zip(PICTURES, places, strict=True)]
    check(operator, items, np.stack([operator(*item) for item in items]))


@pytest.mark.parametrize("pool", ["mean", "max"])
def test_patches_are_pooled_as_they_are_in_the_operator(pool):
    check(Windows(pool=pool, **ON_CPU), LONG)


def test_a_layer_is_where_its_vectors_are_taken_and_names_stay_those_of_the_whole_network():
    operator = Sums(layer="0", **ON_CPU)
    check(operator, ROWS)
    assert set(operator.train_task().network.state_dict()) == {"0.weight", "0.bias", "2.weight", "2.bias"}


def test_what_was_tuned_before_is_where_the_next_training_begins(tmp_path):
    parent = Sums(**ON_CPU)
    tuned_whole(tmp_path / "whole", parent)
    check(Sums(tuned=tmp_path / "whole", **ON_CPU), ROWS)
    tuned_head(tmp_path / "head", parent, 3)
    check(Sums(tuned=tmp_path / "head", **ON_CPU), ROWS)


def test_gradients_reach_all_weights_and_none_of_a_head_that_was_trained_before(tmp_path):
    tuned_head(tmp_path / "head", Sums(**ON_CPU), 3)
    task = Sums(tuned=tmp_path / "head", **ON_CPU).train_task()
    task.forward(task.collate(task.rows(ROWS, "left"), "left"), "left").sum().backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in task.network.parameters())


def test_a_prepare_that_makes_something_else_of_several_items_is_refused():
    class Mixed(Sums, family="number-embedding", name="test-mixed"):
        def prepare(self, rows):
            block = np.array(rows, np.float32)
            return block - block.mean(axis=0)

    with pytest.raises(ContractError, match=r"define train_task\(self\), with rows and collate of its own"):
        Mixed(**ON_CPU).train_task()


def test_an_operator_may_lend_a_task_of_its_own():
    class Own(Sums, family="number-embedding", name="test-own-task"):
        def train_task(self):
            task = super().train_task()
            task.name = "mine"
            return task

    assert Own(**ON_CPU).train_task().name == "mine"


def test_pictures_are_augmented_and_floats_are_not():
    assert Colours(**ON_CPU).train_task().augment is cropped_and_mirrored
    assert Sums(**ON_CPU).train_task().augment is None


def test_augmented_pictures_follow_from_the_generator_alone():
    pictures = torch.from_numpy(RNG.integers(0, 256, (6, 20, 24, 3), np.uint8))

    def made(seed: int) -> torch.Tensor:
        torch.rand(seed)  # whatever else is drawn
        (found,) = cropped_and_mirrored((pictures,), torch.Generator().manual_seed(seed))
        return found

    assert torch.equal(made(1), made(1))
    assert not torch.equal(made(1), made(2))
    assert (made(1).shape, made(1).dtype) == (pictures.shape, torch.uint8)


def test_an_augmented_picture_is_at_least_half_of_it():
    y, x = np.mgrid[0:32, 0:32]
    picture = torch.from_numpy(np.stack([y * 8, x * 8, y * 0], 2).astype(np.uint8))[None]
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        (found,) = cropped_and_mirrored((picture,), generator)
        tall, wide = (int(found[..., axis].max()) - int(found[..., axis].min()) for axis in (0, 1))
        assert tall * wide >= 0.4 * 248 * 248
