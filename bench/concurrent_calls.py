"""Do single calls from many threads reach the rate of a batch, and how long does the slowest one wait?"""

from __future__ import annotations

import json
from typing import Any

from measure import DATA, Contestant, Race, main, median
from photos import photos
from results import Chart, Report, number
from texts import docstrings

CONTESTANTS = [Contestant("texts", "concurrent_calls"), Contestant("photos", "concurrent_calls")]
NUM_THREADS = (1, 2, 4, 8, 16, 32, 64)


def measure(report: Report) -> None:
    """Batch and threads in turns, for texts and photos; each number of threads after a turn that does not count."""
    rounds, num_texts, num_photos = (1, 16, 8) if report.quick else (3, 1280, 512)
    threads = (1, 8) if report.quick else NUM_THREADS
    inputs = {"texts": docstrings(num_texts), "photos": [str(path) for path in photos(num_photos)]}
    (DATA / "concurrent.json").write_text(json.dumps(inputs))
    rows: list[list[str]] = []
    series: dict[str, list[tuple[float, float]]] = {}
    with Race(report).add(CONTESTANTS) as race:
        for num_threads in threads:
            answers = race.run(rounds, listing=str(DATA / "concurrent.json"), num_threads=num_threads)
            for name, got in answers.items():
                rows.append(_row(report, name, num_threads, got))
                series.setdefault(name, []).append((num_threads, median(got, "share")))
    rows.sort(key=lambda row: CONTESTANTS[0].name != row[0])
    report.table(
        "Single calls from many threads",
        ["what", "threads", "calls/s", "batch items/s", "share", "p50 ms", "p99 ms", "a batch's ms", "p99 ÷ batch"],
        rows,
    )
    report.charts.append(Chart("Rate of single calls ÷ rate of batch", "lines", "threads", "share", series))
    report.notes.append("a batch's time: p.batch of as many items as there are threads, alone on the machine")


def _row(report: Report, name: str, num_threads: int, got: list[dict[str, Any]]) -> list[str]:
    share, waits = median(got, "share"), median(got, "p99_s") / median(got, "batch_s")
    if num_threads == NUM_THREADS[-1]:
        report.ratio(f"{name}: rate of single calls from 64 threads ÷ batch's", share, at_least=0.85)
        report.ratio(f"{name}: p99 at 64 threads ÷ a batch's time", waits, at_most=3)
    times = [number(1e3 * median(got, key)) for key in ("p50_s", "p99_s", "batch_s")]
    rates = [number(median(got, key)) for key in ("calls_rate", "batch_rate")]
    return [name, str(num_threads), *rates, f"{share:.2f}", *times, f"{waits:.2f}"]


if __name__ == "__main__":
    main("concurrent_calls", "Concurrent single calls", measure)
