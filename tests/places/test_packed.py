"""Compressed lists: read as they are unpacked, and refused when they are damaged or unpack without end."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pytest

from junco.errors import JobError
from junco.job.source import count_of
from junco.job.wanted import Wanted
from junco.places import packed
from reading import inputs, read


def zstd(content):
    return pa.compress(content, codec="zstd", asbytes=True)


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}
LISTS = {
    "txt": b"one\ntwo\n",
    "csv": b"id;text\n1;one\n2;two\n",
    "tsv": b"id\ttext\n1\tone\n2\ttwo\n",
    "json": b'[{"text": "one"}, {"text": "two"}]',
    "jsonl": b'{"text": "one"}\n{"text": "two"}\n',
    "ndjson": b'"one"\n"two"\n',
}


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("kind", LISTS)
def test_a_packed_list_is_read_like_another(tmp_path, kind, how):
    path = tmp_path / f"l.{kind}.{how}"
    path.write_bytes(PACK[how](LISTS[kind]))
    found, told = read(path)
    assert found == ["one", "two"]
    assert f"l.{kind}.{how}: unpacked ({packed.SUFFIXES['.' + how]})" in told[0]
    assert count_of(path, Wanted(("text",))) is None


@pytest.mark.parametrize("how", PACK)
def test_a_packed_list_is_known_by_its_bytes_if_not_by_its_name(tmp_path, how):
    (tmp_path / "l.csv").write_bytes(PACK[how](LISTS["csv"]))
    assert inputs(tmp_path / "l.csv") == ["one", "two"]


@pytest.mark.parametrize("how", PACK)
def test_several_packed_one_after_the_other_are_one(tmp_path, how):
    path = tmp_path / f"l.txt.{how}"
    path.write_bytes(PACK[how](b"one\n") + PACK[how](b"") + PACK[how](b"two\n"))
    assert inputs(path) == ["one", "two"]


@pytest.mark.parametrize("how", ["bz2", "xz"])
@pytest.mark.parametrize("num_zeros", [4, 512, 1 << 18])
def test_zeros_between_and_behind_what_is_packed_are_nothing(tmp_path, how, num_zeros):
    path = tmp_path / f"l.txt.{how}"
    path.write_bytes(PACK[how](b"one\n") + bytes(num_zeros) + PACK[how](b"two\n") + bytes(num_zeros))
    assert inputs(path) == ["one", "two"]


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("bit", [1, 128])
def test_what_follows_a_packed_list_and_is_none_is_an_error(tmp_path, how, at, bit):
    damaged = bytearray(PACK[how](b"two\n"))
    damaged[at] ^= bit
    path = tmp_path / f"l.txt.{how}"
    for rest in (bytes(damaged) + PACK[how](b"three\n"), b"junk", PACK[how](b"two\n")[: at + 1]):
        path.write_bytes(PACK[how](b"one\n") + rest)
        with pytest.raises(JobError, match=rf"^l\.txt\.{how} cannot be unpacked, it is cut off or damaged"):
            inputs(path)


@pytest.mark.parametrize("first", [0x50, 0x5F])
def test_what_zstandard_says_is_to_be_passed_over_is(tmp_path, first):
    passed_over = bytes([first]) + b"\x2a\x4d\x18" + (300_000).to_bytes(4, "little") + bytes(300_000)
    (tmp_path / "l.txt.zst").write_bytes(passed_over + zstd(b"one\n") + passed_over + zstd(b"two\n"))
    assert inputs(tmp_path / "l.txt.zst") == ["one", "two"]


def test_a_text_that_begins_like_a_packed_one_is_a_text(tmp_path):
    (tmp_path / "l.txt").write_text("BZh is no word\n")
    assert inputs(tmp_path / "l.txt") == ["BZh is no word"]


@pytest.mark.parametrize("how", PACK)
def test_a_packed_list_that_is_cut_off_or_damaged_ends_with_its_name(tmp_path, how):
    content = PACK[how]("\n".join(json.dumps({"text": f"text {i * 7919}"}) for i in range(20_000)).encode())
    changed = content[:500] + bytes(600) + content[1100:]
    for damaged in (content[: len(content) // 2], content[:-4], *([changed] if how != "zst" else [])):  # has no sum
        (tmp_path / f"l.jsonl.{how}").write_bytes(damaged)
        with pytest.raises(JobError, match=rf"^l\.jsonl\.{how} cannot be unpacked, it is cut off or damaged"):
            inputs(tmp_path / f"l.jsonl.{how}")


@pytest.mark.parametrize("how", PACK)
def test_what_is_not_packed_as_its_name_says_is_refused(tmp_path, how):
    (tmp_path / f"l.txt.{how}").write_bytes(b"one\ntwo\n")
    with pytest.raises(JobError, match="it is not compressed as its name says"):
        inputs(tmp_path / f"l.txt.{how}")


@pytest.mark.parametrize("how", PACK)
def test_what_unpacks_out_of_all_proportion_is_left(tmp_path, how, monkeypatch):
    monkeypatch.setattr(packed, "FREE_BYTES", 10_000)
    monkeypatch.setattr(packed, "MOST_RATIO", 100)
    (tmp_path / f"l.txt.{how}").write_bytes(PACK[how](b"\n" * 10**7))
    with pytest.raises(JobError, match="unpacks to more than 100 times its size"):
        inputs(tmp_path / f"l.txt.{how}")
    (tmp_path / f"l.txt.{how}").write_bytes(PACK[how](b"one\ntwo\n"))
    assert inputs(tmp_path / f"l.txt.{how}") == ["one", "two"]
