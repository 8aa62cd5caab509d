"""The worker of ``memory.py``: one case, once, and the peak of the process."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed

NUM_PAUSES, PAUSE_S = 20, 0.1


def add_one(number: int) -> int:
    """The trivial operator."""
    return number + 1


def chain(count: int) -> int:
    """Rows through four maps."""
    from junco import pipe

    built = pipe.input("x")
    for _ in range(4):
        built = built.map("x", "x", add_one)
    p = built.output("x")
    return sum(1 for _ in p.stream(range(count)))


def video(count: int) -> int:
    """One input whose frames are made, looked at and counted."""
    from junco import pipe

    def frames(num_frames: int) -> Iterator[Any]:
        for index in range(num_frames):
            yield np.full((64, 64, 3), index % 256, np.uint8)

    p = (
        pipe.input("num_frames")
        .flat_map("num_frames", "frame", frames)
        .map("frame", "level", lambda frame: int(frame[0, 0, 0]))
        .reduce("level", "count", lambda levels: sum(1 for _ in levels))
        .output("count")
    )
    result: int = p(count)
    return result


def video_into_a_file(count: int) -> int:
    """A bulk job of one input whose frames give a time and a vector each."""
    from junco import pipe
    from junco.types import VideoFrame

    def frames(num_frames: int) -> Iterator[VideoFrame]:
        for index in range(num_frames):
            yield VideoFrame(np.full((64, 64, 3), index % 256, np.uint8), index / 25, index)

    p = (
        pipe.input("num_frames")
        .flat_map("num_frames", "frame", frames)
        .map("frame", "vector", lambda frame: np.full(8, frame.image[0, 0, 0], np.float32))
        .output("frame.time_s", "vector")
    )
    with tempfile.TemporaryDirectory() as folder:
        return p.run([count], f"{folder}/vectors.parquet", progress=False).num_rows


def slow_reader(count: int) -> int:
    """A reader that pauses while the source could go on."""
    from junco import pipe

    p = pipe.input("x").map("x", "y", lambda x: np.full(8192, x % 256, np.uint8)).output("y")
    num_read = 0
    for _ in p.stream(range(count)):
        num_read += 1
        if num_read % (count // NUM_PAUSES) == 0:
            time.sleep(PAUSE_S)
    return num_read


def load(case: Callable[[int], int]) -> Work:
    """The work of one case, after a few rows that bring all code in."""
    case(NUM_PAUSES)

    def work(count: int) -> dict[str, Any]:
        start_mib = _peak_mib()
        seconds, num_rows = timed(lambda: case(count))
        assert num_rows == count, num_rows
        return {"seconds": seconds, "start_mib": start_mib, "peak_mib": _peak_mib()}

    return work


def _peak_mib() -> float:
    """Peak resident memory of this process; Linux's own status leaves the parent's peak out of it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    serve(
        {
            "chain of maps": lambda: load(chain),
            "one long video": lambda: load(video),
            "one long video into a file": lambda: load(video_into_a_file),
            "slow reader": lambda: load(slow_reader),
        },
        {},
    )
