"""Targets: what is written into each kind, and what may become one."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from junco import Operator, pipe
from junco.errors import TargetBusyError, TargetError
from junco.types import Space, Vector


def rows(target):
    return pq.read_table(target).to_pylist()


def test_a_file_that_no_job_made_is_not_overwritten_unasked(embed, tmp_path):
    target = tmp_path / "mine.parquet"
    target.write_text("precious")
    with pytest.raises(TargetError, match="no bulk job made it"):
        embed.run(["a"], target)
    assert target.read_text() == "precious"
    embed.run(["a"], target, resume=False)
    assert len(rows(target)) == 1


def test_a_target_that_was_changed_since_is_not_overwritten_unasked(embed, tmp_path):
    embed.run(["a"], tmp_path / "v.parquet")
    (tmp_path / "v.parquet").write_text("edited")
    with pytest.raises(TargetError, match="changed by something else"):
        embed.run(["a"], tmp_path / "v.parquet")


def test_a_target_that_was_removed_is_made_again(embed, tmp_path):
    embed.run(["a", "b"], tmp_path / "v.parquet")
    (tmp_path / "v.parquet").unlink()
    assert embed.run(["a", "b"], tmp_path / "v.parquet").num_new == 2
    assert len(rows(tmp_path / "v.parquet")) == 2


def test_a_folder_with_other_things_in_it_is_never_replaced(embed, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    for resume in (True, False):
        with pytest.raises(TargetError):
            embed.run(["a"], f"{tmp_path}/home/", resume=resume)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_an_empty_folder_may_become_a_target_and_a_folder_is_no_file(embed, tmp_path):
    (tmp_path / "v").mkdir()
    (tmp_path / "v.parquet").mkdir()
    assert embed.run(["a"], f"{tmp_path}/v/").num_rows == 1
    for resume in (True, False):
        with pytest.raises(
            TargetError, match=r"v.parquet is a folder: for a folder of Parquet files write .*v.parquet/$"
        ):
            embed.run(["a"], tmp_path / "v.parquet", resume=resume)


@pytest.mark.parametrize("target", ["./", "/", "../"])
def test_a_folder_without_a_name_of_its_own_is_no_target(embed, target):
    with pytest.raises(TargetError, match="name a folder in it"):
        embed.run(["a"], target)


def test_the_second_of_two_jobs_on_one_target_is_refused_and_the_first_goes_on(embed, tmp_path):
    def two_at_once():
        yield "a"
        with pytest.raises(TargetBusyError, match="another job is writing"):
            embed.run(["b"], tmp_path / "v.parquet")
        yield "c"

    embed.run(two_at_once(), tmp_path / "v.parquet")
    assert [row["input"] for row in rows(tmp_path / "v.parquet")] == ["a", "c"]


def test_a_target_whose_folder_cannot_be_is_refused_before_any_work(tmp_path):
    seen = []
    (tmp_path / "file").write_text("")
    with pipe.input("text").map("text", "size", seen.append).output("size") as p:
        for target in (tmp_path / "file" / "v.parquet", "/proc/v.parquet", tmp_path / "v.xls", "s3://bucket/v.parquet"):
            with pytest.raises(TargetError) as failure:
                p.run(["a"], target)
            assert "\n" not in str(failure.value)
    assert seen == []


FULL_DISK = """\
import resource, signal, sys
import numpy as np
from junco import Operator, pipe
from junco.errors import TargetError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
with pipe.input("text").map("text", "vector", lambda t: np.full(8, len(t), np.float32)).output("vector") as p:
    try:
        p.run([f"text {n}" for n in range(9000)], sys.argv[1])
    except TargetError as error:
        sys.exit(str(error))
