"""Small pictures as SVG within a page: without styles, so that the style sheet's colours, and its dark, are theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

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
    scale = (_HEIGHT - 2 * _EDGE) / most
    heights = [f"{_HEIGHT - _EDGE - value * scale:.1f}" for value in values]
    line = "M" + "L".join(map(" ".join, zip(_across(len(values)), heights, strict=True))) if values else ""
    area = f"{line}V{_HEIGHT}H{_EDGE}Z" if values else ""
    look = "sparkline broad" if wide else "sparkline"
    # all of it but the label is numbers
    return Markup(  # noqa: S704
        f'<svg class="{look}" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><path class="area" d="{area}"/><path class="line" d="{line}"/></svg>'
    )


@lru_cache(maxsize=64)
def _across(number: int) -> tuple[str, ...]:
    """Where the points of so many values stand."""
    step = (_WIDTH - 2 * _EDGE) / max(1, number - 1)
    return tuple(f"{_EDGE + n * step:.1f}" for n in range(number))


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
