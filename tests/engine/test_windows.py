"""Windows fed piece by piece are those of the whole scope, and keep no more than they need."""

from __future__ import annotations

import math
from collections import deque
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.engine.windows import RowWindows, TimeWindows, by_time


def consume(windows):
    deque(windows, maxlen=0)


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


@given(times=st.lists(st.integers(0, 40), max_size=30), size=st.integers(1, 7), step=st.integers(1, 7), cuts=CUTS)
def test_windows_of_time_begin_at_0_and_at_every_step(times, size, step, cuts):
    times = sorted(times)
    expected = [[t for t in times if start <= t < start + size] for start in range(0, max(times, default=-1) + 1, step)]
    assert fed(TimeWindows(size, step), times, cuts) == [window for window in expected if window]


@given(times=st.lists(st.integers(0, 60), max_size=30), count=st.integers(1, 4), step=st.sampled_from([0.1, 0.3, 0.7]))
def test_steps_that_are_no_binary_fractions_leave_no_gap_between_windows(times, count, step):
    """In floating point 6 · 0.1 is more than 0.5 + 0.1: a row at 0.6 would fall between two windows."""
    tenths = round(step * 10)
    numbers = [sorted(t for t in times if k * tenths <= t < (k + count) * tenths) for k in range(61)]
    windows = fed(TimeWindows(float(f"{count * tenths / 10:.1f}"), step), [t / 10 for t in sorted(times)], [])
    assert windows == [[t / 10 for t in window] for window in numbers if window]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "noon", None, [1]], ids=repr)
def test_a_timestamp_that_is_no_finite_number_is_refused(wrong):
    with pytest.raises(ValueError, match="no finite number"):
        list(TimeWindows(2, 1).add([(1,)], [wrong]))


def test_a_time_before_0_is_refused():
    with pytest.raises(ValueError, match=r"-1 is below 0"):
        list(TimeWindows(2, 1).add([(1,)], [-1]))


@pytest.mark.parametrize("step", [1e-3, 0.1])
def test_a_time_that_no_window_can_be_told_for_is_refused(step):
    with pytest.raises(ValueError, match="too large"):
        list(TimeWindows(1, step).add([(1,)], [1e300]))


@given(times=st.lists(st.lists(st.integers(0, 20), max_size=10).map(sorted), min_size=2, max_size=3))
def test_sides_meet_in_the_order_of_their_times_and_none_is_read_ahead(times):
    taken = [0] * len(times)

    def side(number):
        for time in times[number]:
            taken[number] += 1
            yield time, (time,)

    met = []
    for time, (_, row) in by_time([side(number) for number in range(len(times))]):
        met.append(time)
        assert row == (time,)
        assert sum(taken) <= len(met) + len(times)
    assert met == sorted(time for own in times for time in own)


def test_time_that_falls_is_refused_with_the_cure():
    windows = TimeWindows(2, 1)
    assert list(windows.add([(5,)], [5])) == []
    with pytest.raises(ValueError, match=r"4 comes after 5: sort the rows by time"):
        list(windows.add([(4,)], [4]))


@pytest.mark.parametrize("windows", [RowWindows(3, 2), RowWindows(2, 50), TimeWindows(3, 2), TimeWindows(2, 50)])
def test_no_more_rows_are_kept_than_a_window_holds(windows):
    for i in range(1_000):
        consume(windows.add([(i,)], [i]))
        assert len(windows._rows) <= 5


def test_a_long_gap_in_time_is_crossed_at_once():
    windows = TimeWindows(2, 1)
    assert list(windows.add([(1,)], [1])) == []
    assert list(windows.add([(1e15,)], [1e15])) == [[(1,)], [(1,)]]


@pytest.mark.parametrize("windows", [RowWindows(10**9, 1), TimeWindows(10**9, 1e-6), TimeWindows(10**9, 1)])
def test_windows_are_made_when_they_are_asked_for(windows):
    """A row may lie in more windows than there is memory, or time, for."""
    consume(windows.add(["a"] * 1_000, [10**9] * 1_000))
    assert [len(window) for window in islice(windows.end(), 3)] == (
        [1_000, 999, 998] if isinstance(windows, RowWindows) else [1_000] * 3
    )
