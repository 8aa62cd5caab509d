"""An inspection as text: a line for each step, and the first of its rows beneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from junco.pages.inspection import Inspection, SeenStep, SeenValue
from junco.pages.letters import amount, cut, duration, filled, num_places
from junco.pages.values import line
from junco.wording import printable

BAR = 8
MOST_FAILURES = 3
LEAST_LOAD_S = 0.005
"""Less is not worth a word."""
WIDTH = 110


def text(inspection: Inspection, rows: int) -> str:
    """All steps, up to ``rows`` rows of each."""
    steps = inspection.steps
    failed = inspection.num_failed
    summary = [amount(len(steps), "step"), duration(inspection.seconds)]
    if inspection.load_seconds >= LEAST_LOAD_S:
        summary[-1] += f" (+ {duration(inspection.load_seconds)} to load)"
    if failed:
        summary.append(f"{amount(failed, 'row')} failed")
    lines = [f"{printable(inspection.title) or 'pipeline'}: {', '.join(summary)}"]
    lines += _values(inspection.inputs, rows)
    heads = [_head(number, step) for number, step in enumerate(steps, 1)]
    widths = [max(map(num_places, column)) for column in zip(*heads, strict=True)] if heads else []
    slowest = max((step.seconds for step in steps), default=0)
    for head, step in zip(heads, steps, strict=True):
        cells = [filled(cell, width) for cell, width in zip(head, widths, strict=True)]
        bar = "▇" * round(BAR * step.seconds / slowest) if slowest else ""
        lines += ["", f"{'  '.join(cells)}  {duration(step.seconds):>7} {bar}".rstrip()]
        lines += [*_values(step, rows), *_troubles(step)]
    out = inspection.outputs
    made = f"{', '.join(out.columns)}: {amount(out.num_out, 'row')}" if out.columns else "nothing"
    lines += ["", f"→ {made}", *_troubles(out)]
    return "\n".join(lines)


def _head(number: int, step: SeenStep) -> tuple[str, str, str, str]:
    rows = f"{step.num_in:,} → {amount(step.num_out, 'row')}"
    what = f"{step.verb} {cut(printable(step.operator), 44)}"
    if step.columns and step.verb != "filter":
        what += f" → {', '.join(step.columns)}"
    level = f"level {step.level}" + (f" → {step.out_level}" if step.out_level != step.level else "")
    return f"{number} {printable(step.name)}", what, level, rows


def _values(step: SeenStep, most: int) -> Iterator[str]:
    """A line for each row and column; rows and columns are named where there are several."""
    shown = step.rows[:most]
    places = [row.label for row in shown]
    place_width = max(map(num_places, places), default=0)
    is_named = len(step.columns) > 1 or step.verb == "input"
    name_width = max(map(num_places, step.columns), default=0)
    for row, place in zip(shown, places, strict=True):
        verdict = "" if step.verb != "filter" else "✓ " if row.is_kept else "✗ "
        for index, (column, value) in enumerate(zip(step.columns, row.values, strict=True)):
            label = filled(place if index == 0 else "", place_width) + "  " if place_width else ""
            name = f"{filled(column, name_width)}  " if is_named else ""
            label = f"    {verdict if index == 0 else ' ' * len(verdict)}{label}{name}"
            yield label + _value(value, max(24, WIDTH - num_places(label)))
    left = step.num_out if step.verb != "filter" else step.num_in
    if step.columns and left > len(shown):
        yield f"    … {amount(left - len(shown), 'more row')}"


def _value(value: SeenValue, most: int) -> str:
    text = line(value.value, most) if isinstance(value.value, str) and not value.note else cut(value.text, most)
    note = f"  (too large to keep; kept: {value.note})" if value.note else ""
    return text + note


def _troubles(step: SeenStep) -> Sequence[str]:
    """What failed, and what was cut off."""
    lines = []
    for failure in step.failures[:MOST_FAILURES]:
        where = f"{failure.label}: " if failure.place else ""
        lines.append(f"    ✗ {where}{cut(printable(failure.reason), WIDTH)}")
        lines.append(f"      given {cut(printable(failure.given), WIDTH)}")
    if step.num_failed > len(step.failures[:MOST_FAILURES]):
        lines.append(f"    ✗ {amount(step.num_failed - MOST_FAILURES, 'more row')} failed")
    if step.cut:
        lines.append(f"    ✂ {step.cut}")
    return lines
