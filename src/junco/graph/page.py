"""A pipeline as a notebook shows it: what it is, its picture, its parameters."""

from __future__ import annotations

from junco.graph.draw import svg
from junco.graph.nodes import Graph
from junco.pages.style import fragment
from junco.pages.summary import listing, titled
from junco.wording import picture


def graph_html(graph: Graph) -> str:
    """The markup, with the style that it needs."""
    said = [graph.description, f"licence {graph.license}" if graph.license else ""]
    params = [(name, picture(value)) for name, value in graph.params.items()]
    inner = f'<div class="drawing">{svg(graph)}</div>' + (
        listing(("parameter", "by default"), params) if params else ""
    )
    return fragment(titled(graph.name or "pipeline", graph.columns, filter(None, said), inner))
