"""`Pipeline.run`: what is worked on, what is put aside, what is refused."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import pipe, read_vectors
from junco.errors import InputError, JobError, OperatorError, TargetBusyError, TargetError


def lengths(text):
    """Length and first letter of a text as a vector."""
    if "bad" in text:
        raise ValueError(f"cannot measure {text}")
    return np.array([len(text), ord(text[0])], np.float32)


@pytest.fixture
def embed():
    with pipe.input("text").map("text", "vector", lengths).output("vector") as p:
        yield p


def rows(target):
    return pq.read_table(target).to_pylist()


def written(target):
    """What a new file in its place would change; not when it was last read."""
    return target.stat().st_ino, target.stat().st_mtime_ns


def rejects(target):
    return pq.read_table(f"{target}.rejects.parquet").to_pylist()


def test_a_target_has_a_row_for_each_input_in_order_with_the_vector_as_a_fixed_size_list(embed, tmp_path):
    report = embed.run(["one", "three"], tmp_path / "v.parquet")
    table = pq.read_table(tmp_path / "v.parquet")
    assert table.schema.field("vector").type.equals(pa.list_(pa.float32(), 2))
    assert table.to_pylist() == [{"input": "one", "vector": [3, 111]}, {"input": "three", "vector": [5, 116]}]
    assert (report.num_inputs, report.num_new, report.num_rows, report.num_rejects) == (2, 2, 2, 0)
    assert not Path(f"{tmp_path}/v.parquet.rejects.parquet").exists()


def test_of_a_hundred_inputs_with_one_bad_99_are_delivered_and_one_is_explained(embed, tmp_path):
    target = tmp_path / "v.parquet"
    texts = [f"bad {n}" if n % 100 == 7 else f"text {n}" for n in range(2000)]
    report = embed.run(texts, target)
    assert [row["input"] for row in rows(target)] == [text for text in texts if "bad" not in text]
    assert [reject["input"] for reject in rejects(target)] == [text for text in texts if "bad" in text]
    assert rejects(target)[0] == {"input": "bad 7", "stage": "lengths", "reason": "ValueError: cannot measure bad 7"}
    assert (report.num_done, report.num_rejects) == (1980, 20)
    assert "20 inputs put aside" in str(report)


def test_with_raise_the_first_failure_ends_the_job_and_names_its_place_in_the_source(embed, tmp_path):
    with pytest.raises(OperatorError) as failure:
        embed.run([*["fine"] * 30, "bad"], tmp_path / "v.parquet", on_error="raise", shard_rows=8)
    assert failure.value.position == 30
    assert not (tmp_path / "v.parquet").exists()


def test_with_none_a_failed_input_has_an_empty_row_and_a_reject(embed, tmp_path):
    embed.run(["a", "bad"], tmp_path / "v.parquet", on_error="none")
    assert rows(tmp_path / "v.parquet")[1] == {"input": "bad", "vector": None}
    assert len(rejects(tmp_path / "v.parquet")) == 1


def test_a_finished_job_has_nothing_more_to_do_and_says_so(embed, tmp_path):
    target = tmp_path / "v.parquet"
    embed.run(["a", "b"], target)
    before = written(target)
    report = embed.run(["a", "b"], target)
    assert report.is_unchanged
    assert "nothing new" in str(report)
    assert written(target) == before


def test_a_source_with_repetitions_is_known_again(embed, tmp_path):
    target = tmp_path / "v.parquet"
    embed.run(["a", "b", "a", "bad", "a"], target)
    before = written(target)
    assert embed.run(["a", "b", "a", "bad", "a"], target).is_unchanged
    assert written(target) == before
    assert embed.run(["a", "a", "b", "bad", "a"], target).num_new == 0
    assert [row["input"] for row in rows(target)] == ["a", "a", "b", "a"]


def test_new_inputs_anywhere_in_a_grown_source_are_all_that_is_worked_on(tmp_path):
    seen = []
    with pipe.input("text").map("text", "size", lambda t: seen.append(t) or len(t)).output("size") as p:
        p.run(["a", "c", "e"], tmp_path / "v.parquet")
        seen.clear()
        report = p.run(["a", "b", "c", "d", "e"], tmp_path / "v.parquet")
        p.run(["a", "b", "c", "d", "e"], tmp_path / "fresh.parquet")
    assert seen[:2] == ["b", "d"]
    assert (report.num_new, report.num_skipped) == (2, 3)
    assert (tmp_path / "v.parquet").read_bytes() == (tmp_path / "fresh.parquet").read_bytes()


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_the_result_depends_on_the_source_alone_and_not_on_what_was_there_before(embed, tmp_path, name):
    before = [f"text {n}" for n in range(50)]
    after = ["first", *before[40:], *before[:25], "bad one", "last"]
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    embed.run(before, f"{tmp_path}/old/{name}", shard_rows=8)
    embed.run(after, f"{tmp_path}/old/{name}", shard_rows=8)
    embed.run(after, f"{tmp_path}/new/{name}", shard_rows=8)
    files = [
        {str(f.relative_to(tmp_path / side)): f.read_bytes() for f in visible_files(tmp_path / side)}
        for side in ("old", "new")
    ]
    assert files[0] == files[1]
    assert files[0]


def visible_files(folder):
    return [f for f in sorted(folder.rglob("*")) if f.is_file() and ".junco" not in str(f)]


def test_a_changed_file_is_worked_on_again_and_a_deleted_one_is_reported_and_gone(tmp_path):
    photos = tmp_path / "photos"
    (photos / "ünïcode 写真").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "ünïcode 写真/c.txt"):
        (photos / name).write_text(name)
    with pipe.input("path").map("path", "content", lambda path: Path(path).read_text()).output("content") as p:
        p.run(photos, tmp_path / "v.parquet")
        (photos / "a.txt").write_text("changed")
        (photos / "b.txt").unlink()
        report = p.run(photos, tmp_path / "v.parquet")
    assert (report.num_new, report.num_changed, report.num_deleted, report.num_skipped) == (1, 1, 1, 1)
    assert report.deleted == (str(photos / "b.txt"),)
    assert rows(tmp_path / "v.parquet") == [
        {"input": str(photos / "a.txt"), "content": "changed"},
        {"input": str(photos / "ünïcode 写真/c.txt"), "content": "ünïcode 写真/c.txt"},
    ]


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_a_target_inside_the_folder_that_is_the_source_is_no_input(tmp_path, monkeypatch, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.chdir(tmp_path / "deep")
    with pipe.input("path").map("path", "vector", lambda path: lengths(Path(path).name)).output("vector") as p:
        assert p.run("..", f"../{name}").num_inputs == 1
        assert p.run("..", f"../{name}").is_unchanged


def test_a_source_that_is_suddenly_empty_does_not_empty_the_target(embed, tmp_path):
    embed.run(["a"], tmp_path / "v.parquet")
    with pytest.raises(JobError, match="no inputs now"):
        embed.run([], tmp_path / "v.parquet")
    assert len(rows(tmp_path / "v.parquet")) == 1
    assert embed.run([], tmp_path / "v.parquet", resume=False).num_rows == 0


def test_no_inputs_at_all_give_a_target_without_rows(embed, tmp_path):
    for name in ("v.parquet", "v.npy", "v/"):
        assert embed.run([], f"{tmp_path}/{name}").num_inputs == 0
    assert pq.read_table(tmp_path / "v.parquet").column_names == ["input", "vector"]
    assert len(np.load(tmp_path / "v.npy")) == 0
    assert pq.read_table(tmp_path / "v").num_rows == 0


def test_rejects_are_left_alone_until_they_are_to_be_retried(tmp_path):
    is_mended = threading.Event()

    def fragile(text):
        if text == "b" and not is_mended.is_set():
            raise OSError("not today")
        return len(text)

    target = tmp_path / "v.parquet"
    with pipe.input("text").map("text", "size", fragile).output("size") as p:
        p.run(["a", "b"], target)
        is_mended.set()
        assert p.run(["a", "b"], target).num_new == 0
        assert len(rejects(target)) == 1
        report = p.run(["a", "b"], target, retry_rejects=True)
    assert (report.num_new, report.num_rejects) == (1, 0)
    assert [row["input"] for row in rows(target)] == ["a", "b"]
    assert not Path(f"{target}.rejects.parquet").exists()


def test_several_rows_of_an_input_are_rows_with_that_input_and_a_failed_one_is_a_reject(tmp_path):
    def word_size(word):
        if word == "bad":
            raise ValueError("bad word")
        return len(word)

    flow = pipe.input("text").flat_map("text", "word", str.split).map("word", "size", word_size, name="measure")
    with flow.output("word", "size") as p:
        report = p.run(["a bcd", "", "x bad yz"], tmp_path / "v.parquet")
        again = p.run(["a bcd", "", "x bad yz"], tmp_path / "v.parquet")
    assert rows(tmp_path / "v.parquet") == [
        {"input": "a bcd", "word": "a", "size": 1},
        {"input": "a bcd", "word": "bcd", "size": 3},
        {"input": "x bad yz", "word": "x", "size": 1},
        {"input": "x bad yz", "word": "yz", "size": 2},
    ]
    assert rejects(tmp_path / "v.parquet") == [
        {"input": "x bad yz", "stage": "measure", "reason": "ValueError: bad word"}
    ]
    assert (report.num_done, report.num_rejects, again.num_new) == (3, 1, 0)


def test_another_pipeline_on_the_same_target_is_refused_with_the_cure(embed, tmp_path):
    embed.run(["a"], tmp_path / "v.parquet")
    with pipe.input("text").map("text", "vector", len).output("vector") as other:
        with pytest.raises(JobError, match=r"another target, or start over with resume=False"):
            other.run(["a"], tmp_path / "v.parquet")
        other.run(["a"], tmp_path / "v.parquet", resume=False)
    assert rows(tmp_path / "v.parquet") == [{"input": "a", "vector": 1}]


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


def test_the_second_of_two_jobs_on_one_target_is_refused_and_the_first_goes_on(embed, tmp_path):
    def two_at_once():
        yield "a"
        with pytest.raises(TargetBusyError, match="another job is writing"):
            embed.run(["b"], tmp_path / "v.parquet")
        yield "c"

    embed.run(two_at_once(), tmp_path / "v.parquet")
    assert [row["input"] for row in rows(tmp_path / "v.parquet")] == ["a", "c"]


def test_a_source_that_fails_midway_ends_clearly_and_what_came_before_is_kept(embed, tmp_path):
    def broken():
        yield from ("a", "b", "c")
        raise ConnectionError("the line is dead")

    with pytest.raises(JobError, match=r"after 3 inputs: ConnectionError: the line is dead") as failure:
        embed.run(broken(), tmp_path / "v.parquet")
    assert "\n" not in str(failure.value)
    report = embed.run(["a", "b", "c", "d"], tmp_path / "v.parquet")
    assert (report.num_new, report.num_skipped) == (1, 3)


def test_after_ctrl_c_sealed_shards_are_kept_and_the_job_goes_on(tmp_path):
    seen = []

    def interrupted(text):
        seen.append(text)
        if len(seen) == 25:
            raise KeyboardInterrupt
        return len(text)

    texts = [f"text {n}" for n in range(40)]
    with pipe.input("text").map("text", "size", interrupted).output("size") as p:
        with pytest.raises(KeyboardInterrupt):
            p.run(texts, tmp_path / "v.parquet", shard_rows=10)
        assert not (tmp_path / "v.parquet").exists()
        report = p.run(texts, tmp_path / "v.parquet", shard_rows=10)
    assert report.num_skipped == 20
    assert [row["input"] for row in rows(tmp_path / "v.parquet")] == texts


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
from junco import pipe
from junco.errors import TargetError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
with pipe.input("text").map("text", "vector", lambda t: np.full(8, len(t), np.float32)).output("vector") as p:
    try:
        p.run([f"text {n}" for n in range(9000)], sys.argv[1])
    except TargetError as error:
        sys.exit(str(error))
"""


