"""A job that is limited to the first inputs of its source: what it does, and what it leaves."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junco import pipe
from junco.errors import InputError

WORDS = ["one", "three", "four", "eleven", "twelve"]


def keys(target):
    return pq.read_table(target)["input"].to_pylist()


def test_only_the_first_inputs_are_worked_on_and_the_report_says_so(embed, tmp_path):
    report = embed.run(WORDS, tmp_path / "v.parquet", limit=2)
    assert keys(tmp_path / "v.parquet") == ["one", "three"]
    assert (report.num_new, report.num_inputs) == (2, 2)
    assert "the first 2 inputs alone, for that is the limit" in str(report)


def test_without_the_limit_the_same_call_goes_on_with_the_others(embed, tmp_path):
    embed.run(WORDS, tmp_path / "v.parquet", limit=2)
    report = embed.run(WORDS, tmp_path / "v.parquet")
    assert (report.num_new, report.num_skipped, report.num_deleted) == (3, 2, 0)
    embed.run(WORDS, tmp_path / "at once.parquet")
    assert (tmp_path / "v.parquet").read_bytes() == (tmp_path / "at once.parquet").read_bytes()


def test_what_was_done_behind_the_limit_is_not_gone_from_the_source(embed, tmp_path):
    embed.run(WORDS, tmp_path / "v.parquet")
    report = embed.run(WORDS, tmp_path / "v.parquet", limit=2)
    assert (report.num_new, report.num_deleted, report.num_rows) == (0, 0, 5)
    assert "3 others that were done before stay" in str(report)
    assert keys(tmp_path / "v.parquet") == WORDS
    assert embed.run(WORDS, tmp_path / "v.parquet").num_new == 0


def test_new_inputs_before_the_limit_come_before_those_that_stay(embed, tmp_path):
    embed.run(WORDS, tmp_path / "v.parquet")
    embed.run(["new", *WORDS], tmp_path / "v.parquet", limit=1)
    assert keys(tmp_path / "v.parquet") == ["new", *WORDS]


def test_a_source_that_ends_before_the_limit_is_whole_and_what_it_lost_is_gone(embed, tmp_path):
    embed.run(WORDS, tmp_path / "v.parquet")
    report = embed.run(WORDS[:3], tmp_path / "v.parquet", limit=3)
    assert (report.num_deleted, keys(tmp_path / "v.parquet")) == (2, WORDS[:3])


def test_a_changed_file_before_the_limit_takes_the_place_of_what_it_was(tmp_path):
    folder, target = tmp_path / "texts", tmp_path / "v.parquet"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    with (
        pipe.input("path")
        .map("path", "vector", lambda path: np.float32([len(Path(path).read_text())]))
        .output("vector") as embed
    ):
        embed.run(folder, target)
        (folder / "a").write_text("longer")
        report = embed.run(folder, target, limit=1)
    assert (report.num_changed, report.num_deleted) == (1, 0)
    assert pq.read_table(target)["vector"].to_pylist() == [[6.0], [1.0], [1.0]]


def test_rejects_behind_the_limit_stay_rejects(embed, tmp_path):
    embed.run(["one", "bad", "worse bad"], tmp_path / "v.parquet")
    report = embed.run(["one", "bad", "worse bad"], tmp_path / "v.parquet", limit=1)
    assert report.num_rejects == 2
    assert len(pq.read_table(f"{tmp_path}/v.parquet.rejects.parquet")) == 2


def test_a_source_without_an_end_is_read_no_further_than_one_more(embed, tmp_path):
    read = []
    endless = (read.append(number) or f"text {number}" for number in itertools.count())
    assert embed.run(endless, tmp_path / "v.parquet", limit=3).num_new == 3
    assert len(read) == 4


@pytest.mark.parametrize("limit", [0, -1])
def test_no_input_at_all_is_no_limit(embed, tmp_path, limit):
    with pytest.raises(InputError, match="1 or more"):
        embed.run(WORDS, tmp_path / "v.parquet", limit=limit)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.permutations(WORDS), st.integers(1, 6)), max_size=4))
def test_whatever_was_limited_before_a_whole_run_gives_what_it_always_gives(tmp_path_factory, runs):
    folder = tmp_path_factory.mktemp("runs")
    with pipe.input("text").map("text", "vector", lambda text: np.float32([len(text)])).output("vector") as embed:
        for source, limit in runs:
            embed.run(source, folder / "v.parquet", limit=limit, progress=False)
        done = {key for source, limit in runs for key in source[:limit]}
        if done:
            assert sorted(keys(folder / "v.parquet")) == sorted(done)
        embed.run(WORDS, folder / "v.parquet", progress=False)
    assert keys(folder / "v.parquet") == WORDS
