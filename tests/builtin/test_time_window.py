"""time-window.mean: one row for what two kinds of vectors have in the same seconds."""

from __future__ import annotations

import numpy as np
import pytest

from junco import pipe
from junco.builtin.time_window.mean import WindowMean
from junco.errors import InputError
from junco.types import Segment


def vectors(*numbers):
    return [np.array([number, 2 * number], np.float32) for number in numbers]


def test_a_row_is_the_window_and_the_mean_of_each_kind():
    ((window, first, second),) = WindowMean(size_s=2.0).batch(
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
            ("frame_s", "seen", "clip_s", "heard"), ("w", "a", "b"), ("frame_s", "clip_s"), 3, 3, WindowMean(size_s=3)
        )
        .output("w", "a", "b")
    )
    found = [(row.w.start_s, row.a[0], None if row.b is None else row.b[0]) for row in flow(8)]
    assert found == [(0, 1, 2.5), (3, 4, 6.5), (6, 6.5, None)]


def test_what_is_no_vector_is_refused():
    with pytest.raises(InputError):
        WindowMean().batch([[0.0]], [["text"]], [[0.0]], [vectors(1)])
