"""Parquet and Arrow's own files: every kind of column, and rows that are none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from junco.errors import JobError
from reading import inputs, read

TEXT = pa.string()
FILES = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def of_bytes(cells, kind=TEXT):
    """A column of texts, whatever their bytes are: what other programs write."""
    size = np.int64 if kind == pa.large_string() else np.int32
    offsets = np.concatenate([[0], np.cumsum([len(cell) for cell in cells])]).astype(size)
    return pa.Array.from_buffers(
        kind, len(cells), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(cells))]
    )


def write_parquet(table, path):
    pq.write_table(table, path)


def write_feather(table, path):
    feather.write_feather(table, str(path))


def write_stream(table, path):
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


WAYS = pytest.mark.parametrize(
    ("name", "write"),
    [("t.parquet", write_parquet), ("t.pq", write_parquet), ("t.feather", write_feather), ("t.arrow", write_stream)],
)


@WAYS
@pytest.mark.parametrize(
    "column",
    [
        pa.array(["one", "zwölf", None, ""]),
        pa.array(["one", "zwölf", None, ""], pa.large_string()),
        pa.array(["one", "zwölf", None, ""]).dictionary_encode(),
        pa.chunked_array([["one"], ["zwölf", None], [""]]),
    ],
    ids=["string", "large", "dictionary", "chunks"],
)
def test_texts_of_every_kind_are_read_and_an_empty_cell_is_put_aside(tmp_path, name, write, column):
    write(pa.table({"id": [1, 2, 3, 4], "text": column}), tmp_path / name)
    assert read(tmp_path / name) == (
        ["one", "zwölf", f"! {name}, row 3: no 'text'", f"! {name}, row 4: nothing in the column 'text'"],
        [f"{name}: column 'text' of id, text"],
    )


@WAYS
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_text_that_is_no_utf8_costs_itself_alone(tmp_path, name, write, kind):
    cells = [b"one", b"R\xc9UNION", b"three"]
    write(pa.table({"text": of_bytes(cells, kind)}), tmp_path / name)
    assert inputs(tmp_path / name) == ["one", f"! {name}, row 2: not UTF-8 (byte 0xc9)", "three"]


@WAYS
@pytest.mark.parametrize("numbers", [pa.int8(), pa.int16(), pa.int32(), pa.int64()])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("column", ["text", "a.text"])
def test_a_text_that_is_no_utf8_costs_its_rows_alone_where_each_text_is_kept_once(
    tmp_path, name, write, numbers, kind, column
):
    texts = of_bytes([b"one", b"R\xc9UNION", b"three"], kind)
    words = pa.DictionaryArray.from_arrays(pa.array([2, 1, None, 0, 2], numbers), texts)
    schema = pa.schema([("id", pa.int64()), (column, words.type)])
    write(pa.table([[1, 2, 3, 4, 5], words], schema=schema), tmp_path / name)
    assert inputs(tmp_path / name, column=column) == [
        "three",
        f"! {name}, row 2: not UTF-8 (byte 0xc9)",
        f"! {name}, row 3: no {column!r}",
        "one",
        "three",
    ]


def test_a_path_within_a_struct_that_is_no_utf8_costs_its_row_alone(tmp_path):
    paths = of_bytes([b"a.png", b"\xff.png"])
    files = pa.StructArray.from_arrays([pa.array([None, None], pa.binary()), paths], ["bytes", "path"])
    pq.write_table(pa.table({"image": files}), tmp_path / "t.parquet")
    assert inputs(tmp_path / "t.parquet", "path") == [
        {"bytes": None, "path": "a.png"},
        "! t.parquet, row 2: not UTF-8 (byte 0xff)",
    ]


@pytest.mark.parametrize(("name", "write"), [("t.parquet", write_parquet), ("t.arrow", write_stream)])
def test_two_columns_of_one_name_are_refused_only_where_that_one_is_wanted(tmp_path, name, write):
    write(pa.table([pa.array(["a"]), pa.array(["b"]), pa.array(["c"])], names=["text", "text", "id"]), tmp_path / name)
    with pytest.raises(JobError, match="has 2 columns named 'text': give each a name of its own"):
        inputs(tmp_path / name)
    assert inputs(tmp_path / name, column="id") == ["c"]


@pytest.mark.parametrize(("name", "write"), [("t.parquet", write_parquet), ("t.arrow", write_stream)])
def test_two_columns_of_one_name_are_refused_where_that_one_would_be_guessed(tmp_path, name, write):
    write(pa.table([["a"], ["b"], ["c"]], names=["id", "body", "body"]), tmp_path / name)
    with pytest.raises(JobError, match="has 2 columns named 'body': give each a name of its own"):
        inputs(tmp_path / name)
    files = pa.array([{"bytes": b"1", "path": "a.png"}], FILES)
    write(pa.table([["a"], files, files], names=["id", "image", "image"]), tmp_path / name)
    with pytest.raises(JobError, match="has 2 columns named 'image'"):
        inputs(tmp_path / name, "path")


def test_a_column_of_files_is_the_input_of_whatever_takes_no_texts(tmp_path):
    rows = [{"bytes": b"1", "path": "a.png"}, {"bytes": b"2", "path": None}, None]
    table = pa.table({"label": [0, 1, 2], "text": ["x", "y", "z"], "image": pa.array(rows, FILES)})
    pq.write_table(table, tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", "path") == (
        [*rows[:2], "! t.parquet, row 3: no 'image'"],
        ["t.parquet: column 'image' of label, text, image (which holds files)"],
    )
    assert inputs(tmp_path / "t.parquet") == ["x", "y", "z"]


def test_columns_with_dots_and_lists_are_columns_like_others(tmp_path):
    table = pa.table({"a.text": ["x"], "vector": [[1.0, 2.0]]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert inputs(tmp_path / "t.parquet", column="a.text") == ["x"]
    assert inputs(tmp_path / "t.parquet", column="vector") == [[1.0, 2.0]]


def test_a_value_that_python_cannot_hold_costs_its_row_alone(tmp_path):
    when = pa.array([0, 2**55, 1], pa.timestamp("s"))
    with pa.ipc.new_stream(str(tmp_path / "t.arrow"), pa.schema([("when", when.type)])) as writer:
        writer.write_table(pa.table({"when": when}))
    first, second, third = inputs(tmp_path / "t.arrow", column="when")
    assert (first.year, third.second) == (1970, 1)
    assert second.startswith("! t.arrow, row 2: ")


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.feather"])
def test_what_is_no_such_file_and_what_is_packed_is_refused_with_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"no table at all")
    with pytest.raises(JobError, match=f"{name} cannot be read: "):
        inputs(tmp_path / name)
    (tmp_path / f"{name}.gz").write_bytes(b"no table at all")
    with pytest.raises(JobError, match="unpack it first"):
        inputs(tmp_path / f"{name}.gz")