def test_a_file_that_cannot_grow_ends_the_job_in_one_line_and_with_more_room_it_goes_on(tmp_path):
    roomy = FULL_DISK.replace("150_000, 150_000", "resource.RLIM_INFINITY, resource.RLIM_INFINITY")
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


def test_a_folder_target_has_files_of_as_many_rows_as_asked_for(embed, tmp_path):
    embed.run([f"text {n}" for n in range(25)], f"{tmp_path}/v/", shard_rows=10)
    assert [pq.read_table(file).num_rows for file in sorted((tmp_path / "v").iterdir())] == [10, 10, 5]
    assert pq.read_table(tmp_path / "v").num_rows == 25


def test_what_makes_no_sense_is_refused(embed, tmp_path):
    with pytest.raises(InputError):
        embed.run(["a"], tmp_path / "v.parquet", on_error="ignore")
    with pytest.raises(InputError):
        embed.run(["a"], tmp_path / "v.parquet", shard_rows=0)
    with pytest.raises(JobError, match="does not exist"):
        embed.run(tmp_path / "nowhere", tmp_path / "v.parquet")
    with pytest.raises(JobError, match="empty text"):
        embed.run("", tmp_path / "v.parquet")
    with pytest.raises(JobError, match="not int"):
        embed.run(5, tmp_path / "v.parquet")
    with (
        pipe.input("text").map("text", "input", len).output("input") as p,
        pytest.raises(JobError, match="another name"),
    ):
        p.run(["a"], tmp_path / "v.parquet")


