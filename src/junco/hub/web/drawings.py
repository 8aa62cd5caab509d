"""Small pictures as SVG within a page: without styles, so that the style sheet's colours, and its dark, are theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

_STYLE = re.compile(r"<style>[^<]*</style>")
_MOST_STEPS = 150
_COLUMN = 440
_MOST_LETTERS = 40_000
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
    ).format(wide=" broad" if wide else "", width=_WIDTH, height=_HEIGHT, label=label, area=area, line=line)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a pipeline, in words.

    Attributes:
        name: of the step.
        verb: ``map``, ``filter`` ….
        calls: the operator.
        takes: columns.
        gives: columns.
    """

    name: str
    verb: str
    calls: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a page shows of a pipeline.

    Attributes:
        drawing: its picture; ``None`` where it has too many steps, or this hub cannot read it.
        is_wide: whether the picture needs more room than a column at a page's side.
        steps: in words.
        inputs: the columns that it takes.
        outputs: the columns that it gives.
    """

    drawing: Markup | None = None
    is_wide: bool = False
    steps: tuple[Step, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def pipeline_of(text: str) -> Pipeline:
    """A pipeline by what its file says; nothing that it names is run."""
    from junco.errors import JuncoError
    from junco.graph import yaml_file
    from junco.graph.draw import svg
    from junco.graph.nodes import fn_name

    if len(text) > _MOST_LETTERS:
        return Pipeline()
    try:
        graph = yaml_file.read(text, "pipeline.yaml")
        shown = svg(graph) if len(graph.nodes) <= _MOST_STEPS else ""
    except (JuncoError, RecursionError):
        return Pipeline()
    steps = tuple(
        Step(node.name, node.verb, fn_name(node.fn) if node.fn is not None else "", node.inputs, node.outputs)
        for node in graph.nodes
    )
    width = re.search(r'<svg [^>]*width="(\d+)"', shown)
    # all words in it are escaped by the pen; its colours are the style sheet's
    drawing = Markup(_STYLE.sub("", shown)) if shown else None  # noqa: S704
    is_wide = width is not None and int(width[1]) > _COLUMN
    return Pipeline(drawing, is_wide, steps[:_MOST_STEPS], graph.inputs, graph.outputs)
