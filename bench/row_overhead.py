"""What does a row cost in a pipeline of trivial operators, and does the cost stay linear?"""

from __future__ import annotations

from measure import Contestant, Race, main, median, ratio_of_rounds, spread
from results import Chart, Report, number

CONTESTANTS = [
    Contestant("generators", "rows"),
    Contestant("junco", "rows"),
    Contestant("towhee", "rows", peer="towhee"),
]
NUM_NODES = {"stream": 4, "batch": 4}


def measure(report: Report) -> None:
    """Side by side, then the three slopes."""
    side_by_side(report)
    slopes(report)


def side_by_side(report: Report) -> None:
    """The same rows through the same functions."""
    rounds = 1 if report.quick else 7
    many, few = (500, 100) if report.quick else (20_000, 3_000)
    rows: list[list[str]] = []
    with Race(report).add(CONTESTANTS) as race:
        for case, what, count in (
            ("stream", "flat_map, map, filter, window_all", many),
            ("batch", "batch of items through 4 maps", few),
        ):
            answers = race.run(rounds, case=case, num_rows=count)
            for name, got in answers.items():
                micros = 1e6 * median(got) / count
                rows.append([f"{what}: {count:,}", name, number(micros), number(micros / NUM_NODES[case]), spread(got)])
            ours = answers["junco"]
            if "towhee" in answers:
                times = ratio_of_rounds(ours, answers["towhee"])
                report.ratio(f"{what}: Towhee's time ÷ junco's", times, at_least=20)
            share = 1 / ratio_of_rounds(ours, answers["generators"])
            report.ratio(f"{what}: junco's time ÷ hand-written generators'", share, at_most=3)
    report.table("Per row", ["what", "who", "µs a row", "µs a row and node", "rounds"], rows)


def slopes(report: Report) -> None:
    """Cost against rows, nodes, columns: the last step's unit cost ÷ the second's, which is 1 where cost is linear."""
    quick = report.quick
    rounds, base = (1, 500) if quick else (3, 20_000)
    cases = {
        "rows": (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000),
        "nodes": (1, 5) if quick else (1, 2, 5, 10, 20, 50),
        "columns": (1, 5) if quick else (1, 2, 5, 10, 20),
    }
    rows: list[list[str]] = []
    for case, counts in cases.items():
        for name, got in _slope(report, case, counts, rounds, base).items():
            units = [micros for _, micros in got]
            cells = [f"{count:,}: {number(micros)}" for count, micros in got]
            rows.append([case, name, " · ".join(cells)])
            if name == "junco":
                report.ratio(
                    f"unit cost at {counts[-1]:,} {case} ÷ at {counts[1]:,}", units[-1] / units[1], at_most=1.3
                )
    report.table("Linear cost: µs a row (and node, or column)", ["against", "who", "count: µs"], rows)


def _slope(
    report: Report, case: str, counts: tuple[int, ...], rounds: int, base: int
) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    with Race(report).add(CONTESTANTS[:2]) as race:
        for count in counts:
            num_rows = count if case == "rows" else base
            answers = race.run(rounds, warm_up=count < 100_000, case=case, num_rows=num_rows, count=count)
            for name, got in answers.items():
                units = num_rows * (1 if case == "rows" else count)
                series.setdefault(name, []).append((count, 1e6 * median(got) / units))
    y = {"rows": "µs a row", "nodes": "µs a row and node", "columns": "µs a row and column"}[case]
    report.charts.append(Chart(f"Unit cost against {case}", "lines", case, y, series))
    return series


if __name__ == "__main__":
    main("row_overhead", "Rows: overhead and linear cost", measure)
