"""Charts of the results page as plain SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from html import escape

from results import Chart, number

WIDTH, ROW, LABEL = 720, 26, 230
PLOT_HEIGHT, MARGIN = 240, 56
COLOURS = ("#00897b", "#ef6c00", "#5e7dd6", "#8e24aa")


def svg(chart: Chart) -> str:
    """The chart, in one line so that Markdown leaves it alone."""
    height, marks = _bars(chart) if chart.kind == "bars" else _lines(chart)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" aria-label="{escape(chart.title)}" '
        f'font-family="sans-serif" font-size="13" fill="currentColor">{"".join(marks)}</svg>'
    )


def _bars(chart: Chart) -> tuple[int, list[str]]:
    values = {name: points[0][1] for name, points in chart.series.items()}
    longest = max(values.values())
    marks = []
    for place, (name, value) in enumerate(sorted(values.items(), key=lambda pair: -pair[1])):
        top = place * ROW
        length = (WIDTH - LABEL - 90) * value / longest
        colour = COLOURS[0] if name.startswith("junco") else "#90a4ae"
        marks.append(_text(LABEL - 8, top + 18, name, "end"))
        marks.append(f'<rect x="{LABEL}" y="{top + 4}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>')
        marks.append(_text(LABEL + length + 6, top + 18, f"{number(value)} {chart.y}"))
    return len(values) * ROW + 4, marks


def _lines(chart: Chart) -> tuple[int, list[str]]:
    points = [point for series in chart.series.values() for point in series]
    xs = sorted({x for x, _ in points})
    is_log = max(y for _, y in points) > 20 * min(y for _, y in points)
    lowest, highest = _range([y for _, y in points], is_log)

    def at(x: float, y: float) -> tuple[float, float]:
        across = 0.5 if len(xs) == 1 else xs.index(x) / (len(xs) - 1)
        up = (_scaled(y, is_log) - lowest) / (highest - lowest)
        return MARGIN + across * (WIDTH - 2 * MARGIN), 24 + (1 - up) * PLOT_HEIGHT

    floor = 24 + PLOT_HEIGHT
    marks = [
        f'<path d="M{MARGIN} 24V{floor}H{WIDTH - MARGIN}" stroke="currentColor" fill="none" opacity="0.4"/>',
        _text(MARGIN, 14, f"{chart.y}{' (logarithmic)' if is_log else ''}"),
        *(_text(at(x, points[0][1])[0], floor + 18, f"{x:,g}" if x < 1e6 else f"{x:,.0f}", "middle") for x in xs),
        _text(WIDTH - MARGIN, floor + 36, chart.x, "end"),
    ]
    for place, (name, series) in enumerate(chart.series.items()):
        colour = COLOURS[place % len(COLOURS)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*point) for point in series))
        marks.append(f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"/>')
        for point in series:
            x, y = at(*point)
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            marks.append(_text(x, y - 7, number(point[1]), "middle", colour))
        marks.append(_text(MARGIN + 150 * place, floor + 36, name, colour=colour))
    return floor + 44, marks


def _range(values: list[float], is_log: bool) -> tuple[float, float]:
    if is_log:
        return math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1
    return 0.0, 1.1 * max(values) or 1.0


def _scaled(value: float, is_log: bool) -> float:
    return math.log10(value) if is_log else value


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "currentColor") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
