"""A real hub, machines of users, and the tools of tests of trust."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("hub_trust_conftest", Path(__file__).parent.parent / "trust/conftest.py")
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
served = pytest.fixture(scope="module", name="served")(_shared._shared.hub.__wrapped__)
machine, colour, canary = _shared.machine, _shared.colour, _shared.canary


@pytest.fixture(name="hub")
def the_hub(served):
    return served
