"""Blocks of the source, whatever the clock says."""

from __future__ import annotations

import itertools

from junco import pipe
from junco.engine.source import Source, SourceSize


def test_a_thread_that_is_put_aside_while_it_looks_at_the_clock_leaves_no_gap_in_the_numbers():
    flow = pipe.input("x").map("x", "y", abs).output("y").plan.flow
    looks = itertools.count()
    # every third look at the clock a second has gone by, far more than a block waits for
    source = Source(range(100), flow, SourceSize(), clock=lambda: float(next(looks) // 3))
    blocks = list(source.blocks())
    assert [block.key for block in blocks] == [(number,) for number in range(len(blocks))]
    assert [place for block in blocks for place in block.positions] == list(range(100))
