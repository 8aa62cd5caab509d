"""Write docs/benchmarks.md from the results that the scripts kept under bench/results.

python bench/report.py           the page from what is there
python bench/report.py --run     run every script first (about half an hour, on a machine with nothing else to do)

Each kind of processor has its folder: what one can do another cannot.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from charts import svg
from measure import BENCH, conditions
from results import Ratio, Report, Table, conditions_line, number

RESULTS = BENCH / "results"
PAGE = BENCH.parent / "docs" / "benchmarks.md"
QUESTIONS = (
    *("photos", "video", "objects", "sound", "documents", "texts", "tuning", "tuning_modalities"),
    *("concurrent_calls", "search", "start", "runtimes", "call_overhead", "row_overhead", "memory", "hub"),
)
HEAD = """# Benchmarks
"""
AT_A_GLANCE = ("Photos → vectors", "Texts → vectors")
"""Charts that the page begins with."""
SENTENCES = (
    ("photos: junco's rate ÷ plain loop's", "junco makes vectors of photos {} times as fast as a loop over the model."),
    (
        "texts: junco's rate ÷ sentence-transformers' default",
        "It makes vectors of texts {} times as fast as sentence-transformers.",
    ),
    (
        "search: junco's time ÷ numpy's with the rows in memory",
        "Exact search in a file of a million vectors takes {} times as long as numpy's product of rows in memory.",
    ),
)
"""What it says in three sentences, each with a reading."""
HOW = """## How it is measured

This page is written by `python bench/report.py` from the results kept in `bench/results`; nothing on it is typed by
hand.

Machines differ and are noisy, so what counts are the **ratios**: all contestants of a table ran on the same work in
one run, in turns (A B A B …), each in a process of its own; readings are medians, and `rounds` says how far apart the
rounds were. The **roofline** is what the cores could do if nothing but the bare stages cost anything. Every script is
one command, `python bench/NAME.py`; `python bench/peers.py install` brings the peers.
"""


def page(machines: list[list[Report]]) -> str:
    """The whole page: what is most asked, how it is measured, targets on every machine, each machine's results."""
    parts = [HEAD, _at_a_glance(machines), HOW, f"## Targets\n\n{_targets(machines)}"]
    for reports in machines:
        parts.append(f"## {processor(reports[0].conditions['cpu'])}\n")
        parts.extend(section(report) for report in reports)
    return "\n".join(parts).rstrip() + "\n"


def _at_a_glance(machines: list[list[Report]]) -> str:
    """Two charts of the first machine, and three sentences with the readings of all."""
    ratios = [ratio for reports in machines for report in reports for ratio in report.ratios]
    said = " ".join(text.format(_span([r.value for r in ratios if r.what == what])) for what, text in SENTENCES)
    charts = {chart.title: chart for report in machines[0] for chart in report.charts}
    drawn = [f"**{title}**\n\n{svg(charts[title])}\n" for title in AT_A_GLANCE]
    return "\n".join([f"{said}\n", *drawn])


def _span(values: list[float]) -> str:
    found = sorted({number(value) for value in values}, key=float)
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def section(report: Report) -> str:
    """One question: charts, tables, notes, conditions."""
    parts = [f"### {report.title}\n", f"`python bench/{report.name}.py`\n"]
    parts += [f"**{chart.title}**\n\n{svg(chart)}\n" for chart in report.charts]
    parts += [f"**{table.title}**\n\n{_markdown(table)}" for table in report.tables]
    parts += ["".join(f"- {note}\n" for note in report.notes)] if report.notes else []
    if busy(report):
        parts.append("**The machine was busy with other work during this run: read the ratios, not the times.**\n")
    parts.append(f"*Conditions: {conditions_line(report.conditions)}.*\n")
    return "\n".join(parts)


def busy(report: Report) -> bool:
    """Whether something else ran when the script began."""
    return bool(report.conditions["load_before"] > report.conditions["cores"] / 4)


def kept() -> list[list[Report]]:
    """The kept results of each machine, in the page's order."""
    files = [[folder / f"{name}.json" for name in QUESTIONS] for folder in sorted(RESULTS.iterdir()) if folder.is_dir()]
    machines = [[Report.read(file) for file in each if file.exists()] for each in files]
    if quick := [report.name for reports in machines for report in reports if report.quick]:
        raise SystemExit(f"results of --quick are no measurement: run {', '.join(quick)} again without it")
    return [reports for reports in machines if reports]


def run_all() -> None:
    """Every script, its results kept in this machine's folder."""
    folder = RESULTS / re.sub(r"\W+", "-", processor(conditions()["cpu"]).lower())
    folder.mkdir(parents=True, exist_ok=True)
    for name in QUESTIONS:
        script = BENCH / f"{name}.py"
        if script.exists():
            subprocess.run([sys.executable, script, "--json", folder / f"{name}.json"], check=True)


def processor(cpu: str) -> str:
    """Its name without trademarks and instructions: ``Intel Xeon Processor``."""
    return re.sub(r"\([^)]*\)", "", cpu).strip()


def _targets(machines: list[list[Report]]) -> str:
    """A row for each target, a column for each machine."""
    found = [{ratio.what: ratio for report in reports for ratio in report.ratios} for reports in machines]
    names = [processor(reports[0].conditions["cpu"]) for reports in machines]
    met = [
        f"{sum(r.is_met for r in ratios.values())} of {len(ratios)} on {n}"
        for n, ratios in zip(names, found, strict=True)
    ]
    targets = {ratio.what: ratio.target for ratios in found for ratio in ratios.values()}
    rows = [[what, target, *(_reading(ratios.get(what)) for ratios in found)] for what, target in targets.items()]
    return f"Reached: {', '.join(met)}.\n\n{_markdown(Table('', ['what', 'target', *names], rows))}"


def _reading(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    return number(ratio.value) if ratio.is_met else f"**{number(ratio.value)}**, missed"


def _markdown(table: Table) -> str:
    lines = [table.columns, ["---", *("--:" for _ in table.columns[1:])], *table.rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="run every script first")
    parser.add_argument("--to", type=Path, default=PAGE, metavar="FILE", help="where the page goes")
    options = parser.parse_args()
    if options.run:
        run_all()
    options.to.write_text(page(kept()), "utf-8")
    print(f"{options.to.name}: {sum(map(len, kept()))} results")
