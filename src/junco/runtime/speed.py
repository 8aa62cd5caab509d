"""How fast the ways to run a model are, measured in turns: what else the machine does then slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from junco.cores import num_cores
from junco.runtime.source import Arrays, Compiled, rows_of

_NUM_ROUNDS = 3
_TURN_S = 0.1
"""A turn lasts at least this long, and one pass over the rows."""
_HOPELESS = 0.5
"""Part of the fastest way's rate: who reaches less in the first round sits out the others."""
_GPU_ROWS = 32
"""Rows of a pass that is measured on a GPU, which a single one would not fill."""


def rows_per_s(ways: Sequence[Compiled], golden: Arrays) -> list[float | Exception]:
    """Rows a second of each way in throughput mode, its best turn; or the error in which it ended.

    On a CPU it is what all cores would do in the time that this process was given on them: a clock on the wall would
    also measure what else the machine is doing.
    """
    found: list[float | Exception] = [0.0] * len(ways)
    for is_first in (True, *[False] * (_NUM_ROUNDS - 1)):
        least = 0 if is_first else _HOPELESS * max((rate for rate in found if isinstance(rate, float)), default=0)
        for index, (way, rate) in enumerate(zip(ways, found, strict=True)):
            if isinstance(rate, Exception) or rate < least:
                continue
            try:
                if is_first:
                    _pass_over(way, golden)  # what is compiled at the first use
                found[index] = max(rate, _best_in_a_turn(way, golden))
            except Exception as error:  # another library may fail in any way
                found[index] = error
    return found


def _best_in_a_turn(way: Compiled, golden: Arrays) -> float:
    on_cpu = way.device == "cpu"
    clock, scale = (time.process_time, num_cores()) if on_cpu else (time.perf_counter, 1)
    fastest, end = 0.0, time.perf_counter() + _TURN_S
    while not fastest or time.perf_counter() < end:
        start = clock()
        num_rows = _pass_over(way, golden)
        fastest = max(fastest, scale * num_rows / max(clock() - start, 1e-9))
    return round(fastest, 2)


def _pass_over(way: Compiled, golden: Arrays) -> int:
    """Compute the rows, as many together as suit the device; how many there were."""
    passes = rows_of(golden) if way.device == "cpu" else _large_passes(golden)
    return sum(len(block) for block in way.stream(passes))


def _large_passes(golden: Arrays) -> list[Arrays]:
    times = -(-_GPU_ROWS // len(golden[0]))
    return [tuple(np.concatenate([array] * times) for array in golden)] * 4
