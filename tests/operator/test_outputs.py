"""What operators give is held against their ports: in a call, a batch, a stream and a job."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from junco import Operator, op, pipe
from junco.errors import ContractError, OperatorError, ResultError
from junco.types import Box, Image, Vector

DIM = 4


class Odd(Operator, family="text-embedding", name="test-odd"):
    """Gives what `MADE` says, and a good vector for every text but "odd"."""

    def __init__(self, device: str = "auto", normalize: bool = True, role: str | None = None, make: str = "") -> None:
        self.make = make

    def batch(self, texts: Sequence[str]) -> Sequence[Any]:
        return [MADE[self.make]() if text == "odd" else np.ones(DIM, np.float32) for text in texts]


MADE = {
    "list": lambda: [1.0] * DIM,
    "float64": lambda: np.ones(DIM),
    "whole": lambda: np.ones(DIM, np.int32),
    "float16": lambda: np.ones(DIM, np.float16),
    "object": lambda: np.ones(DIM, object),
    "column": lambda: np.ones((DIM, 1), np.float32),
    "empty": lambda: np.ones(0, np.float32),
    "none": lambda: None,
    "text": lambda: "vector",
    "number": lambda: 1.0,
    "tensor": lambda: torch.ones(DIM),
    "longer": lambda: np.ones(DIM + 1, np.float32),
    "nan": lambda: np.array([1, np.nan, 1, 1], np.float32),
    "infinite": lambda: np.array([1, 1, -np.inf, 1], np.float32),
}
AFTER_OTHERS = {"longer"}
"""Odd beside others alone."""


def embedding(make: str) -> Any:
    return pipe.input("text").map("text", "v", Odd(make=make).spec, name="embed").output("v")


@pytest.mark.parametrize("make", sorted(set(MADE) - AFTER_OTHERS))
def test_what_is_no_vector_is_refused_in_a_call_and_names_operator_and_port(make):
    with embedding(make) as embed, pytest.raises(OperatorError, match=r"'text-embedding\.test-odd'.*vector") as raised:
        embed("odd")
    assert isinstance(raised.value.__cause__, ContractError)
    with pytest.raises(ResultError) as alone:
        Odd(make=make)("odd")
    assert (alone.value.operator, alone.value.port) == ("text-embedding.test-odd", "vector")


@pytest.mark.parametrize("make", sorted(MADE))
def test_one_odd_result_fails_its_own_row_alone(make, tmp_path):
    texts = ["a", "b", "c", "odd", "e"]
    with embedding(make) as embed:
        assert [found is None for found in embed.batch(texts, on_error="none")] == [False, False, False, True, False]
        with pytest.raises(OperatorError) as raised:
            list(embed.stream(texts))
        assert raised.value.position == 3
        report = embed.run(texts, tmp_path / "v.npy")
    assert (report.num_done, report.num_rejects) == (4, 1)


def test_the_length_of_the_first_vector_holds_for_later_batches():
    with embedding("longer") as embed:
        embed.batch(["a", "b"])
        with pytest.raises(OperatorError, match=r"shape \(5,\).*the first one had \(4,\)"):
            embed("odd")


def test_what_the_message_says_can_be_done():
    for make, cure in [("list", "np.asarray"), ("float64", "dtype=np.float32"), ("tensor", r"\.cpu\(\)\.numpy\(\)")]:
        with pytest.raises(ResultError, match=cure):
            Odd(make=make)("odd")


def test_vectors_made_of_vectors_are_as_long_as_those():
    @op("vector.test-doubled")
    def doubled(vector: Vector) -> Vector:
        return np.concatenate([vector, vector])

    made = doubled.load()()
    assert [made(np.ones(n, np.float32)).shape for n in (2, 3)] == [(4,), (6,)]


def test_a_stored_precision_is_a_type_that_the_family_takes():
    class Small(Operator, family="text-embedding", name="test-small"):
        def __init__(
            self, device: str = "auto", normalize: bool = True, role: str | None = None, precision: str = "int8"
        ) -> None:
            pass

        def batch(self, texts: Sequence[str]) -> list[Vector]:
            return [np.ones(DIM, np.int8) for _ in texts]

    assert Small()("a").dtype == np.int8


def test_pixels_are_what_the_family_says():
    class Grey(Operator, family="image-transform", name="test-grey"):
        def batch(self, images: Sequence[Image]) -> list[Image]:
            return [image[..., 0] for image in images]

    with pytest.raises(ResultError, match=r"where its output is image: image\[height, width, 3; uint8\]"):
        Grey()(np.zeros((4, 4, 3), np.uint8))


def test_rows_are_of_the_family_s_class_whether_listed_or_drawn():
    class Listed(Operator, family="object-detection", name="test-listed"):
        def batch(self, images: Sequence[Image]) -> Any:
            return [[(0, 0, 1, 1)] for _ in images]

    class Drawn(Operator, family="object-detection", name="test-drawn"):
        def stream(self, image: Image) -> Iterator[Box]:
            yield (0, 0, 1, 1)  # type: ignore[misc]

    image = np.zeros((4, 4, 3), np.uint8)
    for made in (Listed, Drawn):
        find = pipe.input("image").flat_map("image", "box", made().spec).output("box")
        with find, pytest.raises(OperatorError, match=r"returned \(0, 0, 1, 1\) where its output is box: Box"):
            find(image)


def test_what_no_family_says_is_not_asked_for():
    class Loose(Operator):
        def batch(self, texts: Sequence[str]) -> list[int]:
            return ["no number"] * len(texts)  # type: ignore[list-item]

    assert Loose()("a") == "no number"


def test_the_error_travels_between_processes():
    error = ResultError("a.b", "vector", "returned None")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.operator, again.port) == ("'a.b' returned None", "a.b", "vector")
