"""Small pictures as SVG within a page: without styles, so that the style sheet's colours, and its dark, are theirs."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _EDGE = 120, 28, 2


def sparkline(values: Sequence[float], label: str, *, wide: bool = False) -> Markup:
    """A line of a value for each day, with its area.

    Args:
        values: the oldest first.
        label: what it says, for who does not see it.
        wide: as broad as there is room, else as a word in a line.
    """
    most = max([*values, 0]) or 1
    step = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1)
    room = _HEIGHT - 2 * _EDGE
    points = [(_EDGE + n * step, _HEIGHT - _EDGE - value / most * room) for n, value in enumerate(values)]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""
    area = f"{line}V{_HEIGHT}H{_EDGE}Z" if points else ""
    return Markup(
        '<svg class="sparkline{wide}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        'aria-label="{label}"><path class="area" d="{area}"/><path class="line" d="{line}"/></svg>'
    ).format(wide=" wide" if wide else "", width=_WIDTH, height=_HEIGHT, label=label, area=area, line=line)
