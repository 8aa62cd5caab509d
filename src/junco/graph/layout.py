"""Places for the steps of a graph on a grid: layers from the input down, lanes side by side for branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from junco.graph.levels import Flow, Level
from junco.graph.nodes import INPUT, Node


@dataclass(slots=True, eq=False)
class Cell:
    """A place on the grid: the input, a step, the output, or (``kind="pass"``) a long arrow on its way.

    ``level`` is that of the rows which leave it; ``before`` are the cells whose arrows end here.
    """

    kind: str
    name: str
    level: Level
    layer: int
    before: tuple[Cell, ...] = ()
    node: Node | None = None
    lane: int = -1


def layout(flow: Flow) -> list[Cell]:
    """All cells of a checked graph, each once, with no arrow running through a cell that it does not end in."""
    cells = _cells(flow)
    followers: dict[Cell, list[Cell]] = {cell: [] for cell in cells}
    for cell in cells:
        for before in cell.before:
            followers[before].append(cell)
    taken: set[tuple[int, int]] = set()
    for cell in sorted(cells, key=lambda cell: cell.layer):
        if cell.lane < 0:
            _put(list(_chain(cell, followers)), taken)
    return cells


def _cells(flow: Flow) -> list[Cell]:
    root = flow.levels[0]
    named = {INPUT: Cell("input", INPUT, root, 0)}
    cells = [named[INPUT]]
    levels = {step.node.name: step.out_level for step in flow.steps}
    for node in flow.graph.nodes:
        before = [named[name] for name in node.after]
        level = levels.get(node.name) or max((cell.level for cell in before), key=lambda level: level.depth)
        cell = Cell("step", node.name, level, 1 + max(cell.layer for cell in before), node=node)
        cell.before = tuple(_passed(cells, one, cell.layer) for one in before)
        named[node.name] = cell
        cells.append(cell)
    last = named[flow.graph.last]
    cells.append(Cell("output", "output", flow.out_level, last.layer + 1, (last,)))
    return cells


def _passed(cells: list[Cell], start: Cell, layer: int) -> Cell:
    """Cells for the arrow from ``start`` through the layers above ``layer``; the last of them."""
    for between in range(start.layer + 1, layer):
        start = Cell("pass", "", start.level, between, (start,))
        cells.append(start)
    return start


def _chain(cell: Cell, followers: dict[Cell, list[Cell]]) -> Iterator[Cell]:
    """A cell and those beneath it that may stand in its lane, down to where branches meet."""
    yield cell
    while True:
        free = [f for f in followers[cell] if len(f.before) == 1 and f.lane < 0]
        if not free:
            return
        cell = min(free, key=lambda f: f.kind == "pass")
        yield cell


def _put(chain: Sequence[Cell], taken: set[tuple[int, int]]) -> None:
    lane = min((before.lane for before in chain[0].before), default=0)
    while any((cell.layer, lane) in taken for cell in chain):
        lane += 1
    for cell in chain:
        cell.lane = lane
        taken.add((cell.layer, lane))
