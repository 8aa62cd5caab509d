"""The worker of ``concurrent_calls.py``: one pipeline, called by `batch` and by threads in turn."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed


def load() -> Work:
    """The pipeline of the contestant's name."""
    from junco import pipeline

    p = pipeline({"texts": "text-embedding", "photos": "image-embedding"}[sys.argv[1]])

    def work(listing: str, num_threads: int) -> dict[str, Any]:
        items = json.loads(Path(listing).read_text())[sys.argv[1]]
        offline_s, _ = timed(lambda: p.batch(items))
        calls_s, latencies_s = _from_threads(p, items, num_threads)
        batch_s, _ = timed(lambda: p.batch(items[:num_threads]))
        p50_s, p99_s = np.percentile(latencies_s, [50, 99])
        return {
            "calls_rate": len(items) / calls_s,
            "batch_rate": len(items) / offline_s,
            "share": offline_s / calls_s,
            "p50_s": float(p50_s),
            "p99_s": float(p99_s),
            "batch_s": batch_s,
        }

    return work


def _from_threads(p: Any, items: list[str], num_threads: int) -> tuple[float, list[float]]:
    """Seconds for all items, each thread taking the next one as soon as it has its result; seconds of each call."""
    waiting = iter(items)
    latencies_s: list[float] = []

    def caller() -> None:
        for item in waiting:
            started = time.perf_counter()
            p(item)
            latencies_s.append(time.perf_counter() - started)

    threads = [threading.Thread(target=caller) for _ in range(num_threads)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latencies_s) == len(items)
    return time.perf_counter() - started, latencies_s


if __name__ == "__main__":
    serve({"texts": load, "photos": load}, {})