"""


def test_a_file_that_cannot_grow_ends_the_job_in_one_line_and_with_more_room_it_goes_on(tmp_path):
    roomy = FULL_DISK.replace("60_000, 60_000", "resource.RLIM_INFINITY, resource.RLIM_INFINITY")
    tight, wide = (
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "v.parquet")], capture_output=True, text=True, check=False
        )
        for code in (FULL_DISK, roomy)
    )
    assert tight.returncode == 1
    assert tight.stderr.count("\n") == 1
    assert "v.parquet cannot be written: " in tight.stderr
    assert wide.returncode == 0, wide.stderr
    assert pq.read_table(tmp_path / "v.parquet").num_rows == 9000


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_on_a_full_disk_the_job_ends_clearly_and_with_more_room_it_goes_on(embed, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount")
    try:
        texts = [f"text {n} {os.urandom(40).hex().upper()}" for n in range(6000)]
        with pytest.raises(TargetError, match="no space is left on the disk"):
            embed.run(texts, disk / "v.parquet")
        assert not (disk / "v.parquet").exists()
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        report = embed.run(texts, disk / "v.parquet")
        assert report.num_skipped > 0
        assert report.num_rows == 6000
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_callable_gets_the_rows_shard_by_shard(embed):
    shards = []
    report = embed.run(["a", "bc", "bad", "d"], shards.append, shard_rows=2)
    assert [shard.inputs for shard in shards] == [["a", "bc"], ["d"]]
    assert shards[0].columns["vector"][1].tolist() == [2, ord("b")]
    assert report.num_rejects == 1


def test_an_npy_target_is_an_array_with_its_inputs_beside_it(embed, tmp_path):
    embed.run(["one", "bad", "three"], tmp_path / "v.npy")
    assert np.load(tmp_path / "v.npy").tolist() == [[3, 111], [5, 116]]
    assert np.load(tmp_path / "v.npy").dtype == np.float32
    assert rows(tmp_path / "v.npy.inputs.parquet") == [{"input": "one"}, {"input": "three"}]


def test_an_npy_target_for_what_is_no_vector_is_refused_with_the_columns(tmp_path):
    with (
        pipe.input("text").map("text", "size", len).output("size") as p,
        pytest.raises(TargetError, match=r"size \(int64\): write a .parquet file"),
    ):
        p.run(["a"], tmp_path / "v.npy")


def test_an_npy_target_of_which_nothing_succeeded_takes_vectors_later(embed, tmp_path):
    embed.run(["bad"], tmp_path / "v.npy", on_error="none")
    assert np.load(tmp_path / "v.npy").shape == (1, 0)
    embed.run(["bad", "fine"], tmp_path / "v.npy", on_error="none")
    assert np.isnan(np.load(tmp_path / "v.npy")[0]).all()
    assert np.load(tmp_path / "v.npy")[1].tolist() == [4, ord("f")]


def whole(text, kind="int8"):
    """A vector of whole numbers, but for what is bad."""
    if text == "bad":
        raise ValueError(text)
    return np.array([len(text), 4], kind)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "bool"])
@pytest.mark.parametrize("jobs", [[["a", "bad"]], [["bad", "a"]], [["a"], ["a", "bad"]], [["bad"], ["bad", "a"]]])
def test_an_npy_target_has_no_made_up_vector_for_one_of_whole_numbers_that_is_missing(tmp_path, kind, jobs):
    target = tmp_path / "v.npy"
    with pipe.input("text").map("text", "vector", lambda text: whole(text, kind)).output("vector") as p:
        for texts in jobs[:-1]:
            p.run(texts, target, on_error="none")
        before = target.read_bytes() if target.exists() else None
        with pytest.raises(TargetError, match=r"takes a vector for each input.*on_error='skip'.*\.parquet"):
            p.run(jobs[-1], target, on_error="none", shard_rows=1)
        assert (target.read_bytes() if target.exists() else None) == before
        p.run(jobs[-1], target, on_error="skip", resume=False)
        assert len(np.load(target)) == 1
        p.run(jobs[-1], tmp_path / "v.parquet", on_error="none")
    assert [row["vector"] is None for row in rows(tmp_path / "v.parquet")] == [text == "bad" for text in jobs[-1]]


class Small(Operator, family="test-small", name="small"):
    """Vectors that say in advance what numbers they have."""

    def space(self, *inputs):
        return Space({"small": 1, "precision": "int8"}, "small")

    def batch(self, texts: list[str]) -> list[Vector]:
        raise AssertionError("no work is done")


def test_an_npy_target_that_cannot_hold_what_is_missing_is_refused_before_the_work(tmp_path):
    with (
        pipe.input("text").map("text", "vector", Small()).output("vector") as p,
        pytest.raises(TargetError, match="in vectors of int8 nothing can stand for one that is missing"),
    ):
        p.run(["a"], tmp_path / "v.npy", on_error="none")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_target_has_files_of_as_many_rows_as_asked_for(embed, tmp_path):
    embed.run([f"text {n}" for n in range(25)], f"{tmp_path}/v/", shard_rows=10)
    assert [pq.read_table(file).num_rows for file in sorted((tmp_path / "v").iterdir())] == [10, 10, 5]
    assert pq.read_table(tmp_path / "v").num_rows == 25
