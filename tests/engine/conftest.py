"""What tests of the engine share."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def no_process_left() -> Iterator[None]:
    """The workers in other processes are the same for all tests of a file, and end with them."""
    if importlib.util.find_spec("loky") is None:  # junco[processes]
        yield
        return
    from junco.engine.workers import workers

    workers.enter(0, 2)
    yield
    workers.leave(0)
    workers.end()
