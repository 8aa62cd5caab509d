"""Optional packages: each member says which it needs, and without one nothing is fetched or loaded first."""

from __future__ import annotations

import importlib.metadata
import sys

import pytest

from junco.errors import MissingExtraError
from junco.operator import registry

MEMBERS = sorted(registry.installed())
OTHERS = {"image-text-embedding.conse": {"modality": "text"}}
"""Parameters under which a member needs other packages than by default."""
CASES = [(name, {}) for name in MEMBERS] + list(OTHERS.items())


@pytest.fixture
def member(parameters):
    """``member(name, params)``: a member, with the parameters that it must have."""
    return lambda name, params: registry.load(name)(**{**parameters.get(name, {}), **params})


@pytest.mark.parametrize(("name", "params"), CASES)
def test_the_extras_that_a_member_declares_for_its_packages_are_juncos(name, params, member):
    extras = set(importlib.metadata.metadata("junco").get_all("Provides-Extra") or ())
    assert set(member(name, params).packages.values()) <= extras


def test_what_conse_needs_for_texts_is_not_asked_for_with_pictures(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    conse = registry.load("image-text-embedding.conse")
    conse(modality="image").fetch()
    conse(modality="image").ensure_open()
    with pytest.raises(MissingExtraError, match=r"'sentencepiece': pip install 'junco\[image-text\]'"):
        conse(modality="text").fetch()
