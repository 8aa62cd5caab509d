"""How real media come: once, whichever process asks first."""

from __future__ import annotations

from pathlib import Path

import pytest

from media import media

PACKAGE = "sound-theme-freedesktop"


def unpacked_by(bring):
    """A stand-in for the package client: what it downloads and unpacks, and what happens meanwhile."""

    def run(*command, at=None):
        if command[0] == "apt-get":
            Path(at, "sounds.deb").touch()
        else:
            content = Path(command[-1], media.PACKAGES[PACKAGE])
            content.mkdir(parents=True)
            (content / "bell.oga").write_bytes(b"bell")
            bring()

    return run


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "FOLDER", tmp_path)
    monkeypatch.setattr(media.shutil, "which", str)
    return tmp_path / PACKAGE


def test_a_package_that_another_process_brings_meanwhile_is_theirs(kept, monkeypatch):
    def brought():
        content = kept / media.PACKAGES[PACKAGE]
        content.mkdir(parents=True)
        (content / "bell.oga").write_bytes(b"theirs")

    monkeypatch.setattr(media, "_run", unpacked_by(brought))
    assert (media.debian(PACKAGE) / "bell.oga").read_bytes() == b"theirs"
    assert [*kept.parent.iterdir()] == [kept]


def test_a_package_that_cannot_be_kept_is_said(kept, monkeypatch):
    monkeypatch.setattr(media, "_run", unpacked_by(kept.touch))
    with pytest.raises(NotADirectoryError):
        media.debian(PACKAGE)
