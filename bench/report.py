"""Write docs/benchmarks.md from the results that the scripts kept under bench/results.

python bench/report.py           the page from what is there
python bench/report.py --run     run every script first (about half an hour, on a machine with nothing else to do)
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from charts import svg
from measure import BENCH
from results import Ratio, Report, Table, conditions_line, number

RESULTS = BENCH / "results"
PAGE = BENCH.parent / "docs" / "benchmarks.md"
QUESTIONS = (
    "photos", "texts", "concurrent_calls", "start", "runtimes", "call_overhead", "row_overhead", "memory",
)  # fmt: skip
HEAD = """# Benchmarks

This page is written by `python bench/report.py` from the results kept in `bench/results`; nothing on it is typed by
hand.

Machines differ and are noisy, so what counts are the **ratios**: all contestants of a table ran on the same work in
one run, in turns (A B A B …), each in a process of its own; readings are medians, and `rounds` says how far apart the
rounds were. The **roofline** is what the cores could do if nothing but the bare stages cost anything. Every script is
one command, `python bench/NAME.py`; `python bench/peers.py install` brings the peers.
"""


def page(reports: list[Report]) -> str:
    """The whole page."""
    ratios = [ratio for report in reports for ratio in report.ratios]
    met = sum(ratio.is_met for ratio in ratios)
    summary = f"## Targets\n\n{met} of {len(ratios)} are reached.\n\n{_targets(ratios)}"
    return "\n".join([HEAD, summary, *(section(report) for report in reports)]).rstrip() + "\n"


def section(report: Report) -> str:
    """One question: charts, tables, notes, conditions."""
    parts = [f"## {report.title}\n", f"`python bench/{report.name}.py`\n"]
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


def kept() -> list[Report]:
    """The kept results, in the page's order."""
    files = [RESULTS / f"{name}.json" for name in QUESTIONS]
    reports = [Report.read(file) for file in files if file.exists()]
    if quick := [report.name for report in reports if report.quick]:
        raise SystemExit(f"results of --quick are no measurement: run {', '.join(quick)} again without it")
    return reports


def run_all() -> None:
    """Every script, its results kept."""
    for name in QUESTIONS:
        script = BENCH / f"{name}.py"
        if script.exists():
            subprocess.run([sys.executable, script, "--json", RESULTS / f"{name}.json"], check=True)


def _targets(ratios: list[Ratio]) -> str:
    rows = [[r.what, number(r.value), r.target, "yes" if r.is_met else "**no**"] for r in ratios]
    return _markdown(Table("", ["what", "reading", "target", "reached"], rows))


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
    print(f"{options.to.name}: {len(kept())} results")
