"""Speeds of several ways to run a model, measured in turns."""

from __future__ import annotations

import time

import numpy as np
import pytest

from junco.runtime import speed

GOLDEN = (np.zeros((4, 2), np.float32),)


class Way:
    """Takes CPU time for each row, and notes its turns."""

    device = "cpu"

    def __init__(self, log, name, row_s, fails_at=None):
        self.log, self.name, self.row_s, self.fails_at = log, name, row_s, fails_at

    def stream(self, passes):
        self.log.append(self.name)
        for arrays in passes:
            if self.log.count(self.name) == self.fails_at:
                raise MemoryError("no room")
            end = time.process_time() + self.row_s * len(arrays[0])
            while time.process_time() < end:
                pass
            yield arrays[0]


def turns(log):
    """The names in the order of their turns."""
    return [name for i, name in enumerate(log) if not i or log[i - 1] != name]


def test_ways_of_a_like_speed_take_turns_so_that_a_busy_moment_meets_both():
    log = []
    one, other = speed.rows_per_s([Way(log, "one", 0.001), Way(log, "other", 0.0015)], GOLDEN)
    assert turns(log) == ["one", "other"] * 3
    assert one > other > 0


def test_a_hopeless_one_is_measured_once():
    log = []
    fast, slow = speed.rows_per_s([Way(log, "fast", 0.001), Way(log, "slow", 0.03)], GOLDEN)
    assert turns(log) == ["fast", "slow", "fast"]
    assert slow < fast / 10


@pytest.mark.parametrize("fails_at", [1, 2])
def test_one_that_fails_does_not_keep_the_others_from_their_turns(fails_at):
    log = []
    failed, fine = speed.rows_per_s([Way(log, "failing", 0.02, fails_at), Way(log, "fine", 0.02)], GOLDEN)
    assert isinstance(failed, MemoryError)
    assert fine > 0
    assert log.count("failing") == fails_at
