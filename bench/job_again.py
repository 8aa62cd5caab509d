"""What does a job cost that is run again: when nothing is new, when a little is, and what does its journal take?"""

from __future__ import annotations

from measure import Contestant, Worker, WorkerError, main
from results import Report, number

SOURCES = ("a list", "a table", "an iterable")
TURNS = ("first run", "nothing new", "one in a thousand changed")
MOST = {"a list": {"nothing new": 0.05}, "a table": {"nothing new": 0.05}}
"""Of the first run's time, where the source is one file; else, and where something is new, a fifth."""


def measure(report: Report) -> None:
    """Each source and size in a process of its own, with the cheapest of operators, beside which nothing hides."""
    counts = (2_000, 5_000) if report.quick else (200_000, 1_000_000)
    rows: list[list[str]] = []
    for source in SOURCES:
        for count in counts:
            contestant = Contestant(source, "job_again")
            try:
                with Worker(contestant) as worker:
                    answer = worker.ask(count=count)
            except WorkerError as error:
                report.miss(f"{source}, {count:,}", error)
                continue
            seconds = [answer[turn] for turn in TURNS]
            rows.append([source, f"{count:,}", *map(number, seconds), number(answer["peak_mib"])])
            _hold(report, f"{source} of {count:,}", dict(zip(TURNS, seconds, strict=True)), answer, source)
    report.table("Seconds", ["source", "rows", *TURNS, "peak, MiB"], rows)
    report.notes.append("a row is a line of some 20 letters and a vector of 64 random numbers")


def _hold(report: Report, what: str, seconds: dict[str, float], answer: dict[str, float], source: str) -> None:
    for turn in TURNS[1:]:
        share = seconds[turn] / seconds[TURNS[0]]
        report.ratio(f"{what}: {turn} ÷ first run", share, at_most=MOST.get(source, {}).get(turn, 0.2))
    report.ratio(f"{what}: bytes of the journal ÷ of the target", answer["journal"] / answer["target"], at_most=0.2)


if __name__ == "__main__":
    main("job_again", "A job that is run again", measure)
