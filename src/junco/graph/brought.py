"""What steps name on a hub, as operators on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.graph.nesting import bare_graph, with_fns
from junco.graph.nodes import Graph, Node
from junco.graph.written import placed
from junco.operator.hub_names import is_hub_name


def brought(graph: Graph) -> Graph:
    """The graph with operators of hubs at hand: fetched if they are not here, their code run where that was allowed.

    What a file names is what the ``junco.lock`` beside it pins.

    Raises:
        UnavailableError: one is not there, or cannot be reached.
        IntegrityError: what came is not what it should be.
        ContractError: one is no operator, or breaks its contract.
        TrustError: one holds code that nobody here allowed to run.
    """

    def change(node: Node) -> Any:
        if (inner := bare_graph(node)) is not None:
            return brought(inner) if _names_any(inner) else node.fn
        if (spec := node.spec) is None or not is_hub_name(spec.name):
            return node.fn
        with placed(node.written, spec.params):
            return spec.brought(Path(node.written.file).parent if node.written is not None else None)

    return with_fns(graph, change) if _names_any(graph) else graph


def _names_any(graph: Graph) -> bool:
    """Whether a step names something on a hub, also in pipelines within."""
    for node in graph.nodes:
        spec, inner = node.spec, bare_graph(node)
        if (spec is not None and is_hub_name(spec.name)) or (inner is not None and _names_any(inner)):
            return True
    return False
