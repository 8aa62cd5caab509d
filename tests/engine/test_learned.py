"""Batch sizes that the next process begins with: whose they are, how long they are kept, and what is no entry."""

from __future__ import annotations

import json
import os

import pytest

from junco import Hints, Operator, pipe
from junco.engine import learned
from junco.engine.learned import FILE, KEPT_S, MOST_BYTES, MOST_ENTRIES, learned_rows, remember_rows
from junco.runtime.machine import gpus

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Model(Operator, family="learned-test", name="model"):
    neutral = frozenset({"workers"})

    def __init__(self, size: int = 1, device: str = "auto", workers: int = 1, path: str | None = None):
        self.path = path

    def files(self):
        return [self.path] if self.path else []

    def batch(self, xs):
        return list(xs)


class Other(Operator, family="learned-test", name="other"):
    def batch(self, xs):
        return [x + 1 for x in xs]


def known(operator: Operator, seconds_later: float = 0.0) -> int | None:
    return learned_rows(operator, lambda: NOW + seconds_later)


def remember(operator: Operator, rows: int, at: float = NOW) -> None:
    remember_rows(operator, rows, lambda: at)


def test_a_size_is_kept_for_the_next_process():
    assert known(Model()) is None
    remember(Model(), 32)
    assert known(Model()) == 32
    remember(Model(), 128)
    assert known(Model()) == 128


def test_a_size_is_of_what_the_operator_is():
    remember(Model(size=2), 32)
    assert known(Model(size=2, workers=8)) == 32, "that changes no result"
    assert known(Model(size=3)) is None
    assert known(Other()) is None


def test_a_size_is_of_the_weights_it_was_found_with(tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"old")
    remember(Model(path=str(weights)), 32)
    assert known(Model(path=str(weights))) == 32
    weights.write_bytes(b"other ones")
    assert known(Model(path=str(weights))) is None


def test_weights_are_not_read_for_it(tmp_path, monkeypatch):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"many gigabytes")
    weights.chmod(0)
    remember(Model(path=str(weights)), 32)
    assert known(Model(path=str(weights))) == 32


def test_a_size_is_of_the_place_where_it_was_found(monkeypatch):
    remember(Model(device="cpu"), 32)
    assert known(Model(device="cuda:0")) is None
    with monkeypatch.context() as patch:
        patch.setattr(learned, "version", lambda name: "99")
        assert known(Model(device="cpu")) is None, "another version of junco"
    with monkeypatch.context() as patch:
        patch.setattr(learned, "machine", lambda: "abacus ×1")
        assert known(Model(device="cpu")) is None, "another processor, or another number of its cores"
    monkeypatch.setattr(learned, "gpus", lambda: ["NVIDIA B1000"])
    assert known(Model(device="cpu")) == 32


def test_a_size_on_a_gpu_is_of_its_model(monkeypatch):
    monkeypatch.setattr(learned, "gpus", lambda: ["NVIDIA A1"])
    remember(Model(device="cuda:0"), 32)
    assert known(Model(device="cuda:0")) == 32
    monkeypatch.setattr(learned, "gpus", lambda: ["NVIDIA B1000"])
    assert known(Model(device="cuda:0")) is None


def test_gpus_are_those_that_the_driver_shows(tmp_path):
    assert gpus(tmp_path) == []
    for number, text in enumerate(["Model: \t\t NVIDIA H1\nIRQ: 1\n", "Model: NVIDIA A1\n"]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "information").write_text(text)
    gpus.cache_clear()
    assert gpus(tmp_path) == ["NVIDIA H1", "NVIDIA A1"]


def test_an_operator_that_cannot_be_identified_keeps_no_size():
    class Odd(Operator, family="learned-test", name="odd"):
        def files(self):
            raise RuntimeError("not before it is open")

        def batch(self, xs):
            return list(xs)

    remember(Odd(), 32)
    assert known(Odd()) is None


def test_old_sizes_are_found_anew_and_those_of_a_wrong_clock_too():
    remember(Model(), 32)
    assert known(Model(), KEPT_S - 1) == 32
    assert known(Model(), KEPT_S + 1) is None
    assert known(Model(), -KEPT_S) is None, "found in the future"


def test_the_file_is_bounded_and_the_newest_stay(home, monkeypatch):
    monkeypatch.setattr(learned, "MOST_ENTRIES", 3)
    for size in range(5):
        remember(Model(size=size), 8 + size, NOW + size)
    assert [known(Model(size=size), 5) for size in range(5)] == [None, None, 10, 11, 12]
    assert len(json.loads((home / FILE).read_text())) == 3
    assert [path.name for path in home.iterdir()] == [FILE]


def test_as_many_entries_as_are_kept_can_be_read_again():
    entry = {"k" * 32: {"operator": "n" * 200, "rows": 512, "found_s": NOW + 0.123456}}
    assert len(json.dumps(entry)) * MOST_ENTRIES < MOST_BYTES


WHOLE = {"operator": "learned-test.model", "rows": 8, "found_s": NOW}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[1, 2]",
        b"null",
        b'"text"',
        b"{",
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"spec on x86_64, 2 cores": 32}',
        *(
            json.dumps({"KEY": {**WHOLE, **wrong}}).encode()
            for wrong in (
                {"rows": 0},
                {"rows": -5},
                {"rows": True},
                {"rows": 8.5},
                {"rows": "8"},
                {"rows": None},
                {"found_s": "now"},
                {"found_s": None},
                {"found_s": float("nan")},
                {"found_s": float("inf")},
                {"operator": 3},
                {"operator": ["a"]},
            )
        ),
    ],
    ids=lambda text: repr(text[:60]),
)
def test_what_is_no_whole_entry_counts_as_absent_and_is_replaced(home, text):
    remember(Model(), 8)
    key = next(iter(json.loads((home / FILE).read_text())))
    (home / FILE).write_bytes(text.replace(b"KEY", key.encode()))
    assert known(Model()) is None
    remember(Model(), 64)
    assert known(Model()) == 64


def test_what_is_no_file_is_not_waited_for(home):
    home.mkdir()
    (os.mkfifo if hasattr(os, "mkfifo") else os.mkdir)(home / FILE)
    assert known(Model()) is None


def test_a_home_that_cannot_be_written_keeps_nothing_and_nobody_fails(home):
    home.write_text("a file where the folder should be")
    remember(Model(), 8)
    assert known(Model()) is None


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(home):
    (home / FILE / "inside").mkdir(parents=True)
    remember(Model(), 8)
    assert [path.name for path in home.iterdir()] == [FILE]


def test_a_pipeline_begins_with_the_size_that_an_earlier_one_found():
    class Batches(Operator, family="learned-test", name="batches"):
        hints = Hints(releases_gil=True)

        def batch(self, xs):
            sizes.append(len(xs))
            return list(xs)

    sizes: list[int] = []
    remember_rows(Batches(), 64)
    with pipe.input("n").flat_map("n", "x", range).map("x", "y", Batches().spec).output("y") as p:
        p(256)
    assert max(sizes) == 64
