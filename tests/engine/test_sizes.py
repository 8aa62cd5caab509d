"""How many bytes the values of a column take: what the engine may hold is bounded by it."""

from __future__ import annotations

from collections import deque, namedtuple
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from junco.engine.sizes import column_bytes, num_bytes_of
from junco.types import AudioClip, Box, VideoFrame

MB = 1_000_000
LARGE = np.zeros(MB, np.uint8)


@dataclass
class Plain:
    name: str
    array: np.ndarray


@dataclass
class More(Plain):
    notes: dict = field(default_factory=dict)


@dataclass(slots=True)
class Slots:
    array: np.ndarray


@dataclass(slots=True)
class MoreSlots(Slots):
    other: np.ndarray = field(default_factory=LARGE.copy)


class OneSlot:
    __slots__ = "array"  # one name is allowed

    def __init__(self, array):
        self.array = array


class Attributes:
    def __init__(self, array):
        self.kind, self.tool, self.array = type(array), np, array


Pair = namedtuple("Pair", "name array")

WITH_ONE_LARGE_ARRAY = {
    "an array": LARGE,
    "a view": np.zeros(2 * MB, np.uint8)[::2],
    "bytes": bytes(MB),
    "a text": "x" * MB,
    "a wide text": "€" * (MB // 2),
    "a sound": AudioClip(np.zeros((1, MB // 4), np.float32), 16_000),
    "a frame": VideoFrame(np.zeros((MB // 300, 100, 3), np.uint8), 0.0, 0),
    "a picture": Image.new("RGB", (MB // 300, 100)),
    "a picture of floats": Image.new("F", (MB // 400, 100)),
    "a dataclass": Plain("a", LARGE),
    "a dataclass with more": More("a", np.zeros(0), {"deeper": [LARGE]}),
    "a dataclass with slots": Slots(LARGE),
    "one slot": OneSlot(LARGE),
    "attributes": Attributes(LARGE),
    "a tuple whose last is large": (1, 2, 3, 4, 5, LARGE),
    "a named tuple": Pair("a", LARGE),
    "a mapping": {"name": "a", "score": 1.0, "box": Box(0, 0, 1, 1), "more": None, "array": LARGE},
    "a mapping with large keys": {bytes(MB): 1},
    "a mapping that cannot be written": MappingProxyType({"array": LARGE}),
    "a set": {bytes(MB)},
    "a queue": deque([LARGE]),
    "something in something": {"rows": [({"clip": Slots(LARGE)},)]},
    "many small ones": [bytes(1_000 - 33 - 8)] * 1_000,
}


@pytest.mark.parametrize("value", WITH_ONE_LARGE_ARRAY.values(), ids=WITH_ONE_LARGE_ARRAY)
def test_what_a_value_holds_is_counted_wherever_it_is(value):
    assert num_bytes_of(value) == pytest.approx(MB, rel=0.05)
    assert column_bytes([value] * 10) == pytest.approx(10 * MB, rel=0.05)


def test_inherited_slots_are_counted():
    assert num_bytes_of(MoreSlots(LARGE)) == pytest.approx(2 * MB, rel=0.05)


def test_nothing_takes_next_to_nothing():
    for value in (None, 1, 2.5, "", (), [], {}, set(), object(), len, LARGE.sum, np, iter(())):
        assert num_bytes_of(value) < 400
    assert column_bytes([]) == 0


def test_a_value_that_holds_itself_has_a_size():
    ring: list = [LARGE]
    ring += [ring, {"ring": ring}]
    assert num_bytes_of(ring) >= MB


def test_an_iterator_is_not_read():
    numbers = iter(range(3))
    num_bytes_of([numbers])
    assert list(numbers) == [0, 1, 2]


def test_attributes_that_fail_do_no_harm():
    class Odd:
        __slots__ = ("unset",)

        @property
        def nbytes(self):
            raise RuntimeError("not now")

    class Broken(dict):
        def values(self):
            raise RuntimeError("no")

    assert num_bytes_of([Odd(), Broken(a=1)]) < 1_000


@given(
    st.recursive(st.binary(max_size=50), lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner))
)
def test_any_value_has_a_size(value):
    assert num_bytes_of(value) > 0


def test_however_large_a_value_is_few_of_its_parts_are_looked_at():
    class Counted:
        looks = 0

        @property
        def nbytes(self):
            Counted.looks += 1
            return 1

    num_bytes_of([[[[Counted()] * 100] * 100] * 100] * 100)
    assert Counted.looks <= 16 * 8 * 4 * 2
