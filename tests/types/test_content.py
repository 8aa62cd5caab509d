"""A hash of what a value holds."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from junco.types import AudioClip, VideoFrame
from junco.types.content import digest_of_value

Pair = namedtuple("Pair", "one other")


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Photo:
    pixels: object
    caption: str = ""

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.pixels)


class Wrapped:
    """An array with a caption, and no dataclass."""

    def __init__(self, caption):
        self.caption = caption

    def __array__(self, dtype=None, copy=None):
        return np.zeros(3)


class Bare:
    def __array__(self, dtype=None, copy=None):
        return np.arange(3)


def clip(peak):
    samples = np.zeros((1, 48_000), np.float32)
    samples[0, 24_000] = peak
    return AudioClip(samples, 16_000)


def picture(colour, **info):
    made = Image.new("RGB", (4, 3), colour)
    made.info.update(info)
    return made


DIFFERENT = [
    (1, 2),
    (1, True),
    (1, 1.0),
    (None, False),
    ("1", 1),
    ("1", b"1"),
    ("a", Path("a")),
    (0.0, -0.0),
    ([1, 2], (1, 2)),
    ([1, 2], [2, 1]),
    ([[1], 2], [[1, 2]]),
    (("ab", "c"), ("a", "bc")),
    ({"a": 1}, {"a": 2}),
    ({1, 2}, {1, 3}),
    (np.zeros(3), np.zeros(3, np.float32)),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (np.array(["a", None], object), np.array(["b", None], object)),
    (np.ma.masked_array([1, 2], [True, False]), np.ma.masked_array([1, 2], [False, False])),
    (np.float32(1), np.float64(1)),
    (clip(0.25), clip(0.75)),
    (VideoFrame(np.zeros((2, 2, 3), np.uint8), 0.0, 0), VideoFrame(np.zeros((2, 2, 3), np.uint8), 0.5, 0)),
    (Photo(np.zeros(3), "a cat"), Photo(np.zeros(3), "a dog")),
    (Pair(1, 2), (1, 2)),
    (Colour.RED, Colour.BLUE),
    (dt.date(2026, 1, 1), dt.date(2026, 1, 2)),
    (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    (picture("red"), picture("blue")),
    (picture("red"), picture("red", exif=b"rotated")),
    (pa.scalar(1, pa.int32()), pa.scalar(1, pa.int64())),
    ({"clip": [clip(0.25)]}, {"clip": [clip(0.75)]}),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=lambda value: type(value).__name__)
def test_other_content_has_another_digest(one, other):
    assert digest_of_value(one) is not None
    assert digest_of_value(other) is not None
    assert digest_of_value(one) != digest_of_value(other)


SAME = [
    (lambda: clip(0.5)),
    (lambda: picture("red")),
    (lambda: {"a": [1, {2.5}], b"k": Path("x")}),
    (lambda: np.array([{"a": 1}, None], object)),
    Bare,
    (lambda: memoryview(b"abc")),
    (lambda: Pair(np.ones(2), "x")),
    (lambda: range(5)),
    (lambda: np.arange(12).reshape(3, 4)[:, ::2]),
]


@pytest.mark.parametrize("make", SAME)
def test_the_same_content_has_the_same_digest(make):
    assert digest_of_value(make()) == digest_of_value(make())
    assert digest_of_value(make()) is not None


def test_mappings_and_sets_are_the_same_in_any_order():
    assert digest_of_value({"a": 1, "b": 2}) == digest_of_value({"b": 2, "a": 1})
    assert digest_of_value(OrderedDict(a=1, b=2)) == digest_of_value(OrderedDict(b=2, a=1))
    texts = [f"text {n}" for n in range(50)]
    assert digest_of_value(set(texts)) == digest_of_value({texts[n] for n in range(49, -1, -1)})


@pytest.mark.parametrize(
    "value",
    [object(), len, iter([1]), Wrapped("a cat"), [1, object()], {"a": object()}, Photo(object()), Photo, np.ndarray],
    ids=lambda value: type(value).__name__,
)
def test_what_nobody_can_tell_has_no_digest(value):
    assert digest_of_value(value) is None


def test_a_value_that_holds_itself_or_is_nested_without_end_has_no_digest():
    loop = []
    loop.append(loop)
    assert digest_of_value(loop) is None
    deep = []
    for _ in range(5_000):
        deep = [deep]
    assert digest_of_value(deep) is None
    twice = [1]
    assert digest_of_value([twice, twice]) is not None


def test_a_picture_that_is_cut_off_has_no_digest(tmp_path):
    Image.effect_noise((64, 64), 100).save(tmp_path / "p.png")
    (tmp_path / "p.png").write_bytes((tmp_path / "p.png").read_bytes()[:900])
    with Image.open(tmp_path / "p.png") as opened:
        assert digest_of_value(opened) is None


def test_what_else_counts_of_a_path_is_asked_for():
    assert digest_of_value(["a"], lambda text: "1") != digest_of_value(["a"], lambda text: "2")
    assert digest_of_value([Path("a")], lambda text: "1") != digest_of_value([Path("a")])
