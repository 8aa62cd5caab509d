"""The benchmarks run: each script's smallest setting, without peers, which it must say and go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
LIGHT = ["call_overhead", "row_overhead", "job_again", "documents"]
HEAVY = [
    "memory",
    "search",
    "photos",
    "sound",
    "video",
    "objects",
    "texts",
    "concurrent_calls",
    "start",
    "runtimes",
    "tuning",
    "tuning_modalities",
    "hub",
]
WITH_PEERS = {"call_overhead", "row_overhead", "photos", "texts"}


@pytest.mark.parametrize("name", [*LIGHT, *(pytest.param(name, marks=pytest.mark.slow) for name in HEAVY)])
def test_a_benchmark_prints_its_table_and_names_the_peers_that_are_not_there(name, tmp_path):
    kept = tmp_path / "result.json"
    done = _python(f"{name}.py", "--quick", "--json", str(kept), "--peers", str(tmp_path / "none"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "quick: not a measurement" in done.stdout
    result = json.loads(kept.read_text("utf-8"))
    assert all(table["rows"] for table in result["tables"])
    assert all(str(row[0]) in done.stdout for row in result["tables"][-1]["rows"] if len(str(row[0])) < 12)
    assert {"date", "cpu", "cores", "python", "versions", "load_before", "load_after"} <= set(result["conditions"])
    assert name not in WITH_PEERS or any("peers.py install" in note for note in result["notes"])


def test_the_results_page_is_what_the_kept_results_say(tmp_path):
    page = tmp_path / "page.md"
    done = _python("report.py", "--to", str(page))
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.read_text("utf-8") == (BENCH.parent / "docs" / "benchmarks.md").read_text("utf-8")


def test_quick_results_do_not_become_a_page(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import report
    from results import Report

    monkeypatch.setattr(report, "RESULTS", tmp_path)
    (tmp_path / "some-processor").mkdir()
    Report("memory", "Memory", quick=True, conditions={}).write(tmp_path / "some-processor" / "memory.json")
    with pytest.raises(SystemExit, match="memory"):
        report.kept()


def test_the_peers_say_what_is_installed():
    done = _python("peers.py")
    assert done.returncode == 0, done.stderr
    assert "towhee==1.1.3" in done.stdout


def _python(*arguments):
    script, *rest = arguments
    command = [sys.executable, str(BENCH / script), *rest]
    return subprocess.run(command, capture_output=True, text=True, check=False)
