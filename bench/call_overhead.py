"""What does a call cost beyond the work itself?"""

from __future__ import annotations

from measure import Contestant, Race, main, median, ratio_of_rounds, spread
from results import Chart, Report, number

CONTESTANTS = [
    Contestant("plain functions", "calls"),
    Contestant("junco", "calls"),
    Contestant("towhee", "calls", peer="towhee"),
]
NUM_OPERATORS = (1, 4, 20)


def measure(report: Report) -> None:
    """One call through n trivial operators."""
    rounds, num_calls = (1, 50) if report.quick else (9, 300)
    rows: list[list[str]] = []
    series: dict[str, list[tuple[float, float]]] = {}
    with Race(report).add(CONTESTANTS) as race:
        for count in NUM_OPERATORS:
            answers = race.run(rounds, num_operators=count, num_calls=num_calls)
            for name, got in answers.items():
                micros = 1e6 * median(got)
                rows.append([f"{count} operators", name, number(micros), spread(got)])
                series.setdefault(name, []).append((count, micros))
            if count == 4 and "towhee" in answers:
                times = ratio_of_rounds(answers["junco"], answers["towhee"])
                report.ratio("one call, 4 trivial operators: Towhee's time ÷ junco's", times, at_least=30)
    report.table("One call", ["", "who", "µs a call", "rounds"], rows)
    report.charts.append(Chart("One call through trivial operators", "lines", "operators", "µs a call", series))


if __name__ == "__main__":
    main("call_overhead", "One call: overhead", measure)
