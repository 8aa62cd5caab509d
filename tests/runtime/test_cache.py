"""What is kept is whole, is what it says it is, and costs nobody a crash."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading

import numpy as np
import pytest

from junco.errors import IntegrityError, ParameterError
from junco.runtime import cache as caching
from junco.runtime import loading, openvino_runtime
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


def test_what_nobody_has_used_for_long_goes_and_what_a_killed_process_had_begun(cache, entry):
    unused, begun = cache.store("b", IDENTITY, write), cache.folder / ".making-x1"
    begun.mkdir()
    for folder in (entry, unused, begun):
        os.utime(folder, (0, 0))
    assert cache.find("a", IDENTITY) == entry  # used now
    cache.store("c", IDENTITY, write)
    assert (entry.exists(), unused.exists(), begun.exists()) == (True, False, False)


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
    assert cache.read("m", IDENTITY, list) == [{"rows_per_s": 1.5}]
    (cache.path("m", IDENTITY) / "value.json").write_text("[]")
    assert cache.read("m", IDENTITY, list) is None


@pytest.mark.parametrize("value", [[], {}, None, 3, "x", {"rate": "fast"}, {"rate": None}], ids=str)
def test_a_value_of_another_shape_counts_as_absent_and_is_replaced(cache, value):
    cache.remember("m", IDENTITY, value)
    assert cache.read("m", IDENTITY, lambda plain: float(plain["rate"])) is None
    cache.remember("m", IDENTITY, {"rate": 2})
    assert cache.read("m", IDENTITY, lambda plain: float(plain["rate"])) == 2.0


def others_write(folder):
    folder.chmod(0o777)


def group_writes(folder):
    folder.chmod(0o775)


def is_anothers(folder):
    os.chown(folder, 65534, -1)


@pytest.mark.parametrize("change", [others_write, group_writes, is_anothers])
@pytest.mark.parametrize("place", [".", "..", "a"])
def test_what_somebody_else_could_have_put_there_is_refused_with_the_cure(cache, entry, change, place):
    folder = entry if place == "a" else (cache.folder / place).resolve()
    if change is is_anothers and os.getuid():
        pytest.skip("only root gives folders away")
    change(folder)
    with pytest.raises(IntegrityError, match=r"(chmod go-w|chown).*JUNCO_HOME") as raised:
        cache.find("a", IDENTITY)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("change", [others_write, group_writes, is_anothers])
@pytest.mark.parametrize("name", ["model.bin", "model.xml", "manifest.json"])
def test_a_file_that_somebody_else_could_have_written_is_refused_where_others_reach_it(cache, entry, change, name):
    if change is is_anothers and os.getuid():
        pytest.skip("only root gives files away")
    change(entry / name)
    assert cache.find("a", IDENTITY) == entry
    entry.chmod(0o755)
    with pytest.raises(IntegrityError, match=r"(chmod go-w|chown).*JUNCO_HOME") as raised:
        cache.find("a", IDENTITY)
    assert str(entry / name) in str(raised.value)


def test_a_folder_of_ones_own_in_one_that_all_write_but_only_add_to_is_used(tmp_path):
    tmp_path.chmod(0o1777)
    cache = Cache(tmp_path / "runtimes")
    assert cache.store("a", IDENTITY, write)
    assert cache.find("a", IDENTITY)
    tmp_path.chmod(0o700)


def test_what_is_made_belongs_to_its_maker_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        assert Cache(tmp_path / "home" / "runtimes").store("a", IDENTITY, write)
    finally:
        os.umask(before)
    assert not (tmp_path / "home" / "runtimes").stat().st_mode & 0o077
    assert not (tmp_path / "home").stat().st_mode & 0o022


def test_a_folder_that_cannot_be_written_is_said_once_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "runtimes")
    with pytest.warns(UserWarning, match=r"file.*runtimes.*JUNCO_HOME"):
        assert cache.store("a", IDENTITY, write) is None
    with Cache(tmp_path / "file" / "runtimes").locked("a", IDENTITY):  # where a second warning would be an error
        assert cache.find("a", IDENTITY) is None


@pytest.mark.filterwarnings("ignore:nothing can be kept")
def test_where_nothing_can_be_kept_nothing_is_converted_for_one_start(workshop, tmp_path, monkeypatch, pixels):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "file" / "home"))
    compiled = load(workshop.source())
    assert (compiled.runtime, compiled.certificate) == ("torch", None)
    np.testing.assert_allclose(compiled(pixels), workshop.expected(pixels), atol=1e-5)
    np.testing.assert_allclose(
        load(workshop.source(), "openvino", "float32")(pixels), workshop.expected(pixels), atol=1e-5
    )


def replaced_with_another_network(workshop, runtimes):
    """In the place of a kept conversion, whole and under its name, one of other weights."""
    (entry,) = (path for path in runtimes.glob("openvino-*") if path.is_dir())
    manifest = json.loads((entry / "manifest.json").read_text())
    openvino_runtime.convert(workshop.source(), workshop.network(1), entry)
    manifest["files"] = {name: caching.read_sha256(entry / name) for name in manifest["files"]}
    (entry / "manifest.json").write_text(json.dumps(manifest))


def test_a_kept_conversion_is_run_on_the_golden_rows_once_in_a_process(workshop, runtimes, pixels, monkeypatch, caplog):
    load(workshop.source(), "openvino", "float32")
    replaced_with_another_network(workshop, runtimes)
    vectors = load(workshop.source(), "openvino", "float32")(pixels)
    np.testing.assert_allclose(vectors, workshop.expected(pixels), atol=1e-5)
    assert "other vectors than it did" in caplog.text
    load(workshop.source(), "openvino", "float32")
    monkeypatch.setattr(loading.Loading, "_computed", lambda *_: pytest.fail("it was run again"))
    load(workshop.source(), "openvino", "float32")


@pytest.mark.parametrize("value", [[], {}, None, [{}], {"certificates": [], "golden": [[1.0]]}], ids=str)
def test_a_measurement_of_another_shape_is_made_anew(workshop, runtimes, pixels, value):
    load(workshop.source(), "openvino", "float32")
    for entry in runtimes.glob("certificate-*/"):
        manifest = json.loads((entry / "manifest.json").read_text())
        (entry / "value.json").write_text(json.dumps(value))
        manifest["files"]["value.json"] = caching.read_sha256(entry / "value.json")
        (entry / "manifest.json").write_text(json.dumps(manifest))
    vectors = load(workshop.source(), "openvino", "float32")(pixels)
    np.testing.assert_allclose(vectors, workshop.expected(pixels), atol=1e-5)


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
    with pytest.warns(UserWarning, match="nothing can be kept"):
        converted = load(workshop.source(), "openvino", "float32")
    for compiled in (converted, load(workshop.source(), "auto", "float32")):
        np.testing.assert_allclose(compiled(pixels), workshop.expected(pixels), atol=1e-5)


READ_ONLY = """
import ctypes, os, sys
if os.geteuid() == 0 and sys.argv[1] == "first":  # root writes to every folder, until it gives that right away
    DROP_FROM_BOUNDING_SET, MAY_OVERRIDE_PERMISSIONS = 24, 1
    if ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, MAY_OVERRIDE_PERMISSIONS, 0, 0, 0) != 0:
        sys.exit(77)
    os.execv(sys.executable, [sys.executable, "-c", os.environ["SCRIPT"], "second", *sys.argv[2:]])
