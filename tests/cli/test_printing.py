"""How values are printed for people."""

from __future__ import annotations

import numpy as np
import pytest

from junco.cli.printing import short
from junco.types import Box, Segment, SparseVector, VideoFrame


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Box(0.123456, 1, 2, 3, "cat", 0.86123), "cat 0.86 (0.1, 1) – (2, 3), 1.9 × 2"),
        (Segment(0, 1.23456, "speech", 0.7), "speech 0.00–1.23 s, 0.70"),
        (VideoFrame(np.zeros((2, 3, 3), np.uint8), 1.0, 2), "frame 2 at 1.00 s, uint8 (2, 3, 3)"),
        (
            SparseVector(np.array([1, 5], np.int32), np.array([0.5, -2], np.float32)),
            "SparseVector(2 not zero: 5: -2, 1: 0.5)",
        ),
    ],
)
def test_what_was_found_is_printed_in_the_line_that_inspections_have(value, text):
    assert short(value) == text


def test_only_the_largest_numbers_of_a_sparse_vector_are_shown():
    numbers = np.arange(1, 100, dtype=np.float32)
    assert repr(SparseVector(np.arange(99, dtype=np.int32), numbers)) == (
        "SparseVector(99 not zero: 98: 99, 97: 98, 96: 97, 95: 96, …)"
    )
    assert repr(SparseVector(np.array([], np.int32), np.array([], np.float32))) == "SparseVector(0 not zero: )"