def test_a_text_that_cannot_be_read_is_a_reject_or_with_raise_the_end(embed, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("fine")
    (tmp_path / "texts" / "b.txt").write_bytes(b"\xff\xfe")
    embed.run(tmp_path / "texts", tmp_path / "v.parquet")
    assert [row["vector"] for row in rows(tmp_path / "v.parquet")] == [[4, ord("f")]]
    (reject,) = rejects(tmp_path / "v.parquet")
    assert (reject["input"], reject["stage"]) == (str(tmp_path / "texts" / "b.txt"), "input")
    with pytest.raises(InputError, match=r"b.txt cannot be read: UnicodeDecodeError"):
        embed.run(tmp_path / "texts", tmp_path / "w.parquet", on_error="raise")


def test_inputs_that_give_many_rows_are_sealed_before_the_shard_has_all_its_inputs(tmp_path):
    shards = []
    with pipe.input("n").flat_map("n", "row", range).output("row") as p:
        p.run([500] * 200, shards.append, shard_rows=100)
        p.run([500] * 200, tmp_path / "v.parquet", shard_rows=100)
    assert len(shards) > 2
    assert sum(len(shard.inputs) for shard in shards) == 100_000
    assert pq.ParquetFile(tmp_path / "v.parquet").metadata.row_group(0).num_rows == 100


def test_an_item_that_has_not_a_value_for_each_column_is_a_reject_and_the_others_go_on(tmp_path):
    items = [("a", "bc"), "oops", ("alone",), None, ("d", "ef")]
    with pipe.input("one", "two").map(("one", "two"), "size", lambda one, two: len(one + two)).output("size") as p:
        report = p.run(items, tmp_path / "v.parquet")
        with pytest.raises(
            InputError, match="oops cannot be read: InputError: the pipeline takes one, two, not 'oops'"
        ):
            p.run(items, tmp_path / "w.parquet", on_error="raise")
    assert (report.num_done, report.num_rejects) == (2, 3)
    assert rows(tmp_path / "v.parquet") == [{"input": "a", "size": 3}, {"input": "d", "size": 3}]
    assert [reject["stage"] for reject in rejects(tmp_path / "v.parquet")] == ["input"] * 3


def test_results_that_are_large_are_sealed_before_the_shard_has_all_its_inputs(monkeypatch):
    monkeypatch.setattr("junco.job.work.MANY_BYTES", 1_000_000)
    shards = []
    with pipe.input("n").map("n", "picture", lambda n: np.zeros(100_000, np.uint8)).output("picture") as p:
        p.run(range(100), shards.append)
    assert len(shards) > 1
    assert sum(len(shard.inputs) for shard in shards) == 100


def test_a_source_in_another_order_gives_the_rows_in_that_order_with_nothing_done_again(embed, tmp_path):
    texts = [f"text {n}" for n in range(400)]
    for name in ("v.parquet", "v.npy", "v/"):
        embed.run(texts, f"{tmp_path}/{name}", shard_rows=10)
        shuffled = random.Random(name).sample(texts, len(texts))
        assert embed.run(shuffled, f"{tmp_path}/{name}", shard_rows=10).num_new == 0
        embed.run(shuffled, f"{tmp_path}/fresh/{name}", shard_rows=10)
        assert read_vectors(f"{tmp_path}/{name}").keys == shuffled
    for side in ("", "fresh/"):
        assert np.load(f"{tmp_path}/{side}v.npy").tolist() == np.load(tmp_path / "fresh" / "v.npy").tolist()


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda file: os.truncate(file, 700), lambda file: os.truncate(file, 0), flip]
)
def test_a_sealed_shard_that_was_lost_cut_or_changed_is_made_again(embed, tmp_path, harm):
    texts = [f"text {n}" for n in range(40)]

    def cut_off():
        yield from texts[:35]
        raise OSError("gone")

    with pytest.raises(JobError):
        embed.run(cut_off(), tmp_path / "v.parquet", shard_rows=10)
    harm(sorted((tmp_path / ".v.parquet.junco" / "shards").iterdir())[1])
    assert embed.run(texts, tmp_path / "v.parquet", shard_rows=10).num_skipped == 25
    assert [row["input"] for row in rows(tmp_path / "v.parquet")] == texts


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_journal_that_was_damaged_is_said_to_be_and_the_target_stays(embed, tmp_path, line):
    embed.run(["a"], tmp_path / "v.parquet")
    journal = tmp_path / ".v.parquet.junco" / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(b"00000000" + text[8:] if i == line else text for i, text in enumerate(lines)))
    with pytest.raises(JobError, match=r"journal of .*v.parquet, .*, was damaged: .* start over with resume=False"):
        embed.run(["a", "b"], tmp_path / "v.parquet")
    assert len(rows(tmp_path / "v.parquet")) == 1
    assert embed.run(["a", "b"], tmp_path / "v.parquet", resume=False).num_rows == 2


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


