"""Stopped before each single thing that a job asks of the disk: a reader finds the old target or the new one, whole,
and the next run ends as if nothing had happened.
"""

from __future__ import annotations

import os
import shutil
import threading

import pytest

from junco import read_vectors
from junco.store import durable

BEFORE = [f"text {n}" for n in range(9)]
AFTER = ["first", *BEFORE[6:], "bad one", *BEFORE[:3]]
KINDS = ["v.parquet", "v.npy", "v/"]


class PowerCut(BaseException):
    """Nothing after it reaches the disk."""


class Disk:
    """Counts what is asked of the files in a folder; from one of these on it does nothing more."""

    CALLS = ("open", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "truncate")

    def __init__(self, folder, monkeypatch):
        self.folder, self.num_steps, self.last = str(folder), 0, -1
        for name in self.CALLS:
            monkeypatch.setattr(os, name, self.watched(getattr(os, name), is_path=name != "fsync"))
        monkeypatch.setattr(durable, "swap", self.watched(durable.swap))

    def watched(self, call, *, is_path=True):
        def step(*args, **options):
            if self.last >= 0 and (not is_path or self.is_mine(args[0], options)):
                self.num_steps += 1
                if self.num_steps > self.last > 0:
                    raise PowerCut
            return call(*args, **options)

        return step

    def is_mine(self, path, options):
        return "dir_fd" in options or (self.folder in str(path) and not str(path).endswith("lock"))

    def until(self, last, work):
        """Do some work, with ``last`` steps at most; whether it came to its end."""
        self.num_steps, self.last = 0, last
        try:
            work()
        except PowerCut:
            return False
        finally:
            self.last = -1
        return True


def vectors_of(target):
    """What a reader finds: each input with its vector."""
    found = read_vectors(target)
    return list(zip(found.keys, found.vectors.tolist(), strict=True))


def expected(texts):
    return [(text, [len(text), ord(text[0])]) for text in texts if "bad" not in text]


def left_in(work):
    return sorted(str(file.relative_to(work)) for file in work.rglob("*") if file.is_file())


@pytest.mark.parametrize(("name", "has_swap"), [*((name, True) for name in KINDS), ("v/", False)])
def test_stopped_anywhere_a_reader_finds_the_old_or_the_new_target_and_the_next_run_ends_well(
    embed, tmp_path, monkeypatch, name, has_swap
):
    (tmp_path / "before").mkdir()
    embed.run(BEFORE, f"{tmp_path}/before/{name}", shard_rows=5, progress=False)
    shutil.copytree(tmp_path / "before", tmp_path / "after")
    embed.run(AFTER, f"{tmp_path}/after/{name}", shard_rows=5, progress=False)
    if not has_swap:
        monkeypatch.setattr(durable, "swap", lambda *_: False)
    disk, last, seen = Disk(tmp_path / "job", monkeypatch), 1, set()
    while True:
        shutil.rmtree(tmp_path / "job", ignore_errors=True)
        shutil.copytree(tmp_path / "before", tmp_path / "job")
        target = f"{tmp_path}/job/{name}"
        is_over = disk.until(last, lambda: embed.run(AFTER, target, shard_rows=5, progress=False))  # noqa: B023
        if has_swap:
            found = vectors_of(target)
            assert found in (expected(BEFORE), expected(AFTER))
            seen.add(len(found))
        report = embed.run(AFTER, target, shard_rows=5, progress=False)
        assert vectors_of(target) == expected(AFTER)
        assert (report.num_rows, report.num_rejects, report.damaged) == (7, 1, ())
        assert left_in(tmp_path / "job" / f".{name.rstrip('/')}.junco") == ["journal", "lock"]
        if is_over:
            break
        last += 1
    assert last > 20
    if seen:
        assert seen == {9, 7}


@pytest.mark.parametrize("name", KINDS)
def test_whoever_reads_while_a_target_is_replaced_finds_the_old_or_the_new_one(embed, tmp_path, name):
    target, is_over, odd = f"{tmp_path}/{name}", threading.Event(), []
    sources = [[f"{letter}{n}" for n in range(20)] for letter in "abc"]
    embed.run(sources[0], target, progress=False)

    def read():
        while not is_over.is_set():
            try:
                found = vectors_of(target)
            except Exception as error:  # none is right
                found = error
            if found not in map(expected, sources):
                odd.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(1, 13):
        embed.run(sources[turn % 3], target, shard_rows=4, progress=False, missing="prune")
    is_over.set()
    reader.join()
    assert odd == []
