"""Values of a pipeline as Arrow columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from junco.engine.row import row_type
from junco.errors import TargetError
from junco.store.columns import table
from junco.store.kinds import OddValueError, wider
from junco.types import AudioClip, Box, Chunk, VideoFrame


def column(values):
    return table([str(n) for n in range(len(values))], {"it": values}).column("it")


@pytest.mark.parametrize(
    ("dtype", "kind"), [(np.float32, pa.float32()), (np.float16, pa.float16()), (np.int8, pa.int8())]
)
def test_vectors_are_lists_of_a_fixed_size_and_of_their_own_type(dtype, kind):
    made = column([np.arange(3, dtype=dtype), None, np.ones(3, dtype)])
    assert made.type.equals(pa.list_(pa.field("element", kind), 3))
    assert made.to_pylist() == [[0, 1, 2], None, [1, 1, 1]]


ODD = {
    "a vector of another length": (np.zeros(2, np.float32), np.zeros(3, np.float32)),
    "a vector of another type": (np.zeros(2, np.float32), np.zeros(2, np.float64)),
    "a list among vectors": (np.zeros(2, np.float32), [0.0, 0.0]),
    "a vector among lists": ([0.0, 0.0], np.zeros(2, np.float32)),
    "a matrix among vectors": (np.zeros(2, np.float32), np.zeros((2, 2), np.float32)),
    "a text among numbers": (1.0, "one"),
    "a truth value among numbers": (1, True),
    "bytes among texts": ("a", b"a"),
    "a box among chunks": (Chunk("a", 0, 1), Box(0, 0, 1, 1)),
    "a number among boxes": (Box(0, 0, 1, 1), 5),
    "a text within a list of numbers": ([1, 2], [1, "two"]),
    "what nobody can store": (1, object()),
}


@pytest.mark.parametrize(("first", "odd"), ODD.values(), ids=ODD)
def test_an_odd_value_is_odd_beside_the_first_and_after_it(first, odd):
    with pytest.raises(OddValueError, match="the column 'it' "):
        column([first, None, odd])
    with pytest.raises(OddValueError, match="the column 'it' "):
        wider(column_schema([first]), column_schema([odd]))


def column_schema(values):
    return table(["x"] * len(values), {"it": values}).schema


def test_within_lists_vectors_may_have_different_lengths():
    assert column([[np.zeros(1, np.float32), np.zeros(2, np.float32)]]).to_pylist() == [[[0], [0, 0]]]
    one, other = column_schema([[np.zeros(1, np.float32)]]), column_schema([[np.zeros(2, np.float32)]])
    assert wider(one, other).field("it").type.value_type == pa.list_(pa.field("element", pa.float32()))


def test_a_column_named_like_a_keyword_is_a_field_of_a_named_row():
    row = row_type(("class", "frame.time_s"))
    assert column([row("cat", 0.5)]).to_pylist() == [{"class": "cat", "frame.time_s": 0.5}]


def test_a_matrix_is_a_list_of_vectors_and_a_picture_its_shape_and_bytes():
    made = column([np.ones((2, 3), np.float32), np.ones((0, 3), np.float32)])
    assert made.type.value_type.equals(pa.list_(pa.field("element", pa.float32()), 3))
    assert made.to_pylist() == [[[1, 1, 1], [1, 1, 1]], []]
    (picture,) = column([np.zeros((2, 2, 3), np.uint8)]).to_pylist()
    assert picture == {"shape": [2, 2, 3], "dtype": "uint8", "data": bytes(12)}


def test_boxes_chunks_and_named_rows_are_structs():
    box = Box(1.0, 2.0, 3.0, 4.0, "cat", 0.5)
    assert column([box, None]).to_pylist() == [
        {"x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0, "label": "cat", "score": 0.5},
        None,
    ]
    assert column([Chunk("a", 0, 1)]).to_pylist() == [{"text": "a", "start": 0, "end": 1}]
    row = row_type(("word", "vector"))
    assert column([row("a", np.zeros(2, np.float32))]).to_pylist() == [{"word": "a", "vector": [0, 0]}]


def test_of_frames_and_clips_all_but_the_pixels_and_samples_is_kept():
    frame = VideoFrame(np.zeros((4, 4, 3), np.uint8), 1.5, 36, is_key=True)
    assert column([frame]).to_pylist() == [{"time_s": 1.5, "index": 36, "is_key": True}]
    clip = AudioClip(np.zeros((1, 8), np.float32), 16_000, 2.0)
    assert column([clip]).to_pylist() == [{"sample_rate_hz": 16_000, "start_s": 2.0}]


def test_plain_values_are_what_arrow_makes_of_them():
    assert column(["a", None]).to_pylist() == ["a", None]
    assert column([1, 2]).type == pa.int64()
    assert column([b"\0"]).type == pa.binary()
    assert column([np.float32(0.5), np.array(1.5)[()]]).to_pylist() == [0.5, 1.5]
    assert column([["a", "b"], []]).to_pylist() == [["a", "b"], []]
    assert column([Path("a") / "b"]).to_pylist() == [str(Path("a") / "b")]
    assert column([None, None]).type == pa.null()


def test_a_text_that_is_no_unicode_is_kept_readable():
    assert column(["caf\udce9"]).to_pylist() == ["caf\\udce9"]


def test_what_cannot_be_stored_is_refused_with_its_column():
    with pytest.raises(TargetError, match=r"the column 'it' cannot hold this, and was given <object"):
        column([object()])
    with pytest.raises(TargetError, match=r"the column 'it' cannot hold this, and was given 5 beside 'text'"):
        column(["text", 5])


def test_the_schema_of_all_shards_holds_the_rows_of_each():
    def schema(values):
        return table(["x"] * len(values), {"it": values}).schema

    vector = schema([np.zeros(2, np.float32)])
    assert wider(vector, vector) == vector
    assert wider(schema([None]), vector) == wider(vector, schema([None])) == vector
    assert wider(schema([1]), schema([1.5])).field("it").type == pa.float64()
    assert wider(schema([{"a": 1}]), schema([{"a": 2, "b": "x"}])).field("it").type == pa.struct(
        [("a", pa.int64()), ("b", pa.string())]
    )
    with pytest.raises(TargetError, match="holds texts, and was given whole numbers"):
        wider(schema(["a"]), schema([1]))
