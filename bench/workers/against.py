"""Contestants of ``against.py``: junco as it is in one checkout or another, by the path that is searched first."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving import Work, median_of, serve

NUM_CALLS, NUM_ROWS, NUM_THREADS = 2000, 20_000, 64


def add_one(number: int) -> int:
    """The trivial operator."""
    return number + 1


def junco() -> Work:
    """Each request names a case, and says how often the unit of the case happens in a second."""
    from junco import Operator, ops, pipe, pipeline

    class Cheap(Operator, family="against", name="cheap"):
        def batch(self, numbers: Any) -> Any:
            return [number + 1 for number in numbers]

    def chain(pipe_: Any, count: int = 4) -> Any:
        for _ in range(count):
            pipe_ = pipe_.map("x", "x", add_one)
        return pipe_

    def calls(p: Any) -> float:
        return NUM_CALLS / median_of(lambda: [p(1) for _ in range(NUM_CALLS)])[0]

    def rows(run: Callable[[], Any]) -> float:
        return NUM_ROWS / median_of(run)[0]

    one = chain(pipe.input("x")).output("x")
    operator = pipe.input("x").map("x", "x", ops.against.cheap()).output("x")
    spread = pipe.input("n").flat_map("n", "i", range).map("i", "j", add_one).filter("j", "j", "j", lambda j: j % 2)
    grouped = spread.window_all("j", "sum", sum).output("sum")
    named = pipe.input("x").map("x", "y", add_one).output("x", "y")
    cases: dict[str, Callable[[], float]] = {
        "single calls, 4 functions": lambda: calls(one),
        "single calls, 1 operator": lambda: calls(operator),
        "batch, 4 functions": lambda: rows(lambda: one.batch(range(NUM_ROWS))),
        "rows through flat_map, filter, window_all": lambda: rows(lambda: grouped(NUM_ROWS)),
        "named rows": lambda: rows(lambda: list(named.stream(range(NUM_ROWS)))),
        "calls from 64 threads, 1 operator": lambda: _from_threads(operator),
    }
    inputs = json.loads((Path(__file__).resolve().parent.parent / ".data" / "against.json").read_text())
    models = {"photos": "image-embedding", "texts": "text-embedding"}

    def of_model(case: str) -> float:
        p = pipeline(models[case])
        p.batch(inputs[case][:8])
        started = time.perf_counter()
        p.batch(inputs[case])
        return len(inputs[case]) / (time.perf_counter() - started)

    return lambda case: {"rate": cases[case]() if case in cases else of_model(case)}


def _from_threads(p: Any) -> float:
    threads = [threading.Thread(target=lambda: [p(1) for _ in range(200)]) for _ in range(NUM_THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 200 * NUM_THREADS / (time.perf_counter() - started)


if __name__ == "__main__":
    serve({"this tree": junco, "the other": junco}, {"this tree": ["junco"]})
