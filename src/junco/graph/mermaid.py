"""A graph as Mermaid text."""

from __future__ import annotations

from junco.graph.labels import columns_at, group_text, groups_of, laid_out, level_text, origin_of
from junco.graph.layout import Cell, Frame, Group
from junco.graph.nodes import Graph, fn_name
from junco.pages.letters import cut
from junco.pages.pen import seen


def mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart; levels beneath the first and pipelines within are subgraphs.

    Raises:
        GraphError: the graph has no meaning.
    """
    cells = [cell for cell in laid_out(graph) if cell.kind != "pass"]
    ids = {cell: f"n{index}" for index, cell in enumerate(cells)}
    numbers = {group: number for number, (group, _) in enumerate(groups_of(cells))}
    lines = ["flowchart TD"]
    for frames in dict.fromkeys(cell.frames for cell in cells):
        inside = [_mermaid_node(cell, ids[cell]) for cell in cells if cell.frames == frames]
        opening = [_mermaid_frame(frame, numbers) for frame in frames]
        lines += ["  " + line for line in [*opening, *inside, *["end"] * len(opening)]]
    for cell in cells:
        for start in cell.before:
            label = _quoted(cut(", ".join(columns_at(origin_of(start), cell)), 60))
            arrow = f'-->|"{label}"|' if label else "-->"
            lines.append(f"  {ids[origin_of(start)]} {arrow} {ids[cell]}")
    return "\n".join(lines) + "\n"


def _mermaid_frame(frame: Frame, numbers: dict[Group, int]) -> str:
    if isinstance(frame, Group):
        return f'subgraph group{numbers[frame]}["{_quoted(cut(group_text(frame), 80))}"]'
    return f'subgraph level{frame.index}["{_quoted(level_text(frame))}"]'


def _mermaid_node(cell: Cell, key: str) -> str:
    if cell.node is None:
        text = cut(f"{cell.kind}: {', '.join(cell.columns)}", 60)
        return f'{key}(["{_quoted(text)}"])'
    name, what = cut(cell.node.name, 40), cell.node.verb + (f" · {fn_name(cell.node.fn)}" if cell.node.fn else "")
    return f'{key}["{_quoted(name)}<br/>{_quoted(cut(what, 60))}"]'


def _quoted(text: str) -> str:
    """Text within Mermaid's double quotes, where ``#`` begins an entity."""
    named = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\n": " "}
    return "".join(named.get(letter, letter) for letter in seen(text))
