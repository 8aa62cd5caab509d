"""New rows beside all before them: what is odd, and how it is told, whatever pieces they come in."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from junco.store.fitting import fitted
from junco.store.kinds import OddValueError, wider
from junco.store.large import large_in
from junco.store.shard import Shard

LARGE = 2**53 + 1


def one_by_one(values, cuts=()):
    """What is stored of values, which are told apart as a job does: in pieces, and an odd one is left out."""
    known, told, stored = None, {}, []
    for start, stop in zip([0, *cuts], [*cuts, len(values)], strict=True):
        known = _piece(values, start, stop, known, told, stored)
    return told, stored, known.field("it").type if known else None, large_in(known) if known else None


def _piece(values, start, stop, known, told, stored):
    if start == stop:
        return known
    rows = Shard([str(n) for n in range(start, stop)], {"it": values[start:stop]})
    try:
        tables, schema = fitted(known, rows)
    except OddValueError as odd:
        if stop - start == 1:
            told[start] = str(odd)
            return known
        middle = (start + stop) // 2
        return _piece(values, middle, stop, _piece(values, start, middle, known, told, stored), told, stored)
    stored += range(start, stop)
    whole = pa.concat_tables([made.cast(schema) for made in tables])
    assert whole.column("input").to_pylist() == rows.inputs
    return schema


KINDS = {
    "numbers": [1, 2.5, LARGE, None, -LARGE, np.float32(2), 2**63, True, "a", np.uint64(2**63), 2**53, np.array(1.5)],
    "without a sign": [
        np.uint64(1),
        np.uint64(2**64 - 1),
        None,
        0.5,
        1,
        np.int32(2),
        np.uint8(3),
        True,
        {"a": np.uint64(1)},
    ],
    "lists": [[1], [2.5], [LARGE], [], None, ["x"], [None], [LARGE, 0.5], [[1]], [1, "two"]],
    "vectors": [np.zeros(2), np.zeros(2, np.float32), np.zeros(3), [0.0], None, np.zeros((2, 2)), np.array(1.0)],
    "arrays within": [
        {"v": np.array([1])},
        {"v": np.array([LARGE])},
        {"v": np.array([0.5, 1])},
        {"v": np.array([2**63], np.uint64)},
        {"v": np.array([True])},
        {"v": np.array([1], np.int8)},
        {"v": np.array([1], np.float32)},
        {"v": [1]},
        {"v": None},
        {"w": 1},
        {"v": np.array([[1.5]]), "w": LARGE},
    ],
    "fields": [
        {"a": 1},
        {"a": LARGE, "b": 1},
        {"b": 0.5},
        {"a": 0.5},
        {"a": {"c": LARGE}},
        {},
        {"a": None},
        {"c": "x"},
    ],
    "others": [
        b"a",
        bytearray(b"b"),
        "a",
        Decimal("1.5"),
        Decimal("10.25"),
        date(2020, 1, 1),
        datetime(2020, 1, 1),  # noqa: DTZ001  # beside one with a zone
        datetime(2020, 1, 1, tzinfo=UTC),
        np.datetime64("2020-01-01"),
        np.datetime64("2020-01-01T01:01:01"),
        object(),
        1j,
        {1},
    ],
}


@pytest.mark.parametrize("values", KINDS.values(), ids=KINDS)
def test_what_is_odd_and_how_it_is_told_does_not_depend_on_the_pieces(values):
    for seed in range(60):
        chance = random.Random(seed)
        some = chance.choices(values, k=chance.randint(2, 12))
        wanted = one_by_one(some, range(1, len(some)))
        cuts = sorted(chance.sample(range(1, len(some)), chance.randint(0, len(some) - 1)))
        for pieces in ((), cuts):
            assert one_by_one(some, pieces) == wanted, (some, pieces)


@pytest.mark.parametrize(
    ("values", "odd", "message"),
    [
        ([0.5, LARGE, 1], 1, rf"holds numbers, and was given {LARGE} \(whole numbers, some beyond ±2\*\*53\)"),
        ([LARGE, 0.5, 1], 1, r"holds whole numbers, some beyond ±2\*\*53, and was given 0.5 \(numbers\)"),
        ([[0.5], [1, -LARGE]], 1, r"holds lists of numbers, and was given \[1, -9007199254740993\] "),
    ],
)
def test_a_whole_number_that_numbers_would_round_is_odd_beside_them(values, odd, message):
    told, stored, _, _ = one_by_one(values)
    assert list(told) == [odd]
    assert stored == [n for n in range(len(values)) if n != odd]
    with pytest.raises(OddValueError, match=message):
        fitted(None, Shard(["x"] * len(values), {"it": values}))


def test_a_field_may_be_large_and_another_take_any_number():
    rows = [{"id": LARGE, "score": 1}, {"id": LARGE + 2, "score": 0.5}]
    told, _, kind, large = one_by_one(rows, [1])
    assert (told, large) == ({}, {("it", "id")})
    assert kind == pa.struct([("id", pa.int64()), ("score", pa.float64())])


def test_what_is_known_of_large_numbers_outlives_equal_schemas_and_those_without():
    def schema(value):
        return fitted(None, Shard(["x"], {"it": [value]}))[1]

    for order in ([LARGE, 1, None], [1, LARGE, 2], [None, 1, LARGE]):
        known = schema(order[0])
        for value in order[1:]:
            known = wider(known, schema(value))
        assert large_in(known) == {("it",)}
        with pytest.raises(OddValueError):
            wider(known, schema(0.5))


def test_an_odd_value_is_told_alike_in_every_process():
    told, _, _, _ = one_by_one([1, object()])
    assert told[1] == (
        "the column 'it' holds whole numbers, and was given <object object>: "
        "ArrowInvalid: Could not convert <object object> with type object: did not recognize Python value type when "
        "inferring an Arrow data type"
    )
