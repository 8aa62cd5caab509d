"""Targets that are text: what is written is read back to the very bits, and says what it is."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime

import numpy as np
import pytest

from junco import open_set, pipe, pipeline
from junco.errors import InputError, TargetError
from junco.store.vectors import space_of
from junco.types import Box

KINDS = ["v.jsonl", "v.csv"]
ODD = ["plain", 'say "it"', "two\nlines", "comma, and\r\n猫 \u2028 \t", " ", "null", "[1, 2]", "=1+1"]


@pytest.fixture
def embed():
    def made(text):
        numbers = np.frombuffer(text.encode()[:4].ljust(4), np.uint8).astype(np.float32) / np.float32(7)
        return numbers, len(text) / 3, None if text == "null" else text, [Box(0.1, 2, 3, 4.5, text)]

    with (
        pipe.input("text")
        .map("text", ("vector", "third", "same", "boxes"), made)
        .output("vector", "third", "same", "boxes") as p
    ):
        yield p


@pytest.mark.parametrize("name", KINDS)
def test_rows_are_read_back_to_the_very_bits(embed, tmp_path, name):
    report = embed.run(ODD, tmp_path / name, on_error="raise")
    assert report.num_rows == len(ODD)
    found, wanted = open_set(tmp_path / name), embed.batch(ODD)
    assert found.keys == ODD
    stored = np.stack([row.vector for row in wanted])
    assert found.vectors.dtype == np.float32
    assert np.array_equal(found.vectors.view(np.uint32), stored.view(np.uint32))
    assert found.columns["third"].to_pylist() == [row.third for row in wanted]
    assert found.columns["same"].to_pylist() == [None if text == "null" else text for text in ODD]
    assert [boxes[0]["label"] for boxes in found.columns["boxes"].to_pylist()] == ODD
    assert space_of(tmp_path / name) is None


OPENING = """
import sys, filelock, pyarrow.csv, pyarrow.json, pyarrow.parquet
from junco import open_set
print("ready", flush=True)
sys.stdin.readline()
print(float(open_set(sys.argv[1]).vectors[:, 1].sum()))
"""


@pytest.mark.parametrize("name", KINDS)
def test_several_processes_may_be_the_first_to_open_it(tmp_path, name):
    with pipe.input("n").map("n", "vector", lambda n: np.array([n, 1], np.float32)).output("vector") as p:
        p.run([*range(5000)], tmp_path / name, on_error="raise")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, tmp_path / name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "JUNCO_HOME": str(tmp_path / "home")},
        )
        for _ in range(3)
    ]
    assert [each.stdout.readline() for each in processes] == ["ready\n"] * 3
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    told = [each.communicate(timeout=60) for each in processes]
    assert [out for out, _ in told] == ["5000.0\n"] * 3, told
    assert len([*(tmp_path / "home").glob("sets/*/[!.]*")]) == 1


@pytest.mark.parametrize("name", KINDS)
def test_only_the_copy_of_what_it_holds_now_is_kept(embed, tmp_path, monkeypatch, name):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    for texts in (["a", "b"], ["a", "b", "c"]):
        embed.run(texts, tmp_path / name)
        assert open_set(tmp_path / name).keys == texts
    assert len([*(tmp_path / "home").glob("sets/*/[!.]*")]) == 1


@pytest.mark.parametrize("name", KINDS)
def test_a_target_goes_on_as_any_other(embed, tmp_path, name):
    target = tmp_path / name
    embed.run(ODD, target)
    before = target.read_bytes()
    assert embed.run(ODD, target).is_unchanged
    report = embed.run(["new", *ODD[1:]], target)
    assert (report.num_new, report.num_deleted) == (1, 1)
    assert open_set(target).keys == ["new", *ODD[1:]]
    embed.run(ODD, target)
    assert target.read_bytes() == before


def test_each_line_is_an_object_and_numbers_are_short(tmp_path):
    with pipe.input("text").map("text", "vector", lambda text: np.float32([0.1, 1e-9, 3])).output("vector") as p:
        p.run(["猫"], tmp_path / "v.jsonl")
        p.run(["猫"], tmp_path / "v.csv")
    assert (tmp_path / "v.jsonl").read_text("utf-8") == '{"input": "猫", "vector": [0.1, 1e-9, 3]}\n'
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["input"] == "猫"
    assert json.loads(row["vector"]) == [0.1, 1e-9, 3]


@pytest.mark.parametrize("name", KINDS)
def test_a_set_knows_its_space_and_its_pipeline(tmp_path, name):
    with pipeline("text-embedding") as p:
        p.run(["a cat on a mat", "the price of coffee"], tmp_path / name, progress=False)
    found = open_set(tmp_path / name)
    assert found.space == p.plan.space == space_of(tmp_path / name)
    assert found.search("kitten", count=1)[0].key == "a cat on a mat"
    assert found.verify().is_right


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_numbers_and_times_are_kept(tmp_path, name):
    values = (
        np.int8([1, -3]),
        np.float16(0.1),
        True,
        2**62,
        date(2020, 2, 29),
        datetime(2020, 1, 1, 3, 4, 5, 123456, UTC),
    )
    names = ("vector", "half", "truth", "large", "day", "time")
    with pipe.input("text").map("text", names, lambda text: values).output(*names) as p:
        p.run(["a"], tmp_path / name, on_error="raise")
        p.run(["a"], tmp_path / "v.parquet", on_error="raise")
    text, binary = open_set(tmp_path / name), open_set(tmp_path / "v.parquet")
    assert text.columns.equals(binary.columns)
    assert text.vectors.dtype == np.int8
    assert np.array_equal(text.vectors, binary.vectors)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("value", "what"), [(b"bytes", "binary"), (float("nan"), "NaN")])
def test_what_text_cannot_hold_is_refused_with_the_first_rows(tmp_path, name, value, what):
    with (
        pipe.input("text")
        .map("text", ("vector", "odd"), lambda text: (np.ones(2), value))
        .output("vector", "odd") as p,
        pytest.raises(TargetError, match=rf"'odd' \({what}.*\.parquet"),
    ):
        p.run(["a"], tmp_path / name)


@pytest.mark.parametrize("name", KINDS)
def test_a_text_that_somebody_edited_is_refused_and_says_so(embed, tmp_path, name):
    target = tmp_path / name
    embed.run(["a", "b"], target)
    target.write_bytes(target.read_bytes().replace(b'"a"', b'"x"'))
    with pytest.raises(InputError, match="do not belong together"):
        open_set(target)
    with pytest.raises(TargetError, match="changed by something else"):
        embed.run(["a", "b"], target)
    (tmp_path / f"{name}.schema.parquet").unlink()
    with pytest.raises(InputError, match="is not beside it"):
        open_set(target)


@pytest.mark.parametrize("name", KINDS)
def test_a_job_without_inputs_gives_an_empty_set(tmp_path, name):
    with pipe.input("text").map("text", "vector", len).output("vector") as p:
        p.run([], tmp_path / name)
    assert len(open_set(tmp_path / name)) == 0


@pytest.mark.parametrize("name", KINDS)
def test_missing_vectors_are_null_and_said(tmp_path, name):
    def fails(text):
        if text == "bad":
            raise ValueError
        return np.ones(2, np.float32)

    with pipe.input("text").map("text", "vector", fails).output("vector") as p:
        p.run(["a", "bad"], tmp_path / name, on_error="none")
    with pytest.raises(InputError, match="rows without a vector"):
        _ = open_set(tmp_path / name).vectors
