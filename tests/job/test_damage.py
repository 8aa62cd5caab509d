"""What a job left on the disk, damaged since."""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from junco.errors import JobError
from junco.job.packed import pack, pack_counts


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


def line_of(record, number):
    text = b"%d %s" % (number, record if isinstance(record, bytes) else json.dumps(record).encode())
    return b"%08x %s\n" % (zlib.crc32(text), text)


def records_of(journal):
    return [json.loads(line.split(b" ", 2)[2]) for line in journal.read_bytes().splitlines()]


def write_records(journal, records):
    journal.write_bytes(b"".join(line_of(record, number) for number, record in enumerate(records)))


def changed(**changes):
    return lambda record: {**record, **changes}


FORGED = {
    "no parts": (0, lambda record: {name: value for name, value in record.items() if name != "parts"}),
    "odd parts": (0, changed(parts=[1])),
    "odd steps": (0, changed(parts={"inputs": 5, "steps": 7})),
    "an odd space": (0, changed(space=5)),
    "an odd title": (0, changed(pipeline=None, parts={"steps": []})),
    "an odd number": (0, changed(opened="x")),
    "nothing": (1, lambda _: {}),
    "no keys": (1, changed(keys=None)),
    "odd keys": (1, changed(keys=5)),
    "no number of inputs": (1, changed(inputs="x")),
    "too few inputs": (1, changed(inputs=1)),
    "too many inputs": (1, changed(inputs=3)),
    "more inputs than any record has": (1, changed(inputs=2**30)),
    "too few counts": (1, changed(counts=pack_counts([1]))),
    "negative counts": (1, changed(counts=pack_counts([-5, -5]))),
    "counts that are none": (1, changed(counts=[True, "x"])),
    "counts that are not packed": (1, changed(counts=base64.b64encode(b"counts").decode())),
    "counts that end too soon": (1, changed(counts=base64.b64encode(zlib.compress(b"12345678")[:-4]).decode())),
    "a bomb": (1, changed(counts=pack(bytes(10**7)))),
    "a shard that is a path": (1, changed(shard="../../x")),
    "a huge shard": (1, changed(shard=10**30)),
    "shards that end before they begin": (1, changed(first=9)),
    "odd digests": (1, changed(digests="?")),
    "too few digests": (1, changed(digests=pack(bytes(16)))),
    "an odd checksum": (1, changed(checksum=5)),
    "odd rejects": (1, changed(rejects=[5])),
    "rejects of nobody": (1, changed(rejects=[[7, "key", []]])),
    "rejects for no reason": (1, changed(rejects=[[0, "key", [["stage"]]]])),
    "an odd end": (2, changed(num_rejects=None)),
    "an odd source": (2, changed(source=5)),
    "files that are none": (2, changed(files=[])),
    "a file of which too little is known": (2, changed(files={"v.parquet": [1, 2]})),
}


@pytest.mark.parametrize(("place", "change"), FORGED.values(), ids=FORGED)
def test_a_journal_that_no_job_wrote_is_said_to_be_damaged_and_can_be_replaced(embed, tmp_path, place, change):
    target, journal = tmp_path / "v.parquet", tmp_path / ".v.parquet.junco" / "journal"
    embed.run(["a", "b"], target)
    records = records_of(journal)
    records[place] = change(records[place])
    write_records(journal, records)
    with pytest.raises(JobError, match=r"journal of .*v.parquet, .*, was damaged: .* start over with resume=False"):
        embed.run(["a", "b", "c"], target)
    assert len(rows(target)) == 2
    assert embed.run(["a", "b", "c"], target, resume=False).num_rows == 3


@pytest.mark.parametrize("text", [b"[1, 2]", b"5", b"no JSON", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["journal", "journal.next"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_line_that_is_no_record_ends_the_reading_like_a_torn_one(embed, tmp_path, name, place, text):
    embed.run(["a"], tmp_path / "v.parquet")
    work = tmp_path / ".v.parquet.junco"
    lines = (work / "journal").read_bytes().splitlines(keepends=True)
    (work / name).write_bytes(b"".join([*lines[:place], line_of(text, place), *lines[place:]]))
    if name == "journal":
        with pytest.raises(JobError, match="was damaged"):
            embed.run(["a", "b"], tmp_path / "v.parquet")
    assert embed.run(["a", "b"], tmp_path / "v.parquet", resume=name != "journal").num_rows == 2


def test_an_end_of_publishing_that_no_job_wrote_is_not_acted_on(embed, tmp_path):
    embed.run(["a"], tmp_path / "v.parquet")
    work = tmp_path / ".v.parquet.junco"
    records = records_of(work / "journal")
    del records[-1]["num_rejects"]
    write_records(work / "journal.next", records)
    assert embed.run(["a", "b"], tmp_path / "v.parquet").num_rows == 2
