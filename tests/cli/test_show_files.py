"""junco show, of files that a job has written."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def written(junco, tmp_path):
    """A set of three texts of which one was put aside."""
    (tmp_path / "t.txt").write_text("one\nbad\ntwo words\n")
    assert junco("embed", "count", tmp_path / "t.txt", "--to", tmp_path / "v.parquet").exit_code == 0
    return tmp_path / "v.parquet"


def test_a_set_tells_its_rows_vectors_space_columns_pipeline_and_what_was_put_aside(junco, written):
    (shown,) = json.loads(junco("show", written, "--json").stdout)
    assert (shown["kind"], shown["rows"], shown["inputs"]) == ("set of vectors", 2, 2)
    assert (shown["vectors"], shown["space"], shown["pipeline"]) == ("3 × float32", "unknown", "count")
    assert shown["columns"][0] == "input: string"
    assert shown["rejects"] == ["1 in embed: ValueError: cannot count this"]
    assert "1 in embed: ValueError" in junco("show", written).stdout


def test_a_file_of_rejects_tells_how_many_and_why(junco, written):
    (shown,) = json.loads(junco("show", f"{written}.rejects.parquet", "--json").stdout)
    assert (shown["kind"], shown["rows"], len(shown["reasons"])) == ("rejects", 1, 1)


def test_reasons_that_differ_by_a_name_or_a_number_alone_are_one(junco, tmp_path):
    rejects = tmp_path / "v.parquet.rejects.parquet"
    rows = {"input": [f"{n}.jpg" for n in range(9)], "stage": ["decode"] * 9}
    rows["reason"] = [f"{n}.jpg: cut off after {n * 7} bytes" for n in range(8)] + ["no picture"]
    pq.write_table(pa.table(rows), rejects)
    (shown,) = json.loads(junco("show", rejects, "--json").stdout)
    assert shown["reasons"] == ["8 in decode: …: cut off after … bytes", "1 in decode: no picture"]


def test_a_file_that_is_not_there_or_holds_no_vectors_is_one_line(junco, tmp_path):
    for name in ("nothing.parquet", "nothing.npy"):
        done = junco("show", tmp_path / name)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
        assert "no such file" in done.stderr
