"""A pipeline that needs no model, and texts for it: what the checks of stores embed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from junco.api import Pipeline, pipe
from junco.operator.function import op
from junco.types import Chunk, Vector

LETTERS = "0123456789abcdef"
HOSTILE = (
    "' or 1=1 --",
    '"; drop table rows; --',
    "{} || true",
    "100% _ \\ \t",
    "猫坐在垫子上 🐈",
    "x" * 4_000,
    "ключ",
)
"""Texts that are also names: what a store must take as they are."""


@dataclass(frozen=True)
class Words:
    """A value with fields."""

    first: str
    lengths: list[int]


@op("testing.letters")
def letters(text: str) -> Vector:
    """How often each hexadecimal digit stands in a text, and a little: no vector is of zeros."""
    return np.array([text.count(letter) + 0.1 / (1 + place) for place, letter in enumerate(LETTERS)], np.float32)


@op("testing.other-letters")
def other_letters(text: str) -> Vector:
    """As many numbers, of another space."""
    return np.ascontiguousarray(letters(text)[::-1])


@op("testing.size")
def size(text: str) -> int:
    """Letters of a text."""
    return len(text)


@op("testing.share")
def share(text: str) -> float:
    """The share of its letters that are digits."""
    return sum(letter in LETTERS for letter in text) / len(text)


@op("testing.is-long")
def is_long(text: str) -> bool:
    """Whether it is a long one."""
    return len(text) > 20


@op("testing.made")
def made(text: str) -> datetime:
    """A time that depends on it."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1, seconds=len(text))


@op("testing.words")
def words(text: str) -> Words:
    """A value with fields and a list."""
    return Words(text.split(" ")[0], [len(word) for word in text.split(" ")])


@op("testing.chunk")
def chunk(text: str) -> Chunk:
    """The whole as a chunk."""
    return Chunk(text, 0, len(text))


@op("testing.bytes")
def data(text: str) -> bytes:
    """Bytes that are no text."""
    return bytes([0, 255, len(text) % 256])


def plain_pipeline(space: str = "letters") -> Pipeline:
    """Texts → vectors of a named space, and the texts themselves with their lengths."""
    made_by = letters if space == "letters" else other_letters
    graph = pipe.input("text").map("text", "vector", made_by).map("text", "size", size)
    return graph.output("vector", "text", "size", space=space)


def typed_pipeline() -> Pipeline:
    """Texts → vectors, and a column of each type that pipelines give."""
    graph = pipe.input("text").map("text", "vector", letters)
    columns = {"size": size, "share": share, "is_long": is_long, "made": made} | {
        "words": words,
        "chunk": chunk,
        "data": data,
    }
    for name, fn in columns.items():
        graph = graph.map("text", name, fn)
    return graph.output("vector", *columns, space="letters")


def texts(count: int, first: int = 0) -> Sequence[str]:
    """Texts with numbers in them, the hostile ones among them."""
    return [*HOSTILE, *(f"{number:x} is a number" for number in range(first, first + count))]
