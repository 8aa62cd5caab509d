"""Windows fed piece by piece are those of the whole scope, and keep no more than they need."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.engine.windows import RowWindows, TimeWindows


def fed(windows, values, cuts):
    """All windows of a scope whose rows come in pieces; a row is its own time."""
    made, start = [], 0
    for stop in [*sorted(cut for cut in cuts if cut <= len(values)), len(values)]:
        piece = values[start:stop]
        made += windows.add([(value,) for value in piece], piece)
        start = stop
    made += windows.end()
    return [[value for (value,) in window] for window in made]


CUTS = st.lists(st.integers(0, 30), max_size=5)


@given(num_rows=st.integers(0, 30), size=st.integers(1, 7), step=st.integers(1, 7), cuts=CUTS)
def test_windows_of_rows_begin_at_every_step(num_rows, size, step, cuts):
    rows = list(range(num_rows))
    assert fed(RowWindows(size, step), rows, cuts) == [rows[i : i + size] for i in range(0, num_rows, step)]


@given(times=st.lists(st.integers(-20, 40), max_size=30), size=st.integers(1, 7), step=st.integers(1, 7), cuts=CUTS)
def test_windows_of_time_lie_on_whole_multiples_of_the_step(times, size, step, cuts):
    times = sorted(times)
    starts = range(step * ((min(times, default=0) - size) // step), max(times, default=0) + 1, step)
    expected = [[t for t in times if start <= t < start + size] for start in starts]
    assert fed(TimeWindows(size, step), times, cuts) == [window for window in expected if window]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "noon", None], ids=repr)
def test_a_timestamp_that_is_no_finite_number_is_refused(wrong):
    with pytest.raises((ValueError, TypeError)):
        TimeWindows(2, 1).add([(1,)], [wrong])


def test_time_that_falls_is_refused_with_the_cure():
    windows = TimeWindows(2, 1)
    windows.add([(5,)], [5])
    with pytest.raises(ValueError, match=r"4 comes after 5: sort the rows by time"):
        windows.add([(4,)], [4])


@pytest.mark.parametrize("windows", [RowWindows(3, 2), RowWindows(2, 50), TimeWindows(3, 2), TimeWindows(2, 50)])
def test_no_more_rows_are_kept_than_a_window_holds(windows):
    for i in range(1_000):
        windows.add([(i,)], [i])
        assert len(windows._rows) <= 5


def test_a_long_gap_in_time_is_crossed_at_once():
    windows = TimeWindows(2, 1)
    windows.add([(0,)], [0])
    assert windows.add([(1e15,)], [1e15]) == [[(0,)], [(0,)]]
