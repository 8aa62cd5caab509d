"""Parts that hand on what they are given, names of the same numbers, and parts whose names say too much."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from junco import NeuralOperator, Source
from junco.errors import ParameterError
from junco.neural.layer import Axes, Layer
from junco.neural.layer_tree import tree_of, without_idle
from junco.neural.pooling import pooled
from junco.types import Image

SIDE, WIDTH = 16, 6


class Dropping(torch.nn.Module):
    """A stem and two stages, with parts between them that do nothing when vectors are made."""

    def __init__(self) -> None:
        super().__init__()
        self.start = torch.nn.Identity()
        self.stem = torch.nn.Conv2d(3, WIDTH, 2, stride=2)
        self.drop = torch.nn.Dropout(0.5)
        self.act = torch.nn.ReLU(inplace=True)
        self.stages = torch.nn.Sequential(
            torch.nn.Sequential(torch.nn.Conv2d(WIDTH, WIDTH, 1), torch.nn.Identity()),
            torch.nn.Identity(),
            torch.nn.Conv2d(WIDTH, 2 * WIDTH, 2, stride=2),
        )
        self.twice = torch.nn.Dropout(0.5)
        self.last = torch.nn.Dropout(0.5)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found = self.drop(self.stem(self.start(pixels.permute(0, 3, 1, 2).float() / 255)))
        found = self.twice(self.twice(self.stages(self.act(found))))
        return self.last(found.mean((2, 3)))


def operator_of(network: type[torch.nn.Module], **params: Any) -> Any:
    class Embedding(NeuralOperator):
        def source(self) -> Source:
            return Source(build=network, seed=3)

        def prepare(self, images: list[Image]) -> np.ndarray:
            return np.stack([image[:SIDE, :SIDE] for image in images])

    return Embedding(runtime="torch", **params)


def picture() -> Image:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def test_parts_that_do_nothing_are_left_out_where_their_numbers_have_a_name() -> None:
    layers = operator_of(Dropping).layers()
    assert layers == ("start", "stem", "act", "stages", "stages.0", "stages.0.0", "stages.2", "last")
    assert [str(each) for each in layers if each.number is not None] == ["stages.0", "stages.2"]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("drop", "hands on what it is given, unchanged: take 'stem'"),
        ("stages.1", "take 'stages.0.0'"),
        ("twice", "layer='twice' hands on what it is given, unchanged$"),
        (["stages.0", 0], "names 'stages.0' twice"),
        (["stages", -1], "names 'stages' and 'stages.2', which give the same"),
        ("x" * 100_000, r"^.{,400}$"),
    ],
)
def test_such_a_name_is_refused_with_the_one_to_take(layer: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        operator_of(Dropping, layer=layer).ensure_open()


def test_the_same_numbers_have_one_space_whatever_layer_they_are_taken_at() -> None:
    whole, last, other = (operator_of(Dropping, layer=layer) for layer in ("stages", -1, "stages.0"))
    np.testing.assert_array_equal(whole(picture()), last(picture()))
    assert whole.space() == last.space()
    assert other.space() != last.space()


def test_what_was_changed_in_place_is_not_the_same() -> None:
    stem, act = (operator_of(Dropping, layer=layer) for layer in ("stem", "act"))
    assert act.layers()[2].same_as == ""
    assert stem(picture()).min() < 0 <= act(picture()).min()


def test_a_layer_can_be_copied() -> None:
    layer = Layer("a.b", "Conv2d", (3, None), 7, axes=Axes("ct"), number=2)
    layer.same_as = "a"
    other = pickle.loads(pickle.dumps(layer))
    assert (other, other.kind, other.shape, other.number, other.same_as) == ("a.b", "Conv2d", (3, None), 2, "a")


class Rows2d(torch.nn.Module):
    """Channels last, whatever its name says."""

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        return found.permute(0, 2, 3, 1) * 2


class Piece(torch.nn.Module):
    """Looks at the rows of a map one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.inner1, self.inner2 = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, WIDTH)

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        return self.inner2(self.inner1(found.reshape(len(found), -1, WIDTH)[0])) + found


class Odd(torch.nn.Module):
    """A map with channels last of a class whose name ends as those do that have them first, and a class token."""

    num_prefix_tokens = 1

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.rows = torch.nn.Conv2d(3, 10, 2, stride=2), Rows2d()
        self.fold = torch.nn.Unfold(4, stride=4)
        self.tokens = torch.nn.Linear(10 * 16, WIDTH)
        self.blocks = torch.nn.ModuleList([Piece(), Piece()])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found = self.stem(pixels.permute(0, 3, 1, 2).float() / 255)
        found = self.rows(found).permute(0, 3, 1, 2)
        tokens = self.fold(found).transpose(1, 2)
        tokens = self.tokens(torch.cat([tokens.mean(1, keepdim=True), tokens], 1))
        for block in self.blocks:
            tokens = block(tokens.reshape(-1, WIDTH)).reshape(len(pixels), -1, WIDTH)
        return tokens.mean(1)


def test_sizes_say_more_than_the_name_of_a_class_that_is_not_of_torch() -> None:
    layers = {str(each): each for each in operator_of(Odd).layers()}
    assert layers["rows"].axes.order == "hwc"
    assert layers["stem"].axes.order == "chw"
    vector = operator_of(Odd, layer="rows")(picture())
    np.testing.assert_allclose(vector, 2 * operator_of(Odd, layer="stem")(picture()), rtol=1e-5)


def test_the_tokens_that_a_network_says_it_puts_first_count_in_no_mean() -> None:
    layers = {str(each): each for each in operator_of(Odd).layers()}
    assert (layers["tokens"].axes.num_prefix, layers["tokens"].axes.has_cls) == (1, True)


def test_a_sequence_whose_parts_give_nothing_to_take_is_not_counted() -> None:
    with pytest.raises(ParameterError, match="has no blocks to count"):
        operator_of(Odd, layer=0).ensure_open()


@pytest.mark.parametrize("mask", [None, torch.tensor([[1, 1, 0]])])
def test_the_generalised_mean_of_large_numbers_is_finite_in_half_precision(mask: torch.Tensor | None) -> None:
    tokens = torch.full((1, 3, 2), 100.0, dtype=torch.float16)
    found = pooled(tokens, Axes("tc", is_masked=mask is not None), "gem", mask)
    torch.testing.assert_close(found, torch.full((1, 2), 100.0), rtol=1e-3, atol=0)


def test_a_drawing_shows_what_runs_between_the_parts_of_another_in_its_place() -> None:
    layers = [
        Layer("block", "Block", (8,), 9),
        Layer("block.residual", "PostNorm", (8,), 2),
        Layer("block.attention", "Attention", (8,), 4),
        Layer("block.residual.norm1", "LayerNorm", (8,), 1),
        Layer("block.mlp", "MLP", (8,), 3),
        Layer("block.residual.norm2", "LayerNorm", (8,), 1),
    ]
    [block] = without_idle(tree_of(layers, by_time=True))
    names = ["attention", "residual.norm1", "mlp", "residual.norm2"]
    assert [each.name for each in block.children] == [f"block.{name}" for name in names]
    [by_name] = tree_of(layers)
    assert [each.name for each in by_name.children] == ["block.residual", "block.attention", "block.mlp"]
