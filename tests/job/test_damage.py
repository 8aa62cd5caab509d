"""What a job left on the disk, damaged since."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from junco.errors import JobError


def rows(target):
    return pq.read_table(target).to_pylist()


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
