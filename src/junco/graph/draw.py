"""The picture of a graph: SVG in pure Python.

Steps run from top to bottom, branches stand side by side, and each level beneath the first is a tinted band around
the steps whose rows live on it. A step says what it calls, with which parameters, and what it makes of which type. A
pipeline within is a titled frame around its steps. Boxes are light or dark as the reader's screen is; all other colours
are chosen to be read on either ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from junco.graph.labels import columns_at, group_text, groups_of, laid_out, level_text, made_text, origin_of
from junco.graph.layout import Cell, Group
from junco.graph.levels import Level
from junco.graph.nodes import Graph, Node, fn_name
from junco.operator.spec import OperatorSpec
from junco.pages.letters import num_places
from junco.pages.pen import BOLD, CLASSES, CODE, FAINT, INK, LEAST_SIZE, LINE, PAPER, TINTS, as_xml, document, words
from junco.wording import picture

BOX_WIDTH, BOX_HEIGHT, END_HEIGHT = 268, 82, 34
TRACK_WIDTH, LAYER_HEIGHT = 332, 130
NAME_LENGTH = 48
MARGIN, HEAD_HEIGHT, LEGEND_LINE = 24, 40, 22

_MADE = 38
"""Places for what a step makes."""


def svg(graph: Graph) -> str:
    """The graph as an SVG picture that stands alone.

    Raises:
        GraphError: the graph has no meaning.
    """
    cells = laid_out(graph)
    levels = _levels(cells)
    tracks, layers = 1 + max(cell.track for cell in cells), 1 + max(cell.layer for cell in cells)
    head = HEAD_HEIGHT if graph.name else 0
    legend = [level_text(level) for level in levels]
    places = max(9 * min(num_places(graph.name), NAME_LENGTH), *(7 * num_places(text) for text in legend))
    width = 2 * MARGIN + max(tracks * TRACK_WIDTH, 48 + places)
    tree_height = layers * LAYER_HEIGHT
    height = 2 * MARGIN + head + tree_height + LEGEND_LINE * len(legend)
    shapes = [
        *_head(graph),
        f'<g transform="translate({MARGIN} {MARGIN + head})">',
        *_bands(cells),
        *(line for group in groups_of(cells) for line in _group_frame(*group)),
        *(line for cell in cells for line in _arrows(cell)),
        *(line for cell in cells for line in _box(cell)),
        "</g>",
        *_legend(levels, legend, MARGIN + head + tree_height + 6),
    ]
    return document(graph.name or "pipeline", width, height, shapes)


def _levels(cells: list[Cell]) -> list[Level]:
    """All levels of the picture, in the order in which they are opened."""
    return sorted({level for cell in cells for level in cell.level.path}, key=lambda level: level.index)


def _group_frame(group: Group, depth: int) -> Iterator[str]:
    """The titled frame around the steps of a pipeline within."""
    inset = min(3 + 4 * depth, 30)
    x, y = group.track * TRACK_WIDTH + inset, group.layer * LAYER_HEIGHT + inset
    width = group.num_tracks * TRACK_WIDTH - 2 * inset
    height = group.num_layers * LAYER_HEIGHT - 2 * inset
    yield "<g>"
    yield f"<title>{as_xml(group_text(group))}</title>"
    yield (
        f'<rect class="pipeline" x="{x}" y="{y}" width="{width}" height="{height}" rx="14" fill="none" '
        f'stroke="{LINE}" stroke-width="1.5" stroke-dasharray="6 4"/>'
    )
    yield words(x + 16, y + 24, group.node.name, 19, size=13, fill=LINE, look=BOLD)
    yield words(x + 16, y + 42, f"{group.node.verb} {fn_name(group.node.fn)}", 21, size=11, fill=LINE)
    yield "</g>"


def _head(graph: Graph) -> Iterator[str]:
    if graph.name:
        yield words(MARGIN + 32, MARGIN + 14, graph.name, NAME_LENGTH, size=15, fill=LINE, look=BOLD)


def _bands(cells: list[Cell]) -> Iterator[str]:
    """A tinted band for each run of cells of one track on one level, outer levels first."""
    levels = {level for cell in cells for level in cell.level.path if level.depth}
    for level in sorted(levels, key=lambda level: (level.depth, level.index)):
        for first, last in _runs(cells, level):
            inset = 8 + 6 * min(level.depth - 1, 3)
            x, y = first.track * TRACK_WIDTH + inset, first.layer * LAYER_HEIGHT + 4
            width, height = TRACK_WIDTH - 2 * inset, (last.layer - first.layer + 1) * LAYER_HEIGHT - 8
            yield (
                f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" '
                f'fill="{_tint(level)}" fill-opacity="0.13" stroke="{_tint(level)}" stroke-opacity="0.35"/>'
            )


def _runs(cells: list[Cell], level: Level) -> Iterator[tuple[Cell, Cell]]:
    inside = sorted((c for c in cells if level.is_above(c.level)), key=lambda cell: (cell.track, cell.layer))
    first = last = None
    for cell in inside:
        if first is None or last is None or (cell.track, cell.layer) != (last.track, last.layer + 1):
            if first is not None and last is not None:
                yield first, last
            first = cell
        last = cell
    if first is not None and last is not None:
        yield first, last


def _arrows(cell: Cell) -> Iterator[str]:
    x, top = _middle(cell)[0], _top(cell)
    if cell.kind == "pass":
        yield f'<path d="M{x} {top}V{_bottom(cell)}" stroke="{LINE}" stroke-width="1.5"/>'
    for start in cell.before:
        from_x, from_y = _middle(start)[0], _bottom(start)
        head = "" if cell.kind == "pass" else ' marker-end="url(#junco-arrow)"'
        bend = (from_y + top) / 2
        line = (
            f"M{from_x} {from_y}V{top}" if from_x == x else f"M{from_x} {from_y}C{from_x} {bend} {x} {bend} {x} {top}"
        )
        yield f'<path d="{line}" fill="none" stroke="{LINE}" stroke-width="1.5"{head}/>'


def _box(cell: Cell) -> Iterator[str]:
    yield from _arrow_labels(cell)
    if cell.kind == "pass":
        return
    x, y = _middle(cell)[0] - BOX_WIDTH / 2, _top(cell)
    height, radius = (BOX_HEIGHT, 10) if cell.node else (END_HEIGHT, END_HEIGHT / 2)
    yield "<g>"
    yield f"<title>{as_xml(_full(cell))}</title>"
    yield (
        f'<rect class="junco-box" x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{height}" rx="{radius:g}" '
        f'fill="{PAPER}" stroke="{_tint(cell.level)}" stroke-width="1.5"/>'
    )
    if cell.node is None:
        yield words(x + 16, y + 22, f"{cell.kind}  {', '.join(cell.columns)}", 31, size=12, fill=INK, look=BOLD)
    else:
        yield from _step_words(cell.node, x, y)
    yield "</g>"


def _step_words(node: Node, x: float, y: float) -> Iterator[str]:
    right = f'x="{x + BOX_WIDTH - 12:g}" y="{y + 21:g}" font-size="11" fill="{FAINT}" text-anchor="end"'
    yield words(x + 12, y + 21, node.name, 29 - len(node.verb), size=13, fill=INK, look=BOLD)
    yield f"<text {right}{CLASSES[FAINT]}>{node.verb}</text>"
    if node.fn is not None:
        yield words(x + 12, y + 39, fn_name(node.fn), 36, size=11, fill=INK, look=CODE)
    if node.spec is not None and node.spec.items:
        yield words(x + 12, y + 55, _given(node.spec), 40, size=11, fill=FAINT)
    made = made_text(node)
    if num_places(made) * LEAST_SIZE > _MADE:  # the names first: the tooltip has the types
        made = f"→ {', '.join(node.outputs)}"
    yield words(x + 12, y + 72, made, _MADE, size=11, fill=INK)


def _given(spec: OperatorSpec) -> str:
    """The parameters that a step gives its operator, in a line."""
    return ", ".join(f"{name}={value if isinstance(value, str) else picture(value)}" for name, value in spec.items)


def _arrow_labels(cell: Cell) -> Iterator[str]:
    """What each arrow brings, beside its straight end: at its head, or at its foot where several meet."""
    for start in cell.before:
        columns = columns_at(origin_of(start), cell) if cell.kind == "step" else ()
        meets = len(cell.before) > 1
        if meets and start.kind == "pass":
            continue
        lines = list(_in_lines(columns))
        x, y = (_middle(start)[0], _bottom(start) + 18) if meets else (_middle(cell)[0], _top(cell) - 14)
        top = y if meets else y - 12 * (len(lines) - 1)
        for number, line in enumerate(lines):
            yield words(x + 8, top + 12 * number, line, 18, size=11, fill=LINE)


def _in_lines(names: Iterable[str]) -> Iterator[str]:
    """Names in one line beside an arrow, or in two where that is too long."""
    names = list(names)
    whole = ", ".join(names)
    if num_places(whole) * LEAST_SIZE <= 18 or len(names) == 1:
        yield from filter(None, [whole])
        return
    half = -(-len(names) // 2)
    yield f"{', '.join(names[:half])},"
    yield ", ".join(names[half:])


def _legend(levels: list[Level], texts: Iterable[str], y: float) -> Iterator[str]:
    for index, (level, text) in enumerate(zip(levels, texts, strict=True)):
        line = y + index * LEGEND_LINE
        opacity = 0.13 if level.depth else 0
        yield (
            f'<rect x="{MARGIN + 32}" y="{line:g}" width="22" height="13" rx="4" fill="{_tint(level)}" '
            f'fill-opacity="{opacity}" stroke="{_tint(level)}"/>'
        )
        yield words(MARGIN + 62, line + 11, text, 80, size=12, fill=LINE)


def _full(cell: Cell) -> str:
    """The tooltip: everything that the box has no room for."""
    node = cell.node
    if node is None:
        return f"{cell.kind}: {', '.join(cell.columns)}"
    if (callee := node.callee) is None:
        return f"{node.name}: {node.verb} of {', '.join(node.after)}"
    given = _given(callee.spec) if callee.spec is not None else ""
    columns = f"({', '.join(node.reads)}) {made_text(node)}"
    return f"{node.name}: {node.verb} {callee.name}({given})\n{columns}\nlevel {cell.level.depth}"


def _middle(cell: Cell) -> tuple[float, float]:
    return (cell.track + 0.5) * TRACK_WIDTH, (cell.layer + 0.5) * LAYER_HEIGHT


def _top(cell: Cell) -> float:
    return _middle(cell)[1] - _height(cell) / 2


def _bottom(cell: Cell) -> float:
    return _middle(cell)[1] + _height(cell) / 2


def _height(cell: Cell) -> int:
    return END_HEIGHT if cell.kind in ("input", "output") else BOX_HEIGHT


def _tint(level: Level) -> str:
    return TINTS[0] if level.parent is None else TINTS[1 + (level.index - 1) % (len(TINTS) - 1)]
