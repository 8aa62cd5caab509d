"""Inputs that give very many rows are written as these come, and an input is in the target whole or not at all."""

from __future__ import annotations

import functools
import os
import threading
import tracemalloc

import numpy as np
import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.errors import TargetError
from junco.types import VideoFrame

LONG = 40_000


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    """So that of a few thousand rows some are on the disk before the last one comes."""
    monkeypatch.setattr("junco.store.shard_file.MOST_HELD_BYTES", 20_000)
    monkeypatch.setattr("junco.store.writer.MOST_ROWS", 5_000)


def numbers(x, limit=None):
    """As many vectors as asked for; after ``limit`` of them it fails."""
    for n in range(abs(x)):
        if x < 0 and n == abs(x) - 1:
            raise ValueError("the end is missing")
        yield np.array([x, n], np.float32)


@pytest.fixture
def flow():
    with pipe.input("x").flat_map("x", "vector", numbers).output("vector") as p:
        yield p


def inputs_of(target):
    if target.suffix == ".npy":
        return pq.read_table(f"{target}.inputs.parquet")["input"].to_pylist()
    return pq.read_table(target)["input"].to_pylist()


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_of_an_item_that_fails_late_no_row_is_left_in_the_target(flow, tmp_path, name):
    report = flow.run([3, -LONG, 2, LONG, -5], f"{tmp_path}/{name}", progress=False)
    assert inputs_of(tmp_path / name) == ["0"] * 3 + ["2"] * 2 + ["3"] * LONG
    assert (report.num_done, report.num_rejects, report.num_rows) == (3, 2, LONG + 5)
    clean = flow.run([3, 2, LONG], tmp_path / "clean.npy", progress=False)
    assert clean.num_rows == report.num_rows
    if name == "v.npy":
        assert np.array_equal(np.load(tmp_path / name), np.load(tmp_path / "clean.npy"))


def test_with_none_it_leaves_one_empty_row(flow, tmp_path):
    flow.run([3, -LONG, 2], tmp_path / "v.parquet", on_error="none", progress=False)
    assert inputs_of(tmp_path / "v.parquet") == ["0"] * 3 + ["1"] + ["2"] * 2
    assert pq.read_table(tmp_path / "v.parquet")["vector"].to_pylist()[3] is None