def test_an_npy_target_of_which_nothing_succeeded_takes_vectors_later(embed, tmp_path):
    embed.run(["bad"], tmp_path / "v.npy", on_error="none")
    assert np.load(tmp_path / "v.npy").shape == (1, 0)
    embed.run(["bad", "fine"], tmp_path / "v.npy", on_error="none")
    assert np.isnan(np.load(tmp_path / "v.npy")[0]).all()
    assert np.load(tmp_path / "v.npy")[1].tolist() == [4, ord("f")]


def test_a_trace_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    seen = []
    with (
        pipe.input("text").map("text", "size", seen.append).output("size") as p,
        pytest.raises(TargetError, match=r"trace.json cannot be written"),
    ):
        p.run(["a"], tmp_path / "v.parquet", trace=tmp_path / "nowhere" / "trace.json")
    assert seen == []


def test_the_report_tells_what_each_stage_did_and_which_one_binds(embed, tmp_path):
    report = embed.run(["a", "b"], tmp_path / "v.parquet")
    assert report.stats.stages[0].num_rows == 2
    assert report.advice in str(report)
    assert "ms a row" in str(report)
    assert report.to_dict()["stats"]["advice"] == report.advice
    assert embed.run(["a", "b"], tmp_path / "v.parquet").stats is None


def test_rejected_inputs_are_through_too(embed, capsys, monkeypatch):
    monkeypatch.setattr("junco.job.progress.EVERY_S", 0.0)
    embed.run(["a", "bad", "b", "bad"], print)
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["done"] == 4


def test_deleted_names_are_told_as_the_target_has_them(embed, tmp_path):
    embed.run(["caf\udce9", "b", "x" * 300], tmp_path / "v.parquet")
    assert embed.run(["b"], tmp_path / "v.parquet").deleted == ("caf\\udce9", "x" * 199 + "…")
