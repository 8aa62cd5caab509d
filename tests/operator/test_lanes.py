"""Until when a call waits, and how urgent it is."""

from __future__ import annotations

import time

import pytest

from junco.errors import DeadlineError
from junco.operator.lanes import Lane, lane, left_s, until


def test_a_deadline_within_another_is_the_nearer_of_both():
    assert left_s() is None
    with until(time.monotonic() + 100), until(time.monotonic() + 200):
        assert left_s() < 101
        with until(time.monotonic() - 1), pytest.raises(DeadlineError):
            left_s()
    assert left_s() is None
    assert lane() is Lane.ONLINE
