"""What tests of the engine share."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def no_process_left() -> Iterator[None]:
    """The workers in other processes end with the tests that used them."""
    yield
    if importlib.util.find_spec("loky") is not None:  # junco[processes]
        from junco.engine.workers import workers

        workers.end()
