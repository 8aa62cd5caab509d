"""A source in which nothing, or little, is new: how that is seen, and that nothing new is ever missed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import pipe, read_vectors
from junco.errors import JobError

TEXTS = [f"text {n}" for n in range(50)]


def write_list(path, texts):
    """A list of texts, in place."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"text": texts}), path)
    else:
        head = "text\n" if path.suffix in {".csv", ".tsv"} else ""
        path.write_text(head + "".join(f"{text}\n" for text in texts))
    return path


LISTS = ["t.txt", "t.csv", "t.parquet"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_did_not_change_is_not_read_row_by_row(embed, tmp_path, monkeypatch, name):
    texts = write_list(tmp_path / name, [*TEXTS, "bad"])
    first = embed.run(texts, tmp_path / "v.parquet")
    monkeypatch.setattr("junco.job.feed.digest_of", None)
    again = embed.run(texts, tmp_path / "v.parquet")
    assert again.is_unchanged
    counts = ("num_inputs", "num_done", "num_rejects", "num_rows")
    assert [getattr(again, count) for count in counts] == [getattr(first, count) for count in counts] == [51, 50, 1, 50]
    assert (again.num_skipped, again.num_new, again.deleted) == (51, 0, ())
    assert (again.rejects, again.read) == (first.rejects, first.read)
    assert bool(again.read) == (name != "t.txt")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_was_written_to_within_one_step_of_the_clock_is_seen_to_be_another(embed, tmp_path, name):
    texts = write_list(tmp_path / name, TEXTS)
    state = texts.stat()
    embed.run(texts, tmp_path / "v.parquet")
    changed = ["other 0", *TEXTS[1:]]
    write_list(texts, [text.replace("other", "texu") for text in changed])
    os.utime(texts, ns=(state.st_atime_ns, state.st_mtime_ns))
    report = embed.run(texts, tmp_path / "v.parquet")
    assert (report.num_new, report.num_deleted) == (1, 1)
    assert read_vectors(tmp_path / "v.parquet").keys == ["texu 0", *TEXTS[1:]]


def test_a_list_that_changed_while_it_was_read_is_read_again_the_next_time(tmp_path):
    texts = write_list(tmp_path / "t.txt", ["a", "b"])

    def change(text):
        write_list(texts, ["a", "c"])
        return len(text)

    with pipe.input("text").map("text", "size", change).output("size") as p:
        p.run(texts, tmp_path / "v.parquet")
        assert p.run(texts, tmp_path / "v.parquet").num_inputs == 2
    assert pq.read_table(tmp_path / "v.parquet").column("input").to_pylist() == ["a", "c"]


def test_a_list_that_holds_the_same_in_other_words_is_known_from_then_on(embed, tmp_path, monkeypatch):
    embed.run(TEXTS, tmp_path / "v.parquet")
    texts = write_list(tmp_path / "t.txt", TEXTS)
    assert embed.run(texts, tmp_path / "v.parquet").is_unchanged
    monkeypatch.setattr("junco.job.feed.digest_of", None)
    assert embed.run(texts, tmp_path / "v.parquet").is_unchanged


def test_another_column_of_the_same_list_is_new(embed, tmp_path):
    (tmp_path / "t.csv").write_text("text,title\nlong text,t1\n")
    embed.run(tmp_path / "t.csv", tmp_path / "v.parquet", column="text")
    assert embed.run(tmp_path / "t.csv", tmp_path / "v.parquet", column="title", missing="prune").num_new == 1


def test_a_list_of_files_is_not_known_by_its_own_content(tmp_path):
    (tmp_path / "a").write_text("one")
    names = write_list(tmp_path / "names.txt", [str(tmp_path / "a")])
    with pipe.input("path").map("path", "text", lambda path: Path(path).read_text()).output("text") as p:
        p.run(names, tmp_path / "v.parquet")
        (tmp_path / "a").write_text("two, longer")
        assert p.run(names, tmp_path / "v.parquet").num_changed == 1
    assert pq.read_table(tmp_path / "v.parquet").column("text").to_pylist() == ["two, longer"]


def test_a_text_is_what_it_says_and_not_the_file_of_that_name(embed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes").write_text("a")
    embed.run(["notes"], "v.parquet")
    Path("notes").write_text("longer than before")
    assert embed.run(["notes"], "v.parquet").is_unchanged


def test_what_was_put_aside_in_a_list_that_did_not_change_can_be_retried(tmp_path):
    mended = tmp_path / "mended"
    texts = write_list(tmp_path / "t.txt", ["a", "b"])

    def fragile(text):
        if text == "b" and not mended.exists():
            raise OSError("not today")
        return len(text)

    with pipe.input("text").map("text", "size", fragile).output("size") as p:
        p.run(texts, tmp_path / "v.parquet")
        mended.touch()
        assert p.run(texts, tmp_path / "v.parquet", retry_rejects=True).num_new == 1
        assert p.run(texts, tmp_path / "v.parquet", retry_rejects=True).is_unchanged


def test_too_many_rejects_are_too_many_also_where_nothing_is_new(embed, tmp_path):
    texts = write_list(tmp_path / "t.txt", ["a", "bad"])
    embed.run(texts, tmp_path / "v.parquet")
    with pytest.raises(JobError, match="more than 0 inputs were put aside"):
        embed.run(texts, tmp_path / "v.parquet", max_rejects=0)


def test_a_target_that_was_removed_is_made_again_from_a_list_that_did_not_change(embed, tmp_path):
    texts = write_list(tmp_path / "t.txt", TEXTS)
    embed.run(texts, tmp_path / "v.npy")
    (tmp_path / "v.npy").unlink()
    assert embed.run(texts, tmp_path / "v.npy").num_new == 50
    (tmp_path / "v.npy.inputs.parquet").unlink()
    with pytest.raises(JobError, match=r"damaged \(v.npy.inputs.parquet\)"):
        embed.run(texts, tmp_path / "v.npy")


def test_what_was_sealed_after_the_target_was_made_is_not_forgotten(embed, tmp_path):
    texts = write_list(tmp_path / "t.txt", TEXTS)
    embed.run(texts, tmp_path / "v.parquet")

    def longer():
        yield from [*TEXTS, "more"]
        raise OSError("gone")

    with pytest.raises(JobError):
        embed.run(longer(), tmp_path / "v.parquet")
    assert embed.run(texts, tmp_path / "v.parquet").num_deleted == 1
    assert read_vectors(tmp_path / "v.parquet").keys == TEXTS


@pytest.mark.parametrize("change", [lambda t: t[::-1], lambda t: t[7:] + t[:7], lambda t: [*t, *t], lambda t: t[1:]])
def test_a_list_in_another_order_or_with_repetitions_has_the_rows_of_a_fresh_job(embed, tmp_path, change):
    rng = np.random.default_rng(0)
    texts = write_list(tmp_path / "t.txt", [f"{n} {'x' * int(rng.integers(20))}" for n in range(60)])
    embed.run(texts, tmp_path / "v.npy", shard_rows=16)
    write_list(texts, change(texts.read_text().splitlines()))
    assert embed.run(texts, tmp_path / "v.npy", shard_rows=16).num_new == 0
    embed.run(texts, tmp_path / "w.npy", shard_rows=16)
    assert (tmp_path / "v.npy").read_bytes() == (tmp_path / "w.npy").read_bytes()
    assert read_vectors(tmp_path / "v.npy").keys == texts.read_text().splitlines()


def test_the_journal_is_a_small_part_of_the_target(tmp_path):
    def vector(text):
        return np.random.default_rng(int(text)).standard_normal(64).astype(np.float32)

    with pipe.input("text").map("text", "vector", vector).output("vector") as p:
        p.run([str(n) for n in range(4000)], tmp_path / "v.parquet")
    journal = (tmp_path / ".v.parquet.junco" / "journal").stat().st_size
    assert journal < (tmp_path / "v.parquet").stat().st_size / 10