import numpy as np
from junco.runtime.load import load
from junco.runtime.source import Input, Source
import torch
class Tiny(torch.nn.Module):
    def forward(self, pixels):
        return pixels.float().mean(dim=(1, 2))
def never():
    raise AssertionError("built again")
home, kept_sha256 = sys.argv[2:]
try:
    open(home + "/probe", "w")
except PermissionError:
    pass
else:
    sys.exit(77)
golden = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
rest = ((Input("pixels", "uint8", (None, 8, 8, 3)),), (golden,))
kept = load(Source("test.tiny", kept_sha256, 2000, "mean over space", never, *rest), "openvino")
assert kept(golden).shape == (4, 16)
other = load(Source("test.tiny", "2" * 64, 2000, "mean", lambda: Tiny().eval(), *rest), "openvino")
np.testing.assert_allclose(other(golden), golden.mean(axis=(1, 2)), rtol=0.02)
"""


def test_a_folder_that_may_only_be_read_is_read_and_what_is_not_there_runs_unkept(workshop, runtimes):
    load(workshop.source(), "openvino")
    before = sorted(path.name for path in runtimes.iterdir())
    runtimes.chmod(0o500)
    try:
        command = [sys.executable, "-c", READ_ONLY, "first", str(runtimes), workshop.source().weights_sha256]
        environment = {**os.environ, "SCRIPT": READ_ONLY}
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        runtimes.chmod(0o700)
    if done.returncode == 77:
        pytest.skip("this system lets root write to every folder")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in runtimes.iterdir()) == before


@pytest.fixture
def full_disk():
    """Called, it lets no file grow beyond some bytes; with ``None``, as before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most_bytes: resource.setrlimit(
        resource.RLIMIT_FSIZE, (soft if most_bytes is None else most_bytes, hard)
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.filterwarnings("ignore:nothing can be kept")
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_disk_that_was_full_is_not_held_against_a_runtime(workshop, pixels, full_disk, runtime):
    full_disk(1500)  # enough for what is measured, not for what is converted
    with pytest.raises(ParameterError, match=f"{runtime} in float32: OSError"):
        load(workshop.source(), runtime, "float32")
    full_disk(None)
    np.testing.assert_allclose(
        load(workshop.source(), runtime, "float32")(pixels), workshop.expected(pixels), atol=1e-5
    )


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


LOAD = """
import sys
import numpy as np
import torch
from junco.runtime.load import load
from junco.runtime.source import Input, Source
class Mean(torch.nn.Module):
    def forward(self, pixels):
        return pixels.float().mean(dim=(1, 2))
golden = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
inputs = (Input("pixels", "uint8", (None, 8, 8, 3)),)
print("ready", flush=True)
sys.stdin.readline()
compiled = load(Source("test.mean", "3" * 64, 2000, "mean", lambda: Mean().eval(), inputs, (golden,)), "openvino")
np.testing.assert_allclose(compiled(golden), golden.mean(axis=(1, 2)), rtol=0.02)
"""


def test_two_processes_that_convert_the_same_model_at_once_share_one_conversion(runtimes):
    started = [
        subprocess.Popen([sys.executable, "-c", LOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0, 0]
    assert len([path for path in runtimes.glob("openvino-test.mean-*") if path.is_dir()]) == 1
    assert not [path for path in runtimes.iterdir() if path.name.startswith(".")]


def test_a_measurement_by_another_version_is_not_used(workshop, monkeypatch):
    load(workshop.source(), "openvino")
    num_built = workshop.num_built
    load(workshop.source(), "openvino")
    assert workshop.num_built == num_built
    monkeypatch.setattr(loading, "versions", lambda names: dict.fromkeys(names, "2020.1"))
    load(workshop.source(), "openvino")
    assert workshop.num_built == num_built + 1
