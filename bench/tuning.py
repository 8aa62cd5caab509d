"""Does tuning help on examples that it never saw, and what does it cost beside code that is written by hand?

Photos: the textiles of conformal-clip-data, three classes that differ in small faults, EfficientNet-Lite0. Texts: the
first lines of docstrings find their bodies, in packages that the training never saw, MiniLM.
"""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, Contestant, Race, main, median
from results import Report, number

from junco.metrics.interval import Estimate, difference, estimate
from junco.metrics.labels import labelled
from junco.metrics.ranking import retrieval

PHOTOS = [
    Contestant("EfficientNet-Lite0 as it is", "tuning"),
    Contestant("scikit-learn, linear probe", "tuning"),
    Contestant("junco, scope='head'", "tuning"),
    Contestant("junco, scope='lora'", "tuning"),
    Contestant("junco, scope='all'", "tuning"),
    Contestant("torch by hand, all weights", "tuning"),
]
TEXTS = [
    Contestant("MiniLM as it is", "tuning"),
    Contestant("junco, texts, head", "tuning"),
    Contestant("junco, texts", "tuning"),
    Contestant("sentence-transformers' trainer", "tuning"),
]
LIGHT = {PHOTOS[0].name, "junco, scope='head'", TEXTS[0].name, "junco, texts, head"}
"""Who shows that it runs: networks take minutes."""
ROUNDS, PER_CLASS, NUM_PAIRS, NUM_HELD = 1, 200, 1_600, 600
QUICK_PER_CLASS, QUICK_PAIRS = 4, 24
TRAINED_ON = ("numpy", "scikit-learn", "torch", "sentence-transformers", "pyarrow", "hypothesis")
HELD_OUT = ("scipy", "pandas", "transformers", "rich", "networkx")
_FEWEST, _MOST = 20, 1_500
"""Letters of a docstring's body."""


def measure(report: Report) -> None:
    """Photos, then texts."""
    photos(report)
    texts(report)


def photos(report: Report) -> None:
    """Neighbours of held-out photos, before and after."""
    per_class = QUICK_PER_CLASS if report.quick else PER_CLASS
    parts = photos_of(per_class)
    labels = [label for _, label in parts["held"]]
    measured = {}
    answers = _raced(report, [each for each in PHOTOS if not report.quick or each.name in LIGHT], parts, "photos")
    for name, (_, vectors) in answers.items():
        measured[name] = labelled(vectors, labels, at=(1, 10))
    first = measured[PHOTOS[0].name]
    rows = []
    for name, (got, _) in answers.items():
        found = measured[name]
        accuracy = f"{got[0]['accuracy']:.3f} by its own classes" if "accuracy" in got[0] else ""
        cells = [str(estimate(found[key])) for key in ("knn@5", "recall@1")] + [f"{np.nanmean(found['map']):.3f}"]
        gain = _told(difference(found["map"], first["map"])) if found is not first and not accuracy else ""
        cells = [accuracy, "", ""] if accuracy else cells
        rows.append([name, *cells, gain, number(median(got)) if median(got) else ""])
    report.table(
        f"{len(parts['train'])} textile photos of 3 classes, measured by {len(labels)} others",
        ["", "knn@5", "recall@1", "map", "map, gained", "seconds"],
        rows,
    )
    _compared(report, "photos", "junco, scope='all'", "torch by hand, all weights", answers, measured, "map")


def texts(report: Report) -> None:
    """First lines that look for their bodies among all bodies of packages that were held out."""
    count, held = (QUICK_PAIRS, QUICK_PAIRS) if report.quick else (NUM_PAIRS, NUM_HELD)
    train = _pairs(TRAINED_ON, count)
    seen = {text for pair in train for text in pair}
    apart = [pair for pair in _pairs(HELD_OUT, held) if seen.isdisjoint(pair)]
    parts = {"train": train, "held": apart}
    answers = _raced(report, [each for each in TEXTS if not report.quick or each.name in LIGHT], parts, "texts")
    relevant = [{row: 1.0} for row in range(len(parts["held"]))]
    measured = {name: retrieval(*vectors, relevant) for name, (_, vectors) in answers.items()}
    first = measured[TEXTS[0].name]
    rows = []
    for name, (got, _) in answers.items():
        found = measured[name]
        gain = _told(difference(found["mrr"], first["mrr"])) if found is not first else ""
        cells = [str(estimate(found["mrr"])), f"{found['recall@1'].mean():.3f}", f"{found['recall@10'].mean():.3f}"]
        rows.append([name, *cells, gain, number(median(got)) if median(got) else ""])
    report.table(
        f"{len(parts['train'])} docstrings, first line → body, measured by {len(relevant)} of other packages",
        ["", "mrr", "recall@1", "recall@10", "mrr, gained", "seconds"],
        rows,
    )
    _compared(report, "texts", "junco, texts", "sentence-transformers' trainer", answers, measured, "mrr")


def _raced(report: Report, contestants: list[Contestant], parts: dict[str, Any], kind: str) -> dict[str, Any]:
    """By contestant, its answers and the vectors that it saved."""
    listing = DATA / f"tuning-{kind}.json"
    listing.write_text(json.dumps(parts))
    found = {}
    for place, contestant in enumerate(contestants):  # one after the other: each takes all cores, for minutes
        save_to = DATA / f"tuning-{kind}-{place}.npy"
        with Race(report).add([contestant]) as race:
            answers = race.run(ROUNDS, warm_up=False, listing=str(listing), save_to=str(save_to))
        for name, got in answers.items():
            found[name] = got, np.load(save_to)
    return found


def _compared(  # what is compared, of whom, by what
    report: Report, kind: str, ours: str, theirs: str, answers: dict[str, Any], measured: dict[str, Any], by: str
) -> None:
    if ours not in answers or theirs not in answers:
        return
    gain = difference(measured[ours][by], measured[theirs][by])
    report.notes.append(f"{kind}: {by} of {ours!r} is {_told(gain)} more than that of {theirs!r}")
    report.ratio(
        f"{kind}: junco's seconds ÷ {theirs}", median(answers[ours][0]) / median(answers[theirs][0]), at_most=1.1
    )


def _told(gain: Estimate) -> str:
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def photos_of(per_class: int) -> dict[str, Any]:
    """So many photos of each class to train, and as many others to measure by."""
    files = metadata.distribution("conformal-clip-data").files or []
    parts: dict[str, Any] = {"train": [], "held": []}
    for label in ("nominal", "local", "global"):
        paths = sorted(str(file.locate()) for file in files if f"/simulated/{label}/" in str(file))
        chosen = random.Random(0).sample(paths, 2 * per_class)
        parts["train"] += [(path, label) for path in chosen[:per_class]]
        parts["held"] += [(path, label) for path in chosen[per_class:]]
    return parts


def _pairs(packages: tuple[str, ...], count: int) -> list[tuple[str, str]]:
    """Docstrings of installed packages: their first line and the rest, each once."""
    found: dict[str, str] = {}
    bodies: set[str] = set()
    for package in packages:
        for file in metadata.distribution(package).files or []:
            if file.suffix == ".py" and "tests" not in file.parts:
                for line, body in _docstrings(Path(str(file.locate()))):
                    if line not in found and body not in bodies:
                        found[line] = body
                        bodies.add(body)
    return random.Random(0).sample(sorted(found.items()), count)


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            line, _, body = (ast.get_docstring(node) or "").partition("\n\n")
            if "\n" not in line and len(line) >= _FEWEST and _FEWEST <= len(body) <= _MOST:
                yield line, body


if __name__ == "__main__":
    main("tuning", "Tuning", measure)
