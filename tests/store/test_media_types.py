"""What flows between operators on its way into files: structs by name, without pixels and samples, and back."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import pipe, read_sparse_vectors, read_vectors
from junco.errors import InputError
from junco.types import AudioClip, Box, Chunk, Face, Page, Segment, Shot, SparseVector, VideoFrame
from junco.types.content import digest_of_value

BOX = {"x0": 0.5, "y0": 1.0, "x1": 2.0, "y1": 3.0, "label": "cat", "score": 0.5}
FACE_BOX = BOX | {"label": "", "score": 1.0}
KINDS = {
    "frame": (
        VideoFrame(np.zeros((4, 5, 3), np.uint8), 1.5, 3, True),
        {"time_s": 1.5, "index": 3, "is_key": True},
    ),
    "clip": (AudioClip(np.zeros((2, 100), np.float32), 16_000, 0.5), {"sample_rate_hz": 16_000, "start_s": 0.5}),
    "box": (Box(0.5, 1.0, 2.0, 3.0, "cat", 0.5), BOX),
    "chunk": (Chunk("一个", 1, 3), {"text": "一个", "start": 1, "end": 3}),
    "shot": (Shot(0.0, 1.0, 0.75), {"start_s": 0.0, "end_s": 1.0, "score": 0.75}),
    "segment": (Segment(0.0, 1.0, "speech"), {"start_s": 0.0, "end_s": 1.0, "label": "speech", "score": 1.0}),
    "page": (Page("text", 1), {"number": 1}),
    "face": (
        Face(Box(0.5, 1.0, 2.0, 3.0), ((1.0, 2.0),) * 5, 0.75),
        {"box": FACE_BOX, "points": [[1.0, 2.0]] * 5, "score": 0.75},
    ),
    "sparse": (
        SparseVector(np.array([1, 5], np.int32), np.array([0.5, 0.25], np.float32)),
        {"indices": [1, 5], "values": [0.5, 0.25]},
    ),
}
every_kind = pytest.mark.parametrize(("value", "row"), KINDS.values(), ids=KINDS.keys())


def written(value, target, texts=("a", "none", "b")):
    with pipe.input("x").map("x", "it", lambda x: None if x == "none" else value).output("it") as p:
        p.run([*texts], target, progress=False)
    return pq.read_table(target)


@every_kind
def test_a_value_is_a_struct_of_its_fields_and_none_stays_none(value, row, tmp_path):
    found = written(value, tmp_path / "o.parquet")
    assert pa.types.is_struct(found.schema.field("it").type)
    assert found["it"].to_pylist() == [row, None, row]


@every_kind
def test_rows_without_any_value_and_no_rows_at_all_are_written_too(value, row, tmp_path):
    assert written(value, tmp_path / "n.parquet", ["none"])["it"].to_pylist() == [None]
    with pipe.input("x").flat_map("x", "it", lambda x: [value] * int(x)).output("it") as p:
        p.run(["0", "0"], tmp_path / "e.parquet", progress=False)
        p.run(["0", "2"], tmp_path / "t.parquet", progress=False)
    assert pq.read_table(tmp_path / "e.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "t.parquet")["it"].to_pylist() == [row, row]


@every_kind
def test_what_comes_after_many_rows_of_none_fits_beside_them(value, row, tmp_path):
    with pipe.input("x").map("x", "it", lambda x: None if x == "none" else value).output("it") as p:
        p.run(["none"] * 4 + ["a"] * 4, tmp_path / "o.parquet", progress=False, shard_rows=2)
    assert pq.read_table(tmp_path / "o.parquet")["it"].to_pylist() == [None] * 4 + [row] * 4


@every_kind
def test_a_copy_from_another_process_has_the_same_content_and_another_value_has_not(value, row):
    digest = digest_of_value(value)
    assert digest is not None
    assert digest_of_value(pickle.loads(pickle.dumps(value))) == digest
    assert len({digest_of_value(other) for other, _ in KINDS.values()}) == len(KINDS)


@every_kind
def test_a_folder_of_files_holds_them_as_one_file_does(value, row, tmp_path):
    with pipe.input("x").map("x", "it", lambda x: value).output("it") as p:
        p.run(["a", "b", "c"], f"{tmp_path}/o/", progress=False, shard_rows=1)
    assert pq.read_table(tmp_path / "o")["it"].to_pylist() == [row] * 3


def test_vectors_beside_boxes_and_frames_are_read_with_the_name_of_their_column(tmp_path):
    frame, box = KINDS["frame"][0], KINDS["box"][0]
    start = pipe.input("x").flat_map("x", ("frame", "box"), lambda x: [(frame, box)] * 2)
    with start.map("box", "vector", lambda box: np.ones(3, np.float32)).output("frame", "box", "vector") as p:
        p.run(["a"], tmp_path / "o.parquet", progress=False)
    found = read_vectors(tmp_path / "o.parquet")
    assert (found.keys, found.vectors.shape) == (["a", "a"], (2, 3))


@pytest.mark.parametrize("field", ["face.box", "face.points", "face.score"])
def test_a_field_of_a_face_is_read_by_steps_and_leaves_by_its_name(field, tmp_path):
    face = KINDS["face"][0]
    start = pipe.input("x").map("x", "face", lambda x: face)
    with start.map(field, "seen", lambda seen: [str(type(seen).__name__)]).output(field, "seen") as p:
        value, seen = p("a")
    assert value == getattr(face, field.partition(".")[2])
    assert seen == [type(value).__name__]


def test_a_page_that_many_rows_share_does_not_make_their_file_larger(tmp_path):
    page = Page("".join(map(str, range(200_000))), 1)
    start = pipe.input("x").flat_map("x", ("page", "chunk"), lambda x: [(page, Chunk(x, 0, 1))] * 50)
    with start.output("page", "chunk", "page.number") as p:
        p.run(["a"], tmp_path / "o.parquet", progress=False)
    assert (tmp_path / "o.parquet").stat().st_size < 20_000
    assert pq.read_table(tmp_path / "o.parquet")["page.number"].to_pylist() == [1] * 50


def test_who_wants_the_text_of_pages_in_the_file_names_it(tmp_path):
    with pipe.input("x").map("x", "page", lambda x: Page(x, 1)).output("page.text") as p:
        p.run(["a"], tmp_path / "o.parquet", progress=False)
    assert pq.read_table(tmp_path / "o.parquet")["page.text"].to_pylist() == ["a"]


SPARSE = [([0, 7], [1.0, 0.5]), ([], []), ([3], [2.0]), ([1, 2, 30_000], [0.1, 0.2, 0.3])]


def sparse(text):
    indices, values = SPARSE[int(text)]
    return SparseVector(np.array(indices, np.int32), np.array(values, np.float32))


@pytest.mark.parametrize("target", ["o.parquet", "o/"])
def test_sparse_vectors_of_any_length_are_read_back_as_they_were(target, tmp_path):
    with pipe.input("x").map("x", "vector", lambda x: None if x == "none" else sparse(x)).output("vector") as p:
        p.run(["0", "1", "none", "2", "3"], f"{tmp_path}/{target}", progress=False, shard_rows=1)
    keys, vectors = read_sparse_vectors(f"{tmp_path}/{target}")
    assert keys == ["0", "1", "none", "2", "3"]
    assert vectors[2] is None
    for key, vector in zip(keys, vectors, strict=True):
        if vector is not None:
            assert (vector.indices.dtype, vector.values.dtype) == (np.int32, np.float32)
            np.testing.assert_array_equal(vector.indices, sparse(key).indices)
            np.testing.assert_array_equal(vector.values, sparse(key).values)
            assert digest_of_value(vector) == digest_of_value(sparse(key))


def test_who_reads_sparse_vectors_as_others_is_told_how(tmp_path):
    written(sparse("0"), tmp_path / "o.parquet")
    with pytest.raises(InputError, match="read_sparse_vectors"):
        read_vectors(tmp_path / "o.parquet")
    written(np.ones(2, np.float32), tmp_path / "v.parquet", ["a"])
    with pytest.raises(InputError, match="no sparse vectors"):
        read_sparse_vectors(tmp_path / "v.parquet")
    with pytest.raises(InputError, match="no such file"):
        read_sparse_vectors(tmp_path / "none.parquet")


def test_a_job_without_rows_has_no_sparse_vectors_and_is_no_error(tmp_path):
    with pipe.input("x").flat_map("x", "it", lambda x: []).output("it") as p:
        p.run(["0"], tmp_path / "e.parquet", progress=False)
    assert read_sparse_vectors(tmp_path / "e.parquet") == ([], [])
