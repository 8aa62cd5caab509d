"""A source that has not what most of a target was made of is refused, before and after anything was done."""

from __future__ import annotations

import pytest

from junco.errors import InputError, JobError
from junco.job.source import Sources

LETTERS = ["a", "b", "c", "d", "e", "f"]
OTHERS = ["u", "v", "w"]


@pytest.fixture
def texts(tmp_path):
    def made(name, *words):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for word in words:
            (folder / f"{word}.txt").write_text(word)
        return folder

    return made


def names(target):
    import pyarrow.parquet as pq

    side = target.with_name(f"{target.name}.inputs.parquet") if target.suffix == ".npy" else target
    keys = pq.read_table(side).column("input").to_pylist()
    return [key.rpartition("/")[2].removesuffix(".txt") for key in keys]


@pytest.mark.parametrize("is_list", [False, True])
def test_another_folder_is_refused_before_any_work_and_both_ways_are_named(embed, texts, tmp_path, is_list):
    one, other = texts("one", "a", "b", "c"), texts("other", "d", "e")
    if is_list:
        one, other = [["a", "b", "c"], ["d", "e"]]
    embed.run(one, tmp_path / "v.parquet")
    before = (tmp_path / "v.parquet").read_bytes()
    for _ in range(2):
        with pytest.raises(JobError, match=r"has 3 inputs with rows: 3 of them .* 0 would stay.*--append.*--prune"):
            embed.run(other, tmp_path / "v.parquet")
    assert (tmp_path / "v.parquet").read_bytes() == before
    assert embed.run(one, tmp_path / "v.parquet").is_unchanged
    assert embed.run(other, tmp_path / "v.parquet", missing="append").num_new == 2  # nothing was made in secret


def test_a_source_that_is_read_once_is_refused_at_its_end_and_what_was_done_is_not_done_again(embed, tmp_path):
    embed.run(["a", "b", "c"], tmp_path / "v.parquet")
    with pytest.raises(JobError, match="2 of them are not in this source"):
        embed.run(iter(["c", "d"]), tmp_path / "v.parquet")
    report = embed.run(iter(["c", "d"]), tmp_path / "v.parquet", missing="prune")
    assert (report.num_new, report.num_deleted, report.num_inputs) == (0, 2, 2)
    assert names(tmp_path / "v.parquet") == ["c", "d"]


def test_up_to_half_of_the_inputs_may_leave_without_a_word(embed, tmp_path):
    embed.run(["a", "b", "c", "d"], tmp_path / "v.parquet")
    report = embed.run(["a", "b", "e"], tmp_path / "v.parquet")
    assert (report.num_deleted, report.num_new) == (2, 1)
    assert "2 inputs gone from the source: c, d" in str(report)


def test_what_a_later_run_changed_is_told_without_what_has_been_said_before(embed, tmp_path):
    embed.run(["a", "b", "bad put aside", "c"], tmp_path / "v.parquet")
    report = embed.run(["a", "bad put aside", "c", "d"], tmp_path / "v.parquet")
    assert "cannot measure bad put aside" in str(report)
    first, aside, gone = report.changes().splitlines()
    assert first == str(report).splitlines()[0]
    assert aside.startswith("  1 input put aside: see ")
    assert gone == "  1 input gone from the source: b"


def test_with_append_the_new_come_beside_what_is_there(embed, texts, tmp_path):
    one, other, target = texts("one", "a", "b", "bad"), texts("other", "d", "e"), tmp_path / "v.parquet"
    embed.run(one, target)
    report = embed.run(other, target, missing="append")
    assert (report.num_inputs, report.num_new, report.num_kept, report.num_deleted) == (5, 2, 3, 0)
    assert report.num_rejects == 1
    assert "3 inputs stayed that this source has not" in str(report)
    assert sorted(names(target)) == ["a", "b", "d", "e"]
    before = target.read_bytes()
    assert embed.run(other, target, missing="append").is_unchanged
    assert target.read_bytes() == before


def test_of_a_set_that_was_added_to_nothing_leaves_unasked(embed, texts, tmp_path):
    one, other, target = texts("one", "a"), texts("other", "d", "e", "f"), tmp_path / "v.npy"
    embed.run(one, target)
    embed.run(other, target, missing="append")
    with pytest.raises(JobError, match=r"which was added to before, has 4 inputs with rows: 1 of them .* 3 would stay"):
        embed.run(other, target)
    texts("other", "g")
    with pytest.raises(JobError, match="1 of them"):
        embed.run(other, target)
    assert embed.run(Sources((str(one), str(other))), target).num_new == 1
    assert embed.run(other, target).num_deleted == 1  # the one source has had all of it by then