def test_a_job_that_was_stopped_goes_on_with_whole_items_and_gives_the_same_bytes(flow, tmp_path):
    items = [3, -LONG, LONG, 2, -7, 5, LONG // 2]

    def cut_off(after):
        yield from items[:after]
        raise OSError("gone")

    flow.run(items, tmp_path / "whole.parquet", shard_rows=2, progress=False)
    for after in range(1, len(items)):
        with pytest.raises(Exception, match="gone"):
            flow.run(cut_off(after), tmp_path / "v.parquet", shard_rows=2, progress=False)
    flow.run(items, tmp_path / "v.parquet", shard_rows=2, progress=False)
    assert (tmp_path / "v.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_callable_gets_several_shards_of_a_long_item_and_is_told_of_one_that_fails(flow):
    class Store:
        def __init__(self):
            self.shards, self.removed = [], []

        def __call__(self, shard):
            self.shards.append(shard)

        def remove(self, keys):
            self.removed += keys

    store = Store()
    flow.run([3, LONG, -LONG, 2], store, progress=False)
    assert max(len(shard.inputs) for shard in store.shards) < LONG // 4
    kept = [key for shard in store.shards for key in shard.inputs if key != "2"]
    assert kept == ["0"] * 3 + ["1"] * LONG + ["3"] * 2
    assert store.removed == ["2"]
    assert all(len(shard.inputs) == len(shard.columns["vector"]) for shard in store.shards)


@pytest.mark.parametrize("target", ["v.parquet", "v/", print])
def test_a_long_video_takes_no_more_memory_than_a_short_one(tmp_path, target, monkeypatch):
    monkeypatch.setattr("junco.store.writer.MOST_BYTES", 4_000_000)

    def frames(n):
        for i in range(n):
            yield VideoFrame(np.zeros((100, 100, 3), np.uint8), i / 25, i)

    sink = (lambda shard: None) if callable(target) else f"{tmp_path}/{target}"
    peaks = []
    with pipe.input("n").flat_map("n", "frame", frames).output("frame") as p:
        for count in (300, 3_000):
            tracemalloc.start()
            assert p.run([count], sink, progress=False, resume=False).num_rows == count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 25_000_000, "all frames together are 90 MB"


# ---- odd values


ODD = {
    "a text": "five",
    "a list": [5.0] * 4,
    "another length": np.zeros(5, np.float32),
    "another type": np.zeros(4, np.int64),
    "an object": object(),
    "a matrix": np.zeros((4, 4), np.float32),
}


def odd_at(place, odd, x):
    return odd if x == place else np.full(4, x, np.float32)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_an_odd_value_is_a_reject_and_the_others_are_stored(tmp_path, odd, name):
    with pipe.input("x").map("x", "v", functools.partial(odd_at, 5, odd)).output("v") as p:
        report = p.run(range(10), f"{tmp_path}/{name}", progress=False, shard_rows=4)
    assert (report.num_inputs, report.num_done, report.num_rejects) == (10, 9, 1)
    rejects = f"{tmp_path}/{name.rstrip('/')}.rejects.parquet"
    (reject,) = pq.read_table(rejects).to_pylist()
    assert (reject["input"], reject["stage"]) == ("5", "store")
    assert "the column 'v' holds vectors of 4 float32, and was given " in reject["reason"]


def test_with_none_an_odd_value_is_an_empty_row_and_with_raise_the_end(tmp_path):
    with pipe.input("x").map("x", "v", functools.partial(odd_at, 1, "one")).output("v") as p:
        p.run(range(3), tmp_path / "v.parquet", on_error="none", progress=False)
        assert [row["v"] is None for row in pq.read_table(tmp_path / "v.parquet").to_pylist()] == [False, True, False]
        with pytest.raises(TargetError, match="1 cannot be stored: the column 'v' holds vectors of 4 float32"):
            p.run(range(3), tmp_path / "w.parquet", on_error="raise", progress=False)


def mixed(x):
    """Rows of several kinds: which is odd depends on what came first."""
    return [(None, 1, 2.5, "text", [1], np.zeros(2, np.float32))[(x * 7 + n) % 6] for n in range(x % 3)]


@pytest.mark.parametrize("shard_rows", [1, 3, 7, 1000])
def test_what_is_odd_does_not_depend_on_where_a_job_was_stopped(tmp_path, shard_rows):
    def cut_off(after):
        yield from range(after)
        raise OSError("gone")

    with pipe.input("x").flat_map("x", "y", mixed).output("y") as p:
        whole = p.run(range(60), tmp_path / "whole.parquet", progress=False, shard_rows=1000)
        for after in (2, 5, 6, 17, 40):
            with pytest.raises(Exception, match="gone"):
                p.run(cut_off(after), tmp_path / "v.parquet", progress=False, shard_rows=shard_rows)
        p.run(range(60), tmp_path / "v.parquet", progress=False, shard_rows=1000)
    assert 0 < whole.num_rejects < 60
    for end in ("parquet", "parquet.rejects.parquet"):
        assert (tmp_path / f"v.{end}").read_bytes() == (tmp_path / f"whole.{end}").read_bytes()


def test_the_kinds_of_an_item_that_failed_bind_nobody(tmp_path):
    def rows(x):
        yield from [x] * 6_000
        if isinstance(x, str):
            raise ValueError("a text")

    with pipe.input("x").flat_map("x", "y", rows).output("y") as p:
        report = p.run(["a", 1], tmp_path / "v.parquet", progress=False)
    assert (report.num_done, report.num_rows) == (1, 6_000)


def test_rows_that_were_on_their_way_when_their_item_failed_are_taken_back_too(tmp_path, monkeypatch):
    """All blocks of an item wait for the target, its failure among them."""
    monkeypatch.setattr("junco.job.pending.MOST_PENDING_ROWS", 1)
    monkeypatch.setattr("junco.store.writer.MOST_ROWS", 1)
    monkeypatch.setattr("junco.engine.expand.PieceSize.LARGEST", 16)
    is_over, store = threading.Event(), {}

    def films(x):
        for n in range(200):
            if x == 1 and n == 190:
                raise ValueError("the end is missing")
            yield n
        if x == 2:
            is_over.set()

    class Store:
        def __call__(self, shard):
            assert is_over.wait(30)
            for key in shard.inputs:
                store[key] = store.get(key, 0) + 1

        def remove(self, keys):
            for key in keys:
                store.pop(key, None)

    many_threads = pipe.input("x").map("x", "same", abs, workers=64)
    with many_threads.flat_map("same", "n", films).output("n") as p:
        report = p.run(range(3), Store(), progress=False)
    assert store == {"0": 200, "2": 200}
    assert (report.num_done, report.num_rejects, report.num_rows) == (2, 1, 400)


# ---- inputs that take long


@pytest.fixture
def _always_late(monkeypatch):
    """It is always time to seal."""
    monkeypatch.setattr("junco.job.shard.SEAL_S", 0.0)
    monkeypatch.setattr("junco.job.shard.SEAL_SHARE", float("inf"))


@pytest.mark.usefixtures("_always_late")
@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_a_few_long_inputs_are_sealed_one_by_one_and_the_bytes_stay_the_same(tmp_path, name, monkeypatch):
    """Killed when it is at an input, a job has lost no more than that one and what was made ahead of it."""
    monkeypatch.setattr("junco.engine.intake.IntakeSize.LARGEST", 1)  # else some are made together
    items, seen = [3, 5, -LONG, 2, "odd", -4, LONG // 4, 7], []

    def films(x):
        seen.append(x)
        if str(x) == os.environ.get("KILLED_AT"):
            raise KeyboardInterrupt
        yield from ["no vector"] if x == "odd" else numbers(x)

    def content():
        files = [path for path in sorted(tmp_path.glob("v*")) for path in (path, *sorted(path.glob("*")))]
        return [path.read_bytes() for path in files if path.is_file()]

    with pipe.input("x").flat_map("x", "vector", films).output("vector") as p:
        for killed_at in (2, -4, LONG // 4, 7):
            monkeypatch.setenv("KILLED_AT", str(killed_at))
            with pytest.raises(KeyboardInterrupt):
                p.run(items, f"{tmp_path}/{name}", progress=False)
        monkeypatch.delenv("KILLED_AT")
        report = p.run(items, f"{tmp_path}/{name}", progress=False)
        assert (report.num_new, report.num_skipped) == (1, 7)
        assert {seen.count(x) for x in items} <= {1, 2}
        resumed = content()
        monkeypatch.setattr("junco.job.shard.SEAL_S", 1e9)
        whole = p.run(items, f"{tmp_path}/{name}", progress=False, resume=False)
    assert (whole.num_rows, whole.num_rejects, whole.num_done) == (report.num_rows, report.num_rejects, 5)
    assert content() == resumed


def test_a_sealing_takes_no_more_than_its_share_of_the_time(monkeypatch):
    """Where the target is slow, it is sealed less often."""
    now, shards = [0.0], []

    def films(x):
        now[0] += 4.0
        yield x

    def slow(shard):
        now[0] += 2.0
        shards.append(len(shard.inputs))

    monkeypatch.setattr("junco.job.shard.OpenShard.__init__.__defaults__", (lambda: now[0],))
    with pipe.input("x").flat_map("x", "y", films).output("y") as p:
        p.run(range(200), slow, progress=False)
    assert sum(shards) == 200
    assert 3 <= len(shards) <= 6
    assert shards[0] < 10 < 40 < shards[1]
