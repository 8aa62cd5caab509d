"""How fast do texts become vectors, against sentence-transformers as it comes and at its best on a CPU?"""

from __future__ import annotations

import ast
import json
import random
import statistics
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, Contestant, Race, main, median, ratio_of_rounds, spread
from results import Chart, Report, number

DEFAULT = "sentence-transformers, batch 32"
CONTESTANTS = [
    Contestant(DEFAULT, "texts"),
    Contestant("junco", "texts"),
    Contestant("junco, dtype=float32", "texts"),
    Contestant("sentence-transformers, ONNX", "texts", peer="texts"),
    Contestant("sentence-transformers, OpenVINO", "texts", peer="texts"),
]
ONE_CORE = Contestant("junco on one core", "texts")
ROOFLINES = [Contestant(f"{dtype} multiplications", "texts") for dtype in ("float32", "bfloat16")]
FULL = 3, 2_000
"""Rounds and texts."""
QUICK = 1, 20
TARGETS = {"junco": 5.5, "junco, dtype=float32": 3.3}


def measure(report: Report) -> None:
    """All contestants in turns, after one that does not count: lengths of texts that are new cost some a moment."""
    rounds, count = QUICK if report.quick else FULL
    texts = docstrings(count)
    listing = DATA / f"texts-{count}.json"
    listing.write_text(json.dumps(texts))
    first = DATA / "texts-first.json"
    first.write_text(json.dumps(texts[:64]))
    words = sorted(len(text.split()) for text in texts)
    report.notes.append(
        f"{count} docstrings: {statistics.median(words):.0f} words median, {words[int(0.99 * len(words))]} at p99; "
        "all-MiniLM-L6-v2, at most 256 tokens, 384 numbers a vector"
    )
    save_to = str(DATA / "vectors")
    with Race(report).add([*CONTESTANTS, ONE_CORE, *ROOFLINES]) as race:
        few = {"listing": str(first), "save_to": str(DATA / "vectors-of-few")}
        answers = race.run(rounds, first=few, listing=str(listing), save_to=save_to)
    bounds = {roofline.name: answers.pop(roofline.name) for roofline in ROOFLINES if roofline.name in answers}
    table(report, answers, count)
    for name, got in bounds.items():
        times = ratio_of_rounds(got, answers[DEFAULT])
        report.notes.append(
            f"the {name} by the weights alone (each token times the weights of all layers, no padding, no attention, "
            f"no tokens to be found) would give {number(count / median(got))} texts/s, {times:.2f}× the default's rate"
        )


def table(report: Report, answers: dict[str, list[dict[str, Any]]], count: int) -> None:
    """Texts a second, agreement with sentence-transformers at float32, ratios."""
    reference = np.load(DATA / f"vectors-{DEFAULT}.npy")
    rates = {name: count / median(got) for name, got in answers.items()}
    rows = []
    for name, rate in rates.items():
        cosine = float((np.load(DATA / f"vectors-{name}.npy") * reference).sum(1).min())
        times = ratio_of_rounds(answers[name], answers[DEFAULT])
        rows.append([name, number(rate), spread(answers[name]), f"{times:.2f}×", f"{cosine:.7f}"])
        if name in TARGETS:
            report.ratio(f"texts: {name}'s rate ÷ sentence-transformers' default", times, at_least=TARGETS[name])
    report.table(
        "Texts → vectors", ["who", "texts/s", "rounds", "of the default's rate", "worst cosine to the default"], rows
    )
    bars: dict[str, list[tuple[float, float]]] = {name: [(0, rate)] for name, rate in rates.items()}
    report.charts.append(Chart("Texts → vectors", "bars", "", "texts/s", bars))
    if ONE_CORE.name in answers and "junco" in answers:
        share = ratio_of_rounds(answers["junco"], answers[ONE_CORE.name]) / 2
        report.ratio("texts: junco's rate ÷ twice its own rate on one core", share, at_least=0.9)


def docstrings(count: int) -> list[str]:
    """Docstrings of the standard library, the same ones for the same version of Python."""
    found: set[str] = set()
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" not in path.parts:
            found.update(_docstrings(path))
    return random.Random(0).sample(sorted(found), count)


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and text.strip():
                yield text


if __name__ == "__main__":
    main("texts", "Texts → vectors", measure)
