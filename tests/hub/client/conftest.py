"""A real hub, a home folder of one's own for each user, and folders to push."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from junco.hub.client.tokens import Token, keep_token
from junco.neural.tuned import write_tuned

_HUBS = Path(__file__).parent.parent / "server" / "hubs.py"
_spec = importlib.util.spec_from_file_location("hubs_of_the_server", _HUBS)
hubs = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = hubs
_spec.loader.exec_module(hubs)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with hubs.running_hub(tmp_path_factory.mktemp("store")) as running:
        running.alice, running.bob = running.user("alice"), running.user("bob")
        yield running


@pytest.fixture
def machine(hub, tmp_path, monkeypatch):
    """Go to a machine: a home folder, a working folder, and somebody's token."""

    def go(name, who=None):
        home = tmp_path / f"home-{name}"
        work = tmp_path / f"work-{name}"
        work.mkdir(exist_ok=True)
        monkeypatch.setenv("JUNCO_HOME", str(home))
        monkeypatch.setenv("JUNCO_HUB", hub.url)
        for variable in ("JUNCO_TOKEN", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.chdir(work)
        if who is not None:
            keep_token(hub.url, Token(who.token, who.name))
        return home

    return go


@pytest.fixture
def tuned(tmp_path):
    """A tuned operator: a head of eight numbers behind an installed model."""
    return tuned_folder(tmp_path / "textile")


def tuned_folder(folder, seed=0):
    head = np.random.default_rng(seed).normal(size=(8, 1280)).astype(np.float32) / 36
    manifest = {"operator": "image-embedding.efficientnet-lite", "params": {}, "scope": "head", "parent": None}
    write_tuned(folder, manifest, {"head.weight": head})
    return folder
