"""The worker's side of a measurement: load one contestant, then answer JSON lines. Needs the standard library only."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

Work = Callable[..., dict[str, Any]]


def serve(contestants: Mapping[str, Callable[[], Work]], packages: Mapping[str, list[str]]) -> None:
    """Run the contestant named on the command line until stdin ends.

    Args:
        contestants: a name → what loads it and returns its work.
        packages: a name → the packages whose versions belong to the conditions.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries that print must not break the answers' lines
    name = sys.argv[1]

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        work = contestants[name]()
        say({"versions": {package: metadata.version(package) for package in packages.get(name, [])}})
        for line in sys.stdin:
            say(work(**json.loads(line)))
    except Exception as error:
        say({"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]})
        raise


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def median_of(run: Callable[[], Any], at_least_s: float = 0.2) -> tuple[float, Any]:
    """The median of runs repeated for so long (one that takes longer runs once), and what came out."""
    seconds, result = timed(run)
    times = [seconds]
    while sum(times) < at_least_s:
        seconds, result = timed(run)
        times.append(seconds)
    return statistics.median(times), result
