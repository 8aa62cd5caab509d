"""Does memory stay flat, however many rows, however long the video, however slow the reader?"""

from __future__ import annotations

from measure import Contestant, Worker, WorkerError, main
from results import Chart, Report, number

CASES = ("chain of maps", "one long video", "one long video into a file", "slow reader")


def measure(report: Report) -> None:
    """Each case and size in a process of its own."""
    counts = (1_000, 2_000) if report.quick else (1_000, 10_000, 100_000, 1_000_000)
    rows: list[list[str]] = []
    series: dict[str, list[tuple[float, float]]] = {}
    for case in CASES:
        points: list[tuple[float, float]] = []
        for count in counts:
            contestant = Contestant(case, "memory")
            try:
                with Worker(contestant) as worker:
                    answer = worker.ask(count=count)
            except WorkerError as error:
                report.miss(f"{case}, {count:,}", error)
                continue
            points.append((count, answer["peak_mib"]))
            seconds = answer["seconds"]
            rows.append([case, f"{count:,}", number(answer["start_mib"]), number(answer["peak_mib"]), number(seconds)])
        if len(points) == len(counts):
            growth = points[-1][1] / points[0][1]
            report.ratio(f"{case}: peak RSS at {counts[-1]:,} ÷ at {counts[0]:,}", growth, at_most=1.1)
            plateau = points[-1][1] / points[-2][1]
            report.ratio(f"{case}: peak RSS at {counts[-1]:,} ÷ at {counts[-2]:,}", plateau, at_most=1.1)
        series[case] = points
    report.table("Peak resident memory", ["case", "rows", "at the start, MiB", "peak, MiB", "seconds"], rows)
    report.charts.append(Chart("Peak resident memory", "lines", "rows", "MiB", series))
    report.notes.append(
        "rows of the chain are numbers; frames are 64×64×3 (12 KiB), of which times and vectors of 8 go into the file; "
        "the slow reader's rows are 8 KiB"
    )


if __name__ == "__main__":
    main("memory", "Memory as the input grows", measure)
