"""time-window.mean: one row for what two kinds of vectors have in the same seconds."""

from __future__ import annotations

import numpy as np
import pytest

from junco import ops, pipe, pipeline
from junco.builtin.time_window.mean import WindowMean
from junco.errors import InputError, ParameterError
from junco.types import Segment, Space


def vectors(*numbers):
    return [np.array([number, 2 * number], np.float32) for number in numbers]


def test_a_row_is_the_window_and_the_mean_of_each_kind():
    ((window, first, second),) = WindowMean(size_s=2.0, step_s=2.0).batch(
        [[4.0, 5.0]], [vectors(1, 3)], [[4.5, 5.0, 5.9]], [vectors(0, 3, 6)]
    )
    assert window == Segment(4.0, 6.0)
    assert first.tolist() == [2, 4]
    assert second.tolist() == [3, 6]
    assert first.dtype == second.dtype == np.float32


def test_a_kind_that_has_nothing_in_the_window_is_none():
    rows = WindowMean().batch([[], [1.0]], [[], vectors(1)], [[7.0], []], [vectors(5), []])
    assert [(row[0].start_s, row[1] is None, row[2] is None) for row in rows] == [(5, True, False), (0, False, True)]


def test_it_makes_rows_of_two_levels_of_one_video():
    flow = (
        pipe.input("n")
        .flat_map("n", ("frame_s", "seen"), lambda n: [(float(i), vectors(i)[0]) for i in range(n)])
        .flat_map("n", ("clip_s", "heard"), lambda n: [(i / 2, vectors(i)[0]) for i in range(n)])
        .time_window(
            ("frame_s", "seen", "clip_s", "heard"), ("w", "a", "b"), ("frame_s", "clip_s"), 3, 3, ops.time_window.mean()
        )
        .output("w", "a", "b")
    )
    found = [(row.w.start_s, row.a[0], None if row.b is None else row.b[0]) for row in flow(8)]
    assert found == [(0, 1, 2.5), (3, 4, 6.5), (6, 6.5, None)]


def test_what_is_no_vector_is_refused():
    with pytest.raises(InputError):
        WindowMean().batch([[0.0]], [["text"]], [[0.0]], [vectors(1)])


def windowed(size, step, fn):
    """Rows at 0, 1, 2 … of two levels, in windows."""
    rows = lambda count: [(float(i), vectors(i)[0]) for i in range(count)]  # noqa: E731
    return (
        pipe.input("n")
        .flat_map("n", ("t", "v"), rows)
        .flat_map("n", ("t2", "v2"), rows)
        .time_window(("t", "v", "t2", "v2"), ("w", "a", "b"), ("t", "t2"), size, step, fn)
        .output("w", "a", "b")
    )


def test_the_step_says_the_windows_size_and_the_operator_follows():
    found = [(row.w.start_s, row.w.end_s, row.a[0]) for row in windowed(10, 10, ops.time_window.mean())(20)]
    assert found == [(0, 10, 4.5), (10, 20, 14.5)]


@pytest.mark.parametrize("fn", [ops.time_window.mean(size_s=4), WindowMean()], ids=["spec", "own object"])
def test_another_size_than_the_steps_is_refused(fn):
    with pytest.raises(ParameterError, match=r"size_s=.* and the step size=10"):
        windowed(10, 10, fn)(20)


def test_windows_that_overlap_are_refused():
    with pytest.raises(ParameterError, match="size and step must be the same"):
        windowed(5, 1, ops.time_window.mean())(8)


def test_the_edges_of_windows_are_those_of_the_step():
    ((window, _, _),) = WindowMean(size_s=0.1, step_s=0.1).batch([[0.3]], [vectors(1)], [[]], [[]])
    assert (window.start_s, window.end_s) == (0.3, 0.4)


def test_each_kind_keeps_its_own_space():
    seen, heard = Space({"model": "seen", "dim": 2}, "seen"), Space({"model": "heard", "dim": 2}, "heard")
    window, first, other = WindowMean().spaces(None, seen, None, heard)
    assert window is None
    assert first == ops.vector.pool().create().space(seen)
    assert other == ops.vector.pool().create().space(heard)
    assert WindowMean().spaces(None, None, None, heard)[1] is None


def test_the_pipeline_of_seen_and_heard_has_a_space():
    assert pipeline("video-audio-embedding").space == pipeline("video-embedding").space
