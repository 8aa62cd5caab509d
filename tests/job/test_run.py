"""`Pipeline.run`: what is worked on, and what is left as it is."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import pipe, read_vectors
from junco.errors import InputError, JobError, TargetError


def rows(target):
    return pq.read_table(target).to_pylist()


def written(target):
    """What a new file in its place would change; not when it was last read."""
    return target.stat().st_ino, target.stat().st_mtime_ns


def test_a_target_has_a_row_for_each_input_in_order_with_the_vector_as_a_fixed_size_list(embed, tmp_path):
    report = embed.run(["one", "three"], tmp_path / "v.parquet")
    table = pq.read_table(tmp_path / "v.parquet")
    assert table.schema.field("vector").type.equals(pa.list_(pa.float32(), 2))
    assert table.to_pylist() == [{"input": "one", "vector": [3, 111]}, {"input": "three", "vector": [5, 116]}]
    assert (report.num_inputs, report.num_new, report.num_rows, report.num_rejects) == (2, 2, 2, 0)
    assert not Path(f"{tmp_path}/v.parquet.rejects.parquet").exists()


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


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v.jsonl", "v.csv", "v/"])
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
    with pipe.input("path").map("path", "vector", lambda path: np.ones(len(path), np.float32)).output("vector") as p:
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


def test_another_pipeline_on_the_same_target_is_refused_with_the_cure(embed, tmp_path):
    embed.run(["a"], tmp_path / "v.parquet")
    with pipe.input("text").map("text", "vector", len).output("vector") as other:
        with pytest.raises(JobError, match=r"another target, or start over with resume=False"):
            other.run(["a"], tmp_path / "v.parquet")
        other.run(["a"], tmp_path / "v.parquet", resume=False)
    assert rows(tmp_path / "v.parquet") == [{"input": "a", "vector": 1}]


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


def test_inputs_that_give_many_rows_are_sealed_before_the_shard_has_all_its_inputs(tmp_path):
    shards = []
    with pipe.input("n").flat_map("n", "row", range).output("row") as p:
        p.run([500] * 200, shards.append, shard_rows=100)
        p.run([500] * 200, tmp_path / "v.parquet", shard_rows=100)
    assert len(shards) > 2
    assert sum(len(shard.inputs) for shard in shards) == 100_000
    assert pq.ParquetFile(tmp_path / "v.parquet").metadata.row_group(0).num_rows == 100


def test_results_that_are_large_are_sealed_before_the_shard_has_all_its_inputs(monkeypatch):
    monkeypatch.setattr("junco.job.shard.MANY_BYTES", 1_000_000)
    shards = []
    with pipe.input("n").map("n", "picture", lambda n: np.zeros(100_000, np.uint8)).output("picture") as p:
        p.run(range(100), shards.append)
    assert len(shards) > 1
    assert sum(len(shard.inputs) for shard in shards) == 100


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_a_source_in_another_order_gives_the_rows_in_that_order_with_nothing_done_again(embed, tmp_path, name):
    texts = [f"text {n}" * (n % 5 + 1) for n in range(120)]
    shuffled = random.Random(0).sample(texts, len(texts))
    embed.run(texts, f"{tmp_path}/{name}", shard_rows=20)
    assert embed.run(shuffled, f"{tmp_path}/{name}", shard_rows=20).num_new == 0
    found = read_vectors(f"{tmp_path}/{name}")
    assert found.keys == shuffled
    assert found.vectors[:, 0].tolist() == [len(text) for text in shuffled]


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
    assert report.advice in report.text(verbose=True)
    assert "ms a row" in report.text(verbose=True)
    assert str(report) == report.text() == str(report).splitlines()[0]  # of so little work
    long = replace(report.stats, stages=tuple(replace(stage, seconds=60.0) for stage in report.stats.stages))
    assert str(replace(report, stats=long)).splitlines()[1:] == [f"  {long.advice}"]
    assert report.to_dict()["stats"]["advice"] == report.advice
    assert embed.run(["a", "b"], tmp_path / "v.parquet").stats is None
    later = embed.run(["a", "b", "c"], tmp_path / "v.parquet").stats
    assert (later.num_items, later.stages[0].num_rows) == (1, 1)
    assert later.stages[0].item_s > 0


def test_deleted_names_are_told_as_the_target_has_them(embed, tmp_path):
    embed.run(["caf\udce9", "b", "x" * 300], tmp_path / "v.parquet")
    deleted = embed.run(["b"], tmp_path / "v.parquet", missing="prune").deleted
    assert deleted == ("caf\\udce9", "x" * 199 + "…")


def test_a_job_without_output_columns_notes_what_was_done(tmp_path):
    seen = []
    with pipe.input("x").flat_map("x", "n", range).map("n", (), lambda n: seen.append(n) or 1 // (n - 3)).output() as p:
        report = p.run([2, 0, 1], tmp_path / "v.parquet")
        again = p.run([2, 0, 1, 5], tmp_path / "v.parquet")
        shards = []
        p.run([2], shards.append)
    assert rows(tmp_path / "v.parquet") == [{"input": "0"}, {"input": "1"}, {"input": "2"}, {"input": "3"}]
    assert (report.num_rows, again.num_new, again.num_rejects) == (3, 1, 1)
    assert seen[:3] == [0, 1, 0]
    assert (shards[0].inputs, shards[0].columns) == (["0"], {})
