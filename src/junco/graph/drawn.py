"""`drawn`: a graph as a picture, in one form or the other."""

from __future__ import annotations

from junco.errors import InputError
from junco.graph.draw import svg
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph


def drawn(graph: Graph, form: str) -> str:
    """The DAG with columns and levels, as ``svg`` or ``mermaid``.

    Raises:
        InputError: another form.
    """
    if form not in ("svg", "mermaid"):
        raise InputError(f"draw() gives 'svg' or 'mermaid', not {form!r}")
    return mermaid(graph) if form == "mermaid" else svg(graph)
