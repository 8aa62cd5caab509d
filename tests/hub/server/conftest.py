"""One hub for the tests of a file, with three users and an organisation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from hubs import running_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(hub):
    return hub.user("alice")


@pytest.fixture(scope="module")
def bob(hub):
    return hub.user("bob")
