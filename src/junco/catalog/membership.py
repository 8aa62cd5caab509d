"""What can be said of a graph before it is planned, and its membership in a family: checked, never just claimed."""

from __future__ import annotations

from junco.errors import UnknownNameError
from junco.graph.levels import Flow, check
from junco.graph.nesting import is_loaded, load_operators
from junco.graph.nodes import Graph
from junco.graph.params import parameters_of
from junco.graph.ports import check_ports, row_ports
from junco.graph.written import placed
from junco.operator import registry


def check_graph(graph: Graph) -> None:
    """Levels, and of operators whose classes are here anyway ports and the family; nothing is imported for it.

    Raises:
        GraphError: the graph has no meaning.
        ContractError: neighbours whose ports do not fit, or its family's contract is broken.
    """
    flow = check(graph)
    check_ports(flow)
    if is_loaded(graph):
        check_family(flow)


def check_family(flow: Flow) -> None:
    """Refuse a pipeline that claims a family and does not keep its contract; one that claims none is fine.

    Its operators' modules are imported, to ask for their ports and parameters.

    Raises:
        UnknownNameError: nobody has defined the family.
        ContractError: with both signatures.
        YamlError: the same of a pipeline in a file.
    """
    if not flow.graph.family:
        return
    with placed(flow.graph.place_of("family")):
        _check(flow)


def _check(flow: Flow) -> None:
    graph = flow.graph
    known = registry.families("pipeline")
    if graph.family not in known:
        hint = "'junco families' lists them all; a pipeline needs no family."
        raise UnknownNameError("pipeline family", graph.family, known, hint)
    load_operators(graph)
    known[graph.family].check(graph.name or "the pipeline", row_ports(flow), parameters_of(graph))
