"""What a picture of a graph says, whatever it is drawn with: its cells, and the words at frames and arrows."""

from __future__ import annotations

from typing import Any

from junco.graph.layout import Cell, Group, layout
from junco.graph.levels import Level, check
from junco.graph.nesting import check_nesting
from junco.graph.nodes import Graph, Node, fn_name
from junco.graph.params import bind
from junco.operator import registry
from junco.operator.ports import Port, type_name
from junco.pages.letters import cut


def laid_out(graph: Graph) -> list[Cell]:
    """The cells of a graph.

    Raises:
        GraphError: the graph has no meaning.
    """
    check_nesting(graph)
    return layout(check(bind(graph, {}), warns=False))


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


def made_text(node: Node) -> str:
    """What a step makes: its columns, with the types that its operator or its family says. Nothing is imported."""
    types = [_type_of(port.type) for port in _made_ports(node)]
    if node.verb == "filter" or len(types) != len(node.outputs):
        types = ["" for _ in node.outputs]
    made = ", ".join(f"{name}: {kind}" if kind else name for name, kind in zip(node.outputs, types, strict=True))
    return f"→ {made}" if made else ""


def _made_ports(node: Node) -> tuple[Port, ...]:
    """What comes out of an operator, by its class where that is at hand, else by the contract of its family."""
    if (callee := node.callee) is None or callee.spec is None:
        return ()
    if callee.spec.is_loaded:
        ports = callee.ports
        return (ports.of_many() if node.verb == "flat_map" else ports).outputs
    family = registry.families("operator").get(callee.spec.family)
    return () if family is None or family.also else family.ports.outputs


def _type_of(kind: Any) -> str:
    return "" if kind is Any else type_name(kind)


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
