"""What a picture of a graph says, whatever it is drawn with: its cells, and the words at frames and arrows."""

from __future__ import annotations

import re

from junco.graph.layout import Cell, Group, layout
from junco.graph.levels import Level, check
from junco.graph.nesting import check_nesting
from junco.graph.nodes import Graph, fn_name
from junco.pages.letters import cut

UNSEEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, what terminals obey, and what would turn the direction of the letters after it."""


def laid_out(graph: Graph) -> list[Cell]:
    """The cells of a graph.

    Raises:
        GraphError: the graph has no meaning.
    """
    check_nesting(graph)
    return layout(check(graph, warns=False))


def groups_of(cells: list[Cell]) -> list[tuple[Group, int]]:
    """All pipelines within, the outer ones first, with how deep each is nested."""
    return list(dict.fromkeys((group, depth) for cell in cells for depth, group in enumerate(cell.groups)))


def group_text(group: Group) -> str:
    """The title of a pipeline within."""
    return f"{group.node.name} · {group.node.verb} · {fn_name(group.node.fn)}"


def columns_at(origin: Cell, cell: Cell) -> tuple[str, ...]:
    """The columns that an arrow is there for: those the step looks at, or what a branch brings to a meeting."""
    if cell.node is None:
        return cell.columns
    if cell.node.verb != "concat":
        return tuple(dict.fromkeys(cell.node.reads))
    return origin.node.outputs if origin.node else origin.columns


def origin_of(cell: Cell) -> Cell:
    """The step or input that an arrow comes from, past the cells that it only runs through."""
    while cell.kind == "pass":
        cell = cell.before[0]
    return cell


def level_text(level: Level) -> str:
    """What a level is, in words."""
    if level.parent is None:
        return "level 0 · one row per input"
    return cut(f"level {level.depth} · rows made by {level.opened_by!r}", 80)


def seen(text: str) -> str:
    """Text that XML and people's eyes can hold."""
    return UNSEEN.sub("\ufffd", text)
