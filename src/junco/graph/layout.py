"""Places for the steps of a graph on a grid: layers from the input down, tracks side by side for branches.

A pipeline within is laid out by itself and stands on the grid of the one around it as an inset, with a layer for its
title above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from junco.graph.levels import Flow, Level, check
from junco.graph.nesting import inner_graph
from junco.graph.nodes import INPUT, Node


@dataclass(slots=True, eq=False)
class Group:
    """A pipeline within: the part of the grid that its steps take.

    ``level`` is that of the rows that it is given.
    """

    node: Node
    level: Level
    track: int = 0
    layer: int = 0
    num_tracks: int = 1
    num_layers: int = 1


Frame = Level | Group
"""What is drawn around cells: a level of rows, or a pipeline within."""


@dataclass(slots=True, eq=False)
class Cell:
    """A place on the grid: the input, a step, the output, or (``kind="pass"``) a long arrow on its way.

    ``level`` is that of the rows which leave it; ``before`` are the cells whose arrows end here; ``frames`` are drawn
    around it, outermost first; ``columns`` are those of the input or the output that it stands for.
    """

    kind: str
    name: str
    level: Level
    layer: int
    before: tuple[Cell, ...] = ()
    node: Node | None = None
    track: int = -1
    frames: tuple[Frame, ...] = ()
    columns: tuple[str, ...] = ()
    inset: Inset | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """The pipelines that it lies in, outermost first."""
        return tuple(frame for frame in self.frames if isinstance(frame, Group))

    @property
    def num_tracks(self) -> int:
        return self.inset.group.num_tracks if self.inset else 1

    @property
    def last_layer(self) -> int:
        return self.layer + (self.inset.group.num_layers if self.inset else 1) - 1


@dataclass(slots=True, eq=False)
class Inset:
    """The cells of a pipeline within, from its title down, on a grid of their own."""

    group: Group
    cells: list[Cell]

    @property
    def first(self) -> Cell:
        """Where the arrow into it ends."""
        return self.cells[0]

    @property
    def last(self) -> Cell:
        """Where the arrow out of it begins."""
        return self.cells[-1]


def layout(flow: Flow) -> list[Cell]:
    """All cells of a checked graph, each once, with no arrow running through a cell that it does not end in."""
    levels = {level: level for level in flow.levels}
    return list(_opened(_placed(_cells(flow, levels, (), count(len(levels))))))


def _placed(cells: list[Cell]) -> list[Cell]:
    """The cells in tracks, so that no two share a place."""
    followers: dict[Cell, list[Cell]] = {cell: [] for cell in cells}
    for cell in cells:
        for before in cell.before:
            followers[before].append(cell)
    taken: set[tuple[int, int]] = set()
    for cell in sorted(cells, key=lambda cell: cell.layer):
        if cell.track < 0:
            _put(list(_chain(cell, followers)), taken)
    return cells


def _cells(flow: Flow, levels: dict[Level, Level], around: tuple[Frame, ...], numbers: Iterator[int]) -> list[Cell]:
    """The cells of a graph by their layers.

    Args:
        flow: of the graph.
        levels: for each of its levels, that of the whole picture.
        around: what is drawn around it.
        numbers: for levels that nothing in the picture has yet.
    """
    graph, root = flow.graph, levels[flow.levels[0]]
    named = {INPUT: Cell("input", INPUT, root, 0, frames=around, columns=graph.inputs)}
    cells = [named[INPUT]]
    made = {step.node.name: levels[step.out_level] for step in flow.steps}
    works_on = {step.node.name: levels[step.level] for step in flow.steps}
    for node in graph.nodes:
        before = [named[name] for name in node.after]
        level = made.get(node.name) or max((cell.level for cell in before), key=lambda level: level.depth)
        layer = 1 + max(cell.last_layer for cell in before)
        cell = Cell("step", node.name, level, layer, node=node, frames=_within(around, level, root))
        if inner_graph(node) is not None:
            cell.inset = _inset(node, works_on[node.name], _within(around, works_on[node.name], root), numbers)
        cell.before = tuple(_passed(cells, one, cell.layer) for one in before)
        named[node.name] = cell
        cells.append(cell)
    last, out = named[graph.last], levels[flow.out_level]
    frames = _within(around, out, root)
    cells.append(Cell("output", "output", out, last.last_layer + 1, (last,), frames=frames, columns=graph.outputs))
    return cells


def _within(around: tuple[Frame, ...], level: Level, root: Level) -> tuple[Frame, ...]:
    """The frames around rows of a level: those around the graph, and the levels from its own first one down."""
    return (*around, *level.path[root.depth + 1 :])


def _inset(node: Node, level: Level, around: tuple[Frame, ...], numbers: Iterator[int]) -> Inset:
    """A pipeline within, laid out: its input has become the place of the title, its output is left out."""
    inner = inner_graph(node)
    assert inner is not None
    flow = check(inner, warns=False)
    group = Group(node, level)
    levels = {flow.levels[0]: level}
    for each in flow.levels[1:]:
        assert each.parent is not None
        levels[each] = Level(next(numbers), levels[each.parent], f"{node.name}/{each.opened_by}")
    cells = _placed(_cells(flow, levels, (*around, group), numbers))[:-1]
    cells[0].kind = "pass"
    group.num_tracks = 1 + max(cell.track + cell.num_tracks - 1 for cell in cells)
    group.num_layers = 1 + max(cell.last_layer for cell in cells)
    return Inset(group, cells)


def _passed(cells: list[Cell], start: Cell, layer: int) -> Cell:
    """Cells for the arrow from ``start`` through the layers above ``layer``; the last of them."""
    for between in range(start.last_layer + 1, layer):
        start = Cell("pass", "", start.level, between, (start,), frames=start.frames)
        cells.append(start)
    return start


def _chain(cell: Cell, followers: dict[Cell, list[Cell]]) -> Iterator[Cell]:
    """A cell and those beneath it that may stand in its track, down to where branches meet."""
    yield cell
    while True:
        free = [f for f in followers[cell] if len(f.before) == 1 and f.track < 0]
        if not free:
            return
        cell = min(free, key=lambda f: f.kind == "pass")
        yield cell


def _put(chain: Sequence[Cell], taken: set[tuple[int, int]]) -> None:
    track = min((before.track for before in chain[0].before), default=0)
    while any(place in taken for cell in chain for place in _places(cell, track)):
        track += 1
    for cell in chain:
        cell.track = track
        taken.update(_places(cell, track))


def _places(cell: Cell, track: int) -> Iterator[tuple[int, int]]:
    for layer in range(cell.layer, cell.last_layer + 1):
        yield from ((layer, track + beside) for beside in range(cell.num_tracks))


def _opened(cells: list[Cell]) -> Iterator[Cell]:
    """The cells with those of each inset in its place, and arrows into it and out of it."""
    ends: dict[Cell, Cell] = {}
    for cell in cells:
        before = tuple(ends.get(one, one) for one in cell.before)
        if cell.inset is None:
            cell.before = before
            yield cell
            continue
        inset = cell.inset
        _move(inset, cell.track, cell.layer)
        inset.first.before = before
        opened = list(_opened(inset.cells))
        ends[cell] = opened[-1]
        yield from opened


def _move(inset: Inset, track: int, layer: int) -> None:
    """Put an inset where its cell is; insets within it move with their cells."""
    inset.group.track, inset.group.layer = track, layer
    for cell in inset.cells:
        cell.track, cell.layer = cell.track + track, cell.layer + layer
