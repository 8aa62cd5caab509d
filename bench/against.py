"""Is anything slower than it was in another commit? ``python bench/against.py COMMIT``, side by side in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from measure import BENCH, DATA, Contestant, Race, main, median, ratio_of_rounds, spread
from photos import photos
from results import Report, number
from texts import docstrings

CASES = [
    *("single calls, 4 functions", "single calls, 1 operator", "batch, 4 functions"),
    *("rows through flat_map, filter, window_all", "named rows", "calls from 64 threads, 1 operator"),
    *("photos", "texts"),
]


def measure(report: Report) -> None:
    """Both checkouts answer the same cases in turns."""
    rounds, cases = (1, CASES[:5]) if report.quick else (5, CASES)
    DATA.joinpath("against.json").write_text(
        json.dumps({"photos": [str(path) for path in photos(8 if report.quick else 200)], "texts": docstrings(1000)})
    )
    contestants = [
        Contestant("this tree", "against", source=BENCH.parent / "src"),
        Contestant("the other", "against", source=_checkout(COMMIT) / "src"),
    ]
    rows = []
    with Race(report).add(contestants) as race:
        for case in cases:
            answers = race.run(rounds, case=case)
            for name, got in answers.items():
                rows.append([case, name, number(median(got, "rate")), spread(got, "rate")])
            if len(answers) == 2:
                ours, theirs = (answers[c.name] for c in contestants)
                report.ratio(f"{case}: this tree ÷ {COMMIT}", 1 / ratio_of_rounds(ours, theirs, "rate"), at_least=0.9)
    report.table("A second", ["what", "tree", "rate", "rounds"], rows)


def _checkout(commit: str) -> Path:
    """A checkout of a commit of this repository, beside the benchmarks' data."""
    folder = DATA / f"against-{commit}"
    if not folder.exists():
        command = ["git", "worktree", "add", "--detach", str(folder), commit]
        subprocess.run(command, cwd=BENCH.parent, check=True, capture_output=True)
    return folder


if __name__ == "__main__":
    COMMIT = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "HEAD~1"
    main("against", "Against another commit", measure)
