"""A pipeline of texts that is quick, and that bad ones fail in."""

from __future__ import annotations

import numpy as np
import pytest

from junco import pipe


def lengths(text):
    """Length and first letter of a text as a vector."""
    if "bad" in text:
        raise ValueError(f"cannot measure {text}")
    return np.array([len(text), ord(text[0])], np.float32)


@pytest.fixture
def embed():
    with pipe.input("text").map("text", "vector", lengths).output("vector") as p:
        yield p
