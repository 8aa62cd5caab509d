"""A training report as a page: the verdict, before and after, curves, what was held out, the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from junco.metrics.interval import Estimate
from junco.pages.curves import Curve, curves
from junco.pages.intervals import Interval, before_after, differences
from junco.pages.style import words
from junco.pages.summary import figures
from junco.train.history import History
from junco.tuning.held_out import HeldOut
from junco.tuning.report_text import facts, notes, table_of_epochs, table_of_measures
from junco.tuning.seen_page import seen

if TYPE_CHECKING:
    from junco.tuning.report import TrainReport

_ALL_EPOCHS, _MOST_LINES, _MOST_LISTED = 1_000, 200, 50


def body(report: TrainReport) -> str:
    """The markup of all of it, with what was held out to be seen."""
    head = f'<h1 dir="auto">{words(report.name)}</h1><p class="faint">training, scope {words(report.scope_words)}</p>'
    parts = [
        head,
        _verdict(report),
        _measures(report),
        _course(report.history, "held-out items" if report.evaluation else "the examples"),
    ]
    if isinstance(report.held_out, HeldOut):
        parts += seen(report.held_out)
    return "\n".join(filter(None, [*parts, _record(report)]))


def summary(report: TrainReport) -> str:
    """The markup of its numbers, as a notebook shows it: no item is read."""
    title = f"<h2>{words(report.name)}</h2>"
    more = '<p class="faint">.save("report.html") shows the worst mistakes, confusions and maps</p>'
    return "\n".join(
        filter(
            None,
            [
                title,
                _verdict(report),
                _measures(report),
                _course(report.history, "held-out items" if report.evaluation else "the examples"),
                more,
            ],
        )
    )


def card(title: str, inner: str, said: str = "") -> str:
    """A part of the page; nothing where it is empty."""
    if not inner:
        return ""
    about = f'<span class="faint">{words(said)}</span>' if said else ""
    return f'<section class="card"><header><h2>{words(title)}</h2>{about}</header>{inner}</section>'


def _verdict(report: TrainReport) -> str:
    found = report.verdict
    first, _, rest = str(found).partition(":") if ":" in found.sentences[0] else ("", "", str(found))
    said = f"<b>{words(first)}:</b>{words(rest)}" if first else f"<b>{words(rest)}</b>"
    advice = "".join(f"<li>{words(line)}</li>" for line in found.advice)
    listed = f'<ul class="advice">{advice}</ul>' if advice else ""
    look = "lead" if found.kind == "better" else "lead doubt"
    return f'<p class="{look}">{said}</p>{listed}'


def _measures(report: TrainReport) -> str:
    rows = table_of_measures(report)
    if not rows:
        return ""
    found = report.compared()
    names = [row[0] for row in rows[1:]]
    drawn = before_after({name: (_interval(found[name][0]), _interval(found[name][1])) for name in names})
    gains = differences({name: _interval(found[name][2]) for name in names})
    table = figures(rows[0], rows[1:], notes(report))
    return card("Before and after", f'<div class="side">{drawn}{gains}</div>{table}')


def _interval(estimate: Estimate) -> Interval:
    return Interval(estimate.mean, estimate.low, estimate.high)


def _course(history: History, whose: str) -> str:
    """Curves of loss, rate and measures."""
    if not history.epochs:
        return ""
    names = list(dict.fromkeys(name for epoch in history.epochs for name in epoch.measures))
    best = (float(history.best.number), "best") if len(history.epochs) > 1 else None
    measures = [Curve(name, [(e.number, e.measures.get(name, float("nan"))) for e in history.epochs]) for name in names]
    losses = history.losses or [(epoch.step, epoch.loss) for epoch in history.epochs]
    rates = [(epoch.step, epoch.lr) for epoch in history.epochs if epoch.number]
    drawn = [
        curves(f"measures of {whose}", measures, "epoch", best),
        curves("loss", [Curve("loss", losses)], "step", zero=True),
        curves("rate", [Curve("rate", rates)], "step", zero=True),
    ]
    head, *rows = table_of_epochs(history, _ALL_EPOCHS)
    table = f"<details><summary>epochs as numbers</summary>{figures(head, rows)}</details>"
    return card("Course", f'<div class="side">{"".join(drawn)}</div>{table}')


def _record(report: TrainReport) -> str:
    """What was told, settled and split, in tables."""
    parts = [_table(facts(report, _MOST_LINES))]
    for name, plain in (("arguments", report.args), ("operator", report.params), ("split", report.split)):
        if plain:
            parts.append(f"<details><summary>{name}</summary>{_table(_flat(plain))}</details>")
    return card("Record", "".join(parts))


def _table(rows: Any) -> str:
    inner = "".join(f"<tr><td>{words(name)}</td><td>{words(value)}</td></tr>" for name, value in rows)
    return f'<table class="facts">{inner}</table>'


def _flat(plain: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Names and values of nested mappings, a line each."""
    rows: list[tuple[str, str]] = []
    for name, value in plain.items():
        full = f"{before} › {name}" if before else str(name)
        if isinstance(value, Mapping) and value:
            rows += _flat(value, full)
        else:
            rows.append((full, _said(value)))
    return rows


def _said(value: Any) -> str:
    """A value in words; of a long list the first."""
    if not isinstance(value, (list, tuple)):
        return str(value)
    more = [f"and {len(value) - _MOST_LISTED:,} more"] if len(value) > _MOST_LISTED else []
    return ", ".join([*map(str, value[:_MOST_LISTED]), *more])
