"""``junco cache``: what is kept, by model, and what is safe to remove."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

KINDS = ("", "openvino-", "certificate-")
OLD_S = time.time() - 3 * 86_400


@pytest.fixture
def kept(home):
    """A JUNCO_HOME in which something of each kind lies."""
    top = home.parent
    for name, num_bytes in {
        "files/0123456789abcdef-net.onnx": 3000,
        "files/.0123456789abcdef-net.onnx.lock": 0,
        "runtimes/image-embedding.timm-00112233445566778899aabb/manifest.json": 500,
        "runtimes/image-embedding.timm-00112233445566778899aabb/net.xml": 1500,
        "runtimes/image-embedding.timm-00112233445566778899aabb.lock": 0,
        "runtimes/.making-old/net.xml": 70,
        "runtimes/.making-now/net.xml": 80,
        "batch-sizes.json": 40,
    }.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * num_bytes)
    os.utime(top / "runtimes" / ".making-old", (OLD_S, OLD_S))
    return top


def kinds(junco, *options):
    entries = json.loads(junco("cache", "--json", *options).stdout)
    return {
        (entry["kind"], entry["model"]): (entry["size_bytes"], entry["is_cleared"])
        for entry in entries
        if entry["kind"] != "Hugging Face"
    }


def test_what_is_kept_is_listed_by_model_with_its_size(junco, kept):
    assert kinds(junco) == {
        ("weights", "net.onnx"): (3000, False),
        ("conversion", "image-embedding.timm"): (2000, False),
        ("left over", ".making-old"): (70, False),
    }
    shown = junco("cache").stdout
    assert "image-embedding.timm" in shown
    assert "conversion: 2.0 KiB" in shown


def test_clear_removes_what_is_made_again_and_what_nobody_needs(junco, kept, home):
    done = junco("cache", "--clear")
    assert done.exit_code == 0
    assert "removed 2 of them, 2.0 KiB" in done.stderr
    assert kinds(junco) == {("weights", "net.onnx"): (3000, False)}
    assert (kept / "runtimes" / ".making-now" / "net.xml").exists()
    assert (kept / "batch-sizes.json").exists()
    assert len(list(home.iterdir())) == 3


def test_weights_go_where_that_is_asked_for(junco, kept):
    assert kinds(junco, "--clear", "--weights")[("weights", "net.onnx")] == (3000, True)
    assert kinds(junco) == {}
    assert junco("cache", "--weights").exit_code == 2


def test_the_operators_that_take_a_file_are_told(junco, kept):
    from junco.models.yamnet.weights import WEIGHTS

    WEIGHTS.cached.write_bytes(b"net")
    (entry,) = [e for e in json.loads(junco("cache", "--json").stdout) if e["path"] == str(WEIGHTS.cached)]
    assert entry["operators"] == ["audio-embedding.yamnet", "audio-tagging.yamnet"]


def test_a_publishers_file_that_was_changed_is_a_conversion_and_goes(junco, kept):
    folder = kept / "files" / "0123456789abcdef-text-mean-2"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"x" * 900)
    (kept / "files" / "mine").mkdir()
    assert kinds(junco)[("conversion", "text-mean")] == (900, False)
    assert kinds(junco, "--clear")[("conversion", "text-mean")] == (900, True)
    assert not folder.exists()
    assert (kept / "files" / "mine").exists()


def test_what_vanishes_while_it_is_listed_is_left_out(junco, kept, monkeypatch):
    from junco.cli import cache

    entries = cache._entries

    def vanishing(folder):
        found = entries(folder)
        shutil.rmtree(kept / "runtimes" / ".making-old", ignore_errors=True)
        (kept / "files" / "0123456789abcdef-net.onnx").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(cache, "_entries", vanishing)
    assert kinds(junco) == {("conversion", "image-embedding.timm"): (2000, False)}


def test_a_file_that_vanishes_while_it_is_measured_counts_nothing(tmp_path, monkeypatch):
    from junco.cli.caches import files_in

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_bytes(b"x")
    (tmp_path / "files" / "gone").write_bytes(b"xyz")
    lstat = os.lstat

    def gone(path, *rest, **how):
        if Path(path).name == "gone":
            raise FileNotFoundError(path)
        return lstat(path, *rest, **how)

    monkeypatch.setattr(os, "lstat", gone)
    monkeypatch.setattr(Path, "lstat", gone)
    assert files_in(tmp_path / "files") == {tmp_path / "files" / "one": 1}


def test_the_day_on_which_an_entry_was_changed_is_told_as_that(junco, kept):
    assert "CHANGED" in junco("cache").stdout.splitlines()[0]
    assert all(entry["changed_s"] > 0 for entry in json.loads(junco("cache", "--json").stdout))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may remove everything")
def test_what_cannot_be_removed_is_said(junco, kept):
    (kept / "runtimes").chmod(0o500)
    done = junco("cache", "--clear")
    (kept / "runtimes").chmod(0o700)
    assert done.exit_code == 2
    assert "cannot be removed" in done.stdout


def test_a_link_is_removed_and_not_what_it_leads_to(junco, kept, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"x")
    (kept / "runtimes" / "link-00112233445566778899aabb").symlink_to(tmp_path / "mine")
    assert junco("cache", "--clear").exit_code == 0
    assert (tmp_path / "mine" / "photo.jpg").exists()
    assert not (kept / "runtimes" / "link-00112233445566778899aabb").is_symlink()


def test_what_belongs_to_one_model_is_a_line_and_is_removed_alone(junco, kept):
    for kind in ("openvino", "certificate"):
        (kept / "runtimes" / f"{kind}-image-embedding.timm-{kind.encode().hex()[:8]:0>24}").mkdir()
        (kept / "runtimes" / f"{kind}-image-embedding.timm-{kind.encode().hex()[:8]:0>24}" / "net").write_bytes(
            b"x" * 1000
        )
    lines = [line.split() for line in junco("cache").stdout.splitlines() if "image-embedding.timm" in line]
    assert [line[:4] for line in lines] == [["conversion", "image-embedding.timm", "3", "3.9"]]
    assert set(kinds(junco, "TIMM")) == {("conversion", f"{kind}image-embedding.timm") for kind in KINDS}
    assert "removed 3 of them" in junco("cache", "timm", "--clear").stderr
    assert set(kinds(junco)) == {("weights", "net.onnx"), ("left over", ".making-old")}
    assert "nothing is kept" in junco("cache", "nothing of that name").stdout


def test_what_training_left_is_listed_and_only_vectors_go(junco, kept):
    for name in ("vectors/vectors-00112233", "runs/0123456789abcdef", "tuned/0123456789abcdef"):
        (kept / "training" / name).mkdir(parents=True)
        (kept / "training" / name / "rows.npy").write_bytes(b"x" * 90)
    (kept / "training" / "runs" / "0123456789abcdef.lock").touch()
    of_training = {kind: told for (kind, _), told in kinds(junco, "--clear").items() if told[0] == 90}
    assert of_training == {
        "vectors to train on": (90, True),
        "training run": (90, False),
        "tuned operator": (90, False),
    }
    assert (kept / "training" / "runs" / "0123456789abcdef" / "rows.npy").exists()


def test_what_junco_did_not_name_is_never_removed(junco, kept, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    own = [
        kept / "sets" / "photos.parquet",
        kept / "runtimes" / "mine-v2",
        kept / "files" / ".env",
        elsewhere / "0123456789abcdef.npy",
    ]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        os.utime(path, (OLD_S, OLD_S))
    (kept / "units").symlink_to(elsewhere)
    junco("cache", "--clear", "--weights")
    assert [path.read_text() for path in own] == ["mine"] * 4
    assert ("left over", ".env") not in kinds(junco)
