"""A hub that mirrors another; the other is a second hub of junco's, or one that is badly behaved by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_SERVER = Path(__file__).parent.parent / "server"


def _module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hubs = _module("hubs_of_the_server", _SERVER / "hubs.py")
clients = _module("clients_of_the_server", _SERVER / "clients.py")
networks = _module("networks_of_companies", Path(__file__).parent.parent / "client" / "networks.py")
others = _module("other_hubs", Path(__file__).with_name("others.py"))


@pytest.fixture
def other():
    """A hub of which each answer can be spoilt."""
    with others.running_other() as running:
        yield running


@pytest.fixture
def mirror(tmp_path, other):
    """A hub that mirrors it."""
    with others.serving_hub(tmp_path / "mirror", mirroring=others.mirroring(other.url)) as running:
        yield running
