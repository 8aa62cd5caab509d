"""Which column of a table is taken where none is named: one that may be meant, and a choice that is told."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from junco.errors import JobError
from reading import inputs, read

PICTURE = {"bytes": b"1", "path": "a.png"}
NAMED = {"bytes": None, "path": "a.png"}
TOLD = "(the first that holds texts; another with column= (--column))"


def of_json(rows, path):
    path.write_text(json.dumps(rows))


def of_lines(rows, path):
    path.write_text("\n".join(map(json.dumps, rows)))


def of_parquet(rows, path):
    pq.write_table(pa.Table.from_pylist(rows), path)


def of_feather(rows, path):
    feather.write_feather(pa.Table.from_pylist(rows), str(path))


FILES = pytest.mark.parametrize(
    ("name", "write"),
    [("t.json", of_json), ("t.jsonl", of_lines), ("t.parquet", of_parquet), ("t.feather", of_feather)],
)


def in_memory(rows):
    """The same rows as tables in memory."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    yield columns
    yield pa.Table.from_pylist(rows)
    yield pytest.importorskip("pandas").DataFrame(columns)


@FILES
@pytest.mark.parametrize("value", [NAMED, [0.5, 1.5], 3, {"a": 1}, True])
def test_what_is_no_text_is_passed_over_where_texts_are_wanted(tmp_path, name, write, value):
    write(
        [{"id": "x", "what": value, "caption": "a cat"}, {"id": "y", "what": value, "caption": "a dog"}],
        tmp_path / name,
    )
    found, told = read(tmp_path / name)
    assert found == ["a cat", "a dog"]
    assert told[-1].endswith(f"column 'caption' of id, what, caption {TOLD}")


@pytest.mark.parametrize("value", [PICTURE, [0.5, 1.5], 3])
def test_what_is_no_text_is_passed_over_in_memory_too(value):
    for table in in_memory([{"id": "x", "what": value, "caption": "a cat"}] * 2):
        found, told = read(table)
        assert found == ["a cat"] * 2
        assert told[0].endswith(f"column 'caption' of id, what, caption {TOLD}")


@FILES
def test_a_usual_name_of_what_is_no_text_is_passed_over_and_the_pipelines_own_is_not(tmp_path, name, write):
    write([{"input": 1.5, "path": [1], "said": "hello"}], tmp_path / name)
    assert inputs(tmp_path / name) == ["hello"]
    write([{"text": 1.5, "said": "hello"}], tmp_path / name)
    assert inputs(tmp_path / name) == [1.5]


@FILES
def test_where_nothing_else_is_a_text_a_key_is_taken_and_told(tmp_path, name, write):
    write([{"n": 1, "label": "a cat"}], tmp_path / name)
    found, told = read(tmp_path / name)
    assert found == ["a cat"]
    assert told[-1].endswith(f"column 'label' of n, label {TOLD}")


@FILES
def test_of_several_columns_of_files_one_has_to_be_named(tmp_path, name, write):
    write([{"id": 1, "image": NAMED, "image2": {"bytes": None, "path": "b.png"}}], tmp_path / name)
    with pytest.raises(JobError, match=f"{name} has 2 columns of files: image, image2: say which with column="):
        inputs(tmp_path / name, "path")
    assert inputs(tmp_path / name, "path", column="image2") == [{"bytes": None, "path": "b.png"}]
    assert inputs(tmp_path / name, "image") == [NAMED]


def test_dictionaries_of_texts_are_texts(tmp_path):
    table = pa.table(
        {"n": [1], "said": pa.array(["hello"]).dictionary_encode(), "also": pa.array(["x"], pa.large_string())}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(JobError, match="2 columns that may hold the texts: said, also"):
        inputs(tmp_path / "t.parquet")
    assert inputs(table.select(["n", "said"])) == ["hello"]
    assert inputs(table.select(["n", "also"])) == ["x"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "DataFrame", "polars", "dict"])
def test_where_several_columns_may_hold_the_texts_the_caller_is_asked_which(tmp_path, kind):
    source = ticket_table(tmp_path, kind)
    with pytest.raises(JobError) as told:
        inputs(source)
    shown = "title ('Forgot'), body ('How do I reset it?'), lang ('en'): say which with column= (--column)"
    assert f"3 columns that may hold the texts: {shown}" in str(told.value)
    assert inputs(source, column="body") == ["How do I reset it?", "The agent was rude"]


def ticket_table(folder, kind):
    """Tickets in a file of a kind, or in memory."""
    columns = {
        "id": ["1", "2"],
        "title": ["Forgot", "Rude"],
        "body": ["How do I reset it?", "The agent was rude"],
        "lang": ["en", "en"],
        "price": ["3,50", "4"],
    }
    if kind == "dict":
        return columns
    if kind in ("DataFrame", "polars"):
        return pytest.importorskip("polars" if kind == "polars" else "pandas").DataFrame(columns)
    rows = list(zip(*columns.values(), strict=True))
    path = folder / f"t.{kind}"
    if kind in ("csv", "tsv"):
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter="," if kind == "csv" else "\t").writerows([columns, *rows])
    else:
        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        path.write_text(json.dumps(objects) if kind == "json" else "\n".join(map(json.dumps, objects)))
    return path


@pytest.mark.parametrize(
    "kind", ["csv", "tsv", "json", "jsonl", "parquet", "arrow", "DataFrame", "polars", "dict", "rows"]
)
def test_an_empty_cell_is_put_aside_in_every_kind_of_list(tmp_path, kind):
    columns = {"id": [1, 2, 3], "text": ["one", "", "two"]}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path = tmp_path / f"t.{kind}"
    if kind in ("csv", "tsv"):
        sign = "," if kind == "csv" else "\t"
        path.write_text("".join(f"{sign.join(map(str, row))}\n" for row in [columns, *(row.values() for row in rows)]))
    elif kind in ("json", "jsonl"):
        path.write_text(json.dumps(rows) if kind == "json" else "\n".join(map(json.dumps, rows)))
    elif kind == "parquet":
        pq.write_table(pa.table(columns), path)
    elif kind == "arrow":
        feather.write_feather(pa.table(columns), str(path))
    in_memory = {"dict": columns, "rows": rows}
    if kind in ("DataFrame", "polars"):
        in_memory[kind] = pytest.importorskip("polars" if kind == "polars" else "pandas").DataFrame(columns)
    one, empty, two = inputs(in_memory.get(kind, path))
    assert (one, two) == ("one", "two")
    assert empty.endswith("nothing in the column 'text'")


def test_an_empty_text_among_values_is_put_aside_and_empty_lines_are_counted(tmp_path):
    assert inputs(["one", "", "two"]) == ["one", "! row 2: nothing in it", "two"]
    (tmp_path / "t.json").write_text('["one", ""]')
    assert inputs(tmp_path / "t.json") == ["one", "! t.json, row 2: nothing in it"]
    (tmp_path / "t.txt").write_text("one\n\n  \ntwo\n")
    assert read(tmp_path / "t.txt") == (["one", "two"], ["t.txt: 2 empty lines passed over"])
