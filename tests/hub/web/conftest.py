"""A hub whose pages are looked at: a dozen repositories, as `junco new` begins them, pushed with versions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "server"))
sys.path.append(str(Path(__file__).parent))

from hubs import running_hub
from page_browser import Browser
from pages_filled import fill


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("empty")) as running:
        yield running


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("store")) as running:
        running.alice, running.bob, running.mei = (running.user(name) for name in ("alice", "bob", "mei"))
        fill(running, tmp_path_factory.mktemp("made"))
        yield running


@pytest.fixture
def enter(hub):
    """Browsers of people, or of nobody."""
    opened = []

    def open_one(person=None):
        opened.append(Browser(hub, person))
        return opened[-1]

    yield open_one
    for browser in opened:
        browser.client.close()
