"""A training report as text: the verdict first, then before and after, the epochs, what was trained, what to type."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from junco.evaluate.evaluation import LEVEL_WORDS
from junco.operator.base import Operator
from junco.pages.letters import amount, duration, filled, num_places
from junco.train.history import Epoch, History
from junco.tuning.verdict import between
from junco.wording import printable_lines

if TYPE_CHECKING:
    from junco.tuning.report import TrainReport

MOST_EPOCHS = 10
_MOST_LINES = 5
ENDINGS = {
    "done": "",
    "steps": "ended after so many steps as were asked for",
    "patience": "ended early, as no epoch had been better for a while",
    "interrupted": "interrupted, the best so far is kept",
    "not finite": "ended as the loss was no number any more, the best so far is kept",
}


def text(report: TrainReport) -> str:
    """All of it, in lines that a terminal can show."""
    said = report.verdict
    lines = [*said.sentences, *(f"- {line}" for line in said.advice), ""]
    if compared := table_of_measures(report):
        lines += [*aligned(compared), *notes(report), ""]
    if report.history.epochs:
        lines += [*aligned(table_of_epochs(report.history)), ""]
    lines += [f"{filled(name, 8)} {line}" for name, line in facts(report)]
    return printable_lines(lines)


def notes(report: TrainReport) -> list[str]:
    """How the numbers before and after are to be read."""
    if report.evaluation is None:
        return []
    lines = [f"on {report.evaluation.data}; {LEVEL_WORDS}"]
    if (count := len(report.history.epochs)) > 2 and report.history.best.number:
        lines.append(f"the best of {count - 1:,} epochs was chosen by the same items, which flatters it a little")
    return [*lines, *(line for line in report.evaluation.told if line not in report.told)]


def table_of_measures(report: TrainReport) -> list[list[str]]:
    """Head and rows: each measure before, after, and the difference; the one that decides first."""
    found = report.compared()
    if not found:
        return []
    names = sorted(found, key=lambda name: name != report.measure)
    rows = [[name, str(found[name][0]), str(found[name][1]), between(found[name][2])] for name in names]
    return [["", "before", "after", "difference"], *rows]


def table_of_epochs(history: History, most: int = MOST_EPOCHS) -> list[list[str]]:
    """Head and rows; of many epochs the first, the best, the last and some between."""
    names = list(dict.fromkeys(name for epoch in history.epochs for name in epoch.measures))
    best = history.best.number if len(history.epochs) > 1 else -1
    rows = []
    for epoch in some_epochs(history, most):
        measures = [_number(epoch.measures.get(name, math.nan)) for name in names]
        rate = f"{epoch.lr:.1e}" if epoch.number else ""
        took = duration(epoch.seconds) if epoch.seconds else ""
        mark = "best" if epoch.number == best else ""
        rows.append([str(epoch.number), _number(epoch.loss), rate, *measures, took, mark])
    return [["epoch", "loss", "rate", *names, "time", ""], *rows]


def some_epochs(history: History, most: int) -> list[Epoch]:
    """The first, the best and the last, and some evenly between them."""
    epochs = history.epochs
    if len(epochs) <= most:
        return epochs
    step = (len(epochs) - 1) / (most - 2)
    kept = {round(number * step) for number in range(most - 1)} | {epochs.index(history.best)}
    return [epochs[at] for at in sorted(kept)]


def facts(report: TrainReport, most: int = _MOST_LINES) -> Iterator[tuple[str, str]]:
    """A name and a line each: what was trained on what, where it is, what to type.

    Args:
        report: of the run.
        most: lines of what was told, and of what was left out.
    """
    history = report.history
    yield "trained", trained(report)
    if history.epochs:
        yield (
            "settled",
            f"batch {history.batch:,}, highest rate {history.lr:.2g}, best by {history.metric or 'the last'}",
        )
    if ending := ENDINGS[history.ending]:
        yield "ended", ending
    yield from _some("told", [*history.told, *report.told], most)
    yield from _some("left out", [f"{item}: {why}" for item, why in report.rejects.items()], most)
    if report.machine:
        yield "machine", report.machine
    if report.folder is not None:
        yield "saved", str(report.folder)
    if report.bridge is not None:
        yield "bridge", "report.bridge(vectors) makes of stored vectors what the tuned operator would: no item is read"
    elif report.no_bridge:
        yield "bridge", f"none: {report.no_bridge}"
    if line := next_line(report):
        yield "next", line


def _some(name: str, lines: Sequence[str], most: int) -> Iterator[tuple[str, str]]:
    yield from ((name, line) for line in lines[:most])
    if (more := len(lines) - most) > 0:
        yield name, f"and {more:,} more"


def trained(report: TrainReport) -> str:
    """How much of what was trained on how much, in how long."""
    history = report.history
    goal = f", goal {report.goal}" if report.goal else ""
    said = f"{report.name}, scope {report.scope_words}{goal}"
    if history.num_weights:
        said += f": {history.num_trained:,} of {history.num_weights:,} numbers"
    if history.epochs:
        count = amount(history.epochs[-1].number, "epoch")
        said += f", {count} of {amount(report.num_examples, 'example')} in {duration(history.seconds)}"
    return said


def next_line(report: TrainReport) -> str:
    """What to type next."""
    if report.next_line is not None:
        return report.next_line
    if report.folder is None:
        return ""
    loaded, home = f"Operator.load({str(report.folder)!r})", _home_of(report.operator)
    return f"pipeline({home[0]!r}).replace({home[1]!r}, {loaded})" if home else loaded


def _home_of(operator: Any) -> tuple[str, str] | None:
    """A pipeline and its step where the operator can stand."""
    from junco.tuning.decoding import family_step

    return family_step(operator) if isinstance(operator, Operator) else None


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, the first column to the left, all others to the right."""
    widths = [max(num_places(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_placed(cell, widths[at], at) for at, cell in enumerate(row)).rstrip() for row in rows]


def _placed(cell: str, width: int, column: int) -> str:
    return filled(cell, width) if column == 0 else " " * (width - num_places(cell)) + cell


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"
