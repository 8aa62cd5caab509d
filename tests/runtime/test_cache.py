"""What is kept is whole, is what it says it is, and costs nobody a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from junco.runtime import cache as caching
from junco.runtime.cache import Cache
from junco.runtime.load import load

IDENTITY = {"weights": "ab", "versions": {"torch": "1"}}


def write(folder):
    (folder / "model.xml").write_text("<net/>")
    (folder / "model.bin").write_bytes(bytes(range(256)) * 40)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "runtimes")


@pytest.fixture
def entry(cache):
    return cache.store("a", IDENTITY, write)


def test_what_was_stored_is_found_by_its_identity(cache, entry):
    assert cache.find("a", IDENTITY) == entry
    assert cache.find("a", {**IDENTITY, "versions": {"torch": "2"}}) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.bin").write_bytes(b"short"),
        lambda folder: (folder / "model.bin").unlink(),
        lambda folder: (folder / "model.xml").write_text("<nut/>"),
        lambda folder: (folder / "manifest.json").write_text('{"format": 1'),
        lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "one-more").write_text("?"),
    ],
)
def test_a_damaged_entry_counts_as_absent_and_is_replaced(cache, entry, damage):
    damage(entry)
    assert cache.find("a", IDENTITY) is None
    assert cache.store("a", IDENTITY, write) == entry
    assert (entry / "model.bin").stat().st_size == 256 * 40
    assert [path.name for path in cache.folder.iterdir()] == [entry.name]


def test_an_entry_of_another_format_counts_as_absent(cache, entry, monkeypatch):
    monkeypatch.setattr(caching, "FORMAT", caching.FORMAT + 1)
    assert cache.find("a", IDENTITY) is None


def test_an_entry_that_is_copied_to_anothers_place_counts_as_absent(cache, entry):
    other = {**IDENTITY, "weights": "cd"}
    entry.rename(cache.path("a", other))
    assert cache.find("a", other) is None


def test_a_file_in_an_entrys_place_is_replaced(cache):
    cache.folder.mkdir()
    cache.path("a", IDENTITY).write_text("in the way")
    assert cache.store("a", IDENTITY, write) is not None


def test_a_writer_that_fails_leaves_nothing(cache):
    def failing(folder):
        write(folder)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.store("a", IDENTITY, failing)
    assert list(cache.folder.iterdir()) == []


def test_a_remembered_value_comes_back_and_a_damaged_one_does_not(cache):
    cache.remember("m", IDENTITY, [{"rows_per_s": 1.5}])
    assert cache.read("m", IDENTITY) == [{"rows_per_s": 1.5}]
    (cache.path("m", IDENTITY) / "value.json").write_text("[]")
    assert cache.read("m", IDENTITY) is None


def test_one_thread_at_a_time_has_the_lock(cache):
    seen: list[int] = []

    def work() -> None:
        with cache.locked("a", IDENTITY):
            seen.append(1)
            assert sum(seen) == 1
            seen.append(-1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1, -1] * 8


@pytest.mark.parametrize("home", ["/proc/nowhere", "a-file"])
def test_where_nothing_can_be_written_models_run_all_the_same(home, workshop, pixels, tmp_path, monkeypatch):
    if home == "a-file":
        (tmp_path / home).write_text("")
        home = str(tmp_path / home)
    monkeypatch.setenv("JUNCO_HOME", home)
    for runtime in ("openvino", "auto"):
        np.testing.assert_allclose(
            load(workshop.source(), runtime, "float32")(pixels), workshop.expected(pixels), atol=1e-5
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder")
def test_a_folder_that_may_only_be_read_is_read(workshop, runtimes):
    load(workshop.source(), "openvino")
    num_built = workshop.num_built
    runtimes.chmod(0o500)
    try:
        load(workshop.source(), "openvino")
        load(workshop.source(weights_sha256="2" * 64), "openvino")
    finally:
        runtimes.chmod(0o700)
    assert workshop.num_built == num_built + 1


@pytest.mark.parametrize("keep_bytes", [0, 100])
def test_a_truncated_conversion_is_made_anew(workshop, runtimes, pixels, keep_bytes):
    load(workshop.source(), "openvino")
    for file in runtimes.glob("openvino-*/model.*"):
        file.write_bytes(file.read_bytes()[:keep_bytes])
    np.testing.assert_allclose(
        load(workshop.source(), "openvino", "float32")(pixels), workshop.expected(pixels), atol=1e-5
    )


def test_a_conversion_by_another_version_is_not_used(workshop, runtimes):
    load(workshop.source(), "openvino")
    num_built = workshop.num_built
    for manifest in runtimes.glob("openvino-*/manifest.json"):
        content = json.loads(manifest.read_text())
        content["identity"]["versions"]["openvino"] = "2020.1"
        manifest.write_text(json.dumps(content))
    load(workshop.source(), "openvino")
    assert workshop.num_built == num_built + 1


STORE = """
import sys
from pathlib import Path
from junco.runtime.cache import Cache
cache = Cache(Path(sys.argv[1]))
def write(folder):
    (folder / "model.bin").write_bytes(b"x" * 3_000_000)
for i in range(12):
    identity = {"i": i}
    with cache.locked("a", identity):
        assert cache.find("a", identity) or cache.store("a", identity, write)
    assert cache.store("b", {"without": "a lock"}, write)
"""


def test_processes_that_store_the_same_at_once_all_find_it_whole(tmp_path):
    started = [subprocess.Popen([sys.executable, "-c", STORE, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    cache = Cache(tmp_path)
    assert all(cache.find("a", {"i": i}) for i in range(12))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
