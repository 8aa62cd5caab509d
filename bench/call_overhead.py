"""What does a call cost beyond the work itself, and what does the import cost?"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import Contestant, Race, main, median, ratio_of_rounds, spread
from results import Chart, Report, number

CONTESTANTS = [
    Contestant("plain functions", "calls"),
    Contestant("junco", "calls"),
    Contestant("towhee", "calls", peer="towhee"),
]
NUM_OPERATORS = (1, 4, 20)


def measure(report: Report) -> None:
    """Calls, then imports."""
    calls(report)
    imports(report)


def calls(report: Report) -> None:
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


def imports(report: Report) -> None:
    """What an import adds to the interpreter's own start."""
    rounds = 1 if report.quick else 11
    here = Path(sys.executable)
    towhee = Contestant("towhee", "calls", peer="towhee").python
    cases = {"import junco": (here, "import junco"), "from junco import pipeline": (here, "from junco import pipeline")}
    if towhee.exists():
        cases["import towhee"] = (towhee, "import towhee")
    beyond: dict[str, list[float]] = {name: [] for name in cases}
    for number_of_round in range(-1, rounds):
        for name, (python, code) in cases.items():
            extra = _start_s(python, code) - _start_s(python, "pass")
            if number_of_round >= 0:
                beyond[name].append(1e3 * extra)
    rows = [[name, number(statistics.median(times))] for name, times in beyond.items()]
    report.table("Import", ["", "ms beyond the interpreter's start"], rows)
    own = statistics.median(beyond["import junco"])
    report.ratio("import junco: ms beyond the interpreter's start", own, at_most=60)
    code = "import sys, junco; junco.pipeline; print(*{'torch', 'ray', 'fastapi', 'pandas'} & set(sys.modules))"
    heavy = subprocess.run([here, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    report.ratio("heavy libraries that junco.pipeline imports", len(heavy), at_most=0)


def _start_s(python: Path, code: str) -> float:
    started = time.perf_counter()
    subprocess.run([python, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main("call_overhead", "One call: overhead and import", measure)
