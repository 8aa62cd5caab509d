"""What a job left on the disk, damaged since."""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from junco import read_vectors
from junco.errors import JobError, TargetError
from junco.job.packed import pack, pack_counts
from junco.store import durable


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


TARGETS = ["v.parquet", "v.npy", "v/", "v.npy.inputs.parquet"]


def shift(place):
    """Change the byte at a place: from the start, from the end, or (a fraction) in between."""

    def harm(file):
        content = bytearray(file.read_bytes())
        content[int(place * len(content)) if isinstance(place, float) else place] ^= 0x40
        file.write_bytes(content)

    return harm


HARMS = {
    "first": shift(0),
    "header": shift(9),
    "early": shift(0.3),
    "middle": shift(0.5),
    "late": shift(0.8),
    "last": shift(-1),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"0"),
    "empty": lambda file: file.write_bytes(b""),
}


@pytest.mark.parametrize("keeps_time", [True, False])
@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
@pytest.mark.parametrize("name", TARGETS)
def test_a_damaged_target_is_never_carried_into_the_next_one(embed, tmp_path, name, harm, keeps_time):
    texts = [f"text {n}" * (1 + n % 3) for n in range(60)]
    target = f"{tmp_path}/{name.removesuffix('.inputs.parquet')}"
    embed.run(texts, target, shard_rows=20)
    file = tmp_path / "v" / "part-00001.parquet" if name == "v/" else tmp_path / name
    whole, state = file.read_bytes(), file.stat()
    harm(file)
    if keeps_time:  # as the disk itself does
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(
        TargetError, match=rf"changed by something else, or damaged \(.*{file.name}\): put back .*resume=False"
    ):
        embed.run([*texts, "more"], target, shard_rows=20)
    file.write_bytes(whole)
    assert embed.run([*texts, "more"], target, shard_rows=20).num_new == 1
    assert read_vectors(target).keys == [*texts, "more"]


def test_a_damaged_target_that_is_removed_is_made_again(embed, tmp_path):
    embed.run(["a", "b"], tmp_path / "v.npy")
    flip(tmp_path / "v.npy")
    with pytest.raises(TargetError):
        embed.run(["a", "b"], tmp_path / "v.npy")
    (tmp_path / "v.npy").unlink()
    assert embed.run(["a", "b"], tmp_path / "v.npy").num_new == 2


@pytest.fixture
def interrupted(embed, tmp_path):
    """A job of 40 texts that ended after 35 of them: its target, its work folder, and what ends it."""
    texts = [f"text {n}" * (1 + n % 3) for n in range(40)]

    def cut_off():
        yield from texts[:35]
        raise OSError("gone")

    with pytest.raises(JobError):
        embed.run(cut_off(), tmp_path / "v.parquet", shard_rows=10)

    def finish():
        report = embed.run(texts, tmp_path / "v.parquet", shard_rows=10)
        found = read_vectors(tmp_path / "v.parquet")
        assert found.keys == texts
        assert found.vectors[:, 0].tolist() == [len(text) for text in texts]
        return report

    finish.work = tmp_path / ".v.parquet.junco"
    return finish


def test_two_shards_in_each_others_place_are_noticed_and_made_anew(interrupted):
    one, other, *_ = sorted((interrupted.work / "shards").iterdir())
    durable.swap(one, other)
    report = interrupted()
    assert report.num_skipped == 15
    assert report.damaged == ("shards were lost or damaged: 20 inputs are worked on again",)
    assert "20 inputs are worked on again" in str(report)


ORDERS = {
    "the last twice": lambda lines: [*lines, lines[-1]],
    "one twice": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "all twice": lambda lines: lines + lines,
    "two swapped": lambda lines: [*lines[:2], lines[4], lines[3], lines[2], *lines[5:]],
    "one missing": lambda lines: [*lines[:2], *lines[4:]],
    "a flipped one": lambda lines: [*lines[:2], lines[2][:50] + b"x" + lines[2][51:], *lines[3:]],
    "the last flipped": lambda lines: [*lines[:-1], lines[-1][:50] + b"x" + lines[-1][51:]],
}


@pytest.mark.parametrize("change", ORDERS.values(), ids=ORDERS)
def test_lines_of_a_journal_that_are_not_in_their_places_lose_no_rows(interrupted, change):
    journal = interrupted.work / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(change(lines)))
    assert "the end of the journal was damaged" in str(interrupted())


@pytest.mark.parametrize("change", ORDERS.values(), ids=ORDERS)
def test_lines_of_a_finished_jobs_journal_that_are_not_in_their_places_are_refused_or_of_no_matter(
    embed, tmp_path, monkeypatch, change
):
    monkeypatch.setattr("junco.job.inventory.CHUNK", 8)
    texts = [f"text {n}" for n in range(60)]
    embed.run(texts, tmp_path / "v.parquet")
    journal = tmp_path / ".v.parquet.junco" / "journal"
    journal.write_bytes(b"".join(change(journal.read_bytes().splitlines(keepends=True))))
    try:
        embed.run([*texts[1:], "more"], tmp_path / "v.parquet")
    except JobError as error:
        assert "was damaged: give another target, or start over" in str(error)  # noqa: PT017  # either is right
    else:
        assert read_vectors(tmp_path / "v.parquet").keys == [*texts[1:], "more"]


def test_whatever_a_stopped_run_left_is_cleared_by_the_next(embed, tmp_path):
    embed.run(["a", "b"], tmp_path / "v.parquet")
    work = tmp_path / ".v.parquet.junco"
    for name in ("shards/00000007.arrow", "shards/00000008.arrow.part", "shards/notes.txt", "staged/v.parquet"):
        (work / name).write_text("left")
    for name in ("shards/folder", "staged/v.old"):
        (work / name).mkdir()
        (work / name / "part-00000.parquet").write_text("left")
    (work / "order").write_text("left")
    (work / "journal.next").write_text("left")
    assert embed.run(["a", "b"], tmp_path / "v.parquet").is_unchanged
    assert sorted(str(file.relative_to(work)) for file in work.rglob("*")) == ["journal", "lock", "shards", "staged"]


def test_sealing_early_leaves_nothing_in_the_journal_but_what_was_sealed(interrupted):
    kinds = [next(iter(record)) for record in records_of(interrupted.work / "journal")]
    assert kinds == ["junco", *["opened", "inputs"] * 4]


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