def test_with_prune_an_empty_source_empties_the_target(embed, texts, tmp_path):
    empty, target = texts("empty"), tmp_path / "v.parquet"
    embed.run(["a"], target)
    with pytest.raises(JobError, match="--prune"):
        embed.run(empty, target)
    assert embed.run(empty, target, missing="append").num_kept == 1
    assert embed.run(empty, target, missing="prune").num_deleted == 1
    assert not names(target)


def test_a_list_of_texts_that_did_not_change_is_pruned_after_it_was_appended(embed, tmp_path):
    target, listed = tmp_path / "v.parquet", tmp_path / "texts.txt"
    listed.write_text("a\nb\n")
    embed.run(["c"], target)
    assert embed.run(listed, target, missing="append").num_kept == 1
    assert embed.run(listed, target, missing="prune").num_deleted == 1
    assert names(target) == ["a", "b"]


def test_a_changed_input_does_not_stay_beside_itself(embed, texts, tmp_path):
    one, target = texts("one", "a", "b"), tmp_path / "v.parquet"
    embed.run(one, target)
    (one / "a.txt").write_text("another")
    report = embed.run(one, target, missing="append")
    assert (report.num_changed, report.num_kept) == (1, 0)
    assert names(target) == ["a", "b"]


def test_what_is_no_way_is_refused(embed, tmp_path):
    with pytest.raises(InputError, match="missing must be"):
        embed.run(["a"], tmp_path / "v.parquet", missing="keep")


@pytest.mark.parametrize("missing", ["refuse", "prune", "append"])
def test_whatever_becomes_of_missing_inputs_those_beyond_the_limit_stay(embed, tmp_path, missing):
    target = tmp_path / "v.parquet"
    embed.run(["bad", *LETTERS], target)
    report = embed.run(["new", *LETTERS, "bad"], target, limit=2, missing=missing)
    assert (report.num_new, report.num_deleted, report.num_kept, report.num_rejects) == (1, 0, 0, 1)
    assert "2 inputs alone, for that is the limit; 6 others that were done before stay" in str(report)
    assert names(target) == ["new", *LETTERS]


def test_a_list_that_is_no_longer_than_the_limit_is_read_to_its_end_and_held_against_the_target(embed, tmp_path):
    target = tmp_path / "v.parquet"
    embed.run(LETTERS, target)
    with pytest.raises(JobError, match="6 of them are not in this source"):
        embed.run(OTHERS, target, limit=3)
    assert embed.run(LETTERS[:5], target, limit=5).deleted == ("f",)
    assert embed.run(OTHERS, target, limit=3, missing="prune").num_deleted == 5
    assert names(target) == OTHERS


def test_the_limit_of_another_source_is_no_way_around_the_question(embed, tmp_path):
    target = tmp_path / "v.parquet"
    embed.run(OTHERS, target)
    embed.run(LETTERS, target, limit=5)
    assert names(target) == [*LETTERS[:5], *OTHERS]
    with pytest.raises(JobError, match=r"added to before, has 8 inputs with rows: 3 of them .* 5 would stay"):
        embed.run(LETTERS, target)


def test_of_one_source_a_few_leave_after_the_limit_as_before_it(embed, tmp_path):
    target = tmp_path / "v.parquet"
    embed.run(LETTERS, target)
    embed.run(["new", *LETTERS], target, limit=2)
    assert embed.run(["new", *LETTERS[:5]], target).deleted == ("f",)


def test_an_input_that_changed_twice_before_it_was_published_stays_once(embed, texts, tmp_path):
    folder, target = texts("one", "a", "b", "c", "bad"), tmp_path / "v.parquet"
    embed.run(folder, target)
    (folder / "b.txt").write_text("another b")
    with pytest.raises(JobError, match="more than 0"):  # what is done is kept, and not published
        embed.run(folder, target, max_rejects=0)
    report = embed.run(folder, target, limit=1)
    assert (report.num_inputs, report.num_rows) == (4, 3)
    assert sorted(names(target)) == ["a", "b", "c"]
    assert embed.run(folder, target).num_new == 0
