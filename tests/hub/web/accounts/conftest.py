"""A hub whose sign-up is open, with users, and visitors of its pages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[2] / "server"))

from hubs import running_hub
from visiting import Visitor


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("store"), open_sign_up=True) as running:
        yield running


@pytest.fixture(scope="module")
def alice(hub):
    return hub.user("alice")


@pytest.fixture(scope="module")
def bob(hub):
    return hub.user("bob")


@pytest.fixture
def visit(hub):
    """Make a visitor, signed in as somebody or nobody."""
    made = []

    def go(person=None, **more):
        visitor = Visitor(hub, **more)
        made.append(visitor)
        if person is not None:
            visitor.sign_in(person)
        return visitor

    yield go
    for each in made:
        each.client.close()
