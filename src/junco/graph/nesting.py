"""Pipelines within pipelines: how deep, how many steps in all, and that none contains itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from junco.errors import GraphError
from junco.graph.nodes import MOST_STEPS, Graph, Node
from junco.graph.written import placed
from junco.operator.spec import OperatorSpec

MOST_LEVELS = 100


def inner_graph(node: Node) -> Graph | None:
    """The graph of the pipeline that a step calls; ``None`` where it calls something else."""
    callee = node.callee
    return callee.graph if callee is not None else None


def bare_graph(node: Node) -> Graph | None:
    """The graph that stands in a step by itself, as in a file; ``None`` for a pipeline with devices of its own."""
    callee = node.callee
    return callee.bare_graph if callee is not None else None


def specs_in(graph: Graph) -> Iterator[OperatorSpec]:
    """The operators that stand in a graph by their specs, also in pipelines within it."""
    for node in graph.nodes:
        inner = inner_graph(node)
        if inner is not None:
            yield from specs_in(inner)
        elif (spec := node.spec) is not None:
            yield spec


def check_nesting(graph: Graph, most_levels: int = MOST_LEVELS) -> None:
    """Refuse a pipeline that contains itself, is nested too deep, or has too many steps in all.

    Raises:
        GraphError: naming the step.
    """
    _num_steps(graph, most_levels, (), {})


def _num_steps(graph: Graph, levels_left: int, above: tuple[int, ...], known: dict[tuple[int, int], int]) -> int:
    """Steps of a graph and of all that are nested in it; each pipeline that stands in several steps is counted once."""
    if (id(graph), levels_left) in known:
        return known[id(graph), levels_left]
    total = len(graph.nodes)
    for node in graph.nodes:
        inner = inner_graph(node)
        if inner is None:
            continue
        with placed(node.written):
            if inner is graph or id(inner) in above:
                raise GraphError(f"{node}: the pipeline {inner.name!r} contains itself")
            if not levels_left:
                raise GraphError(f"{node}: pipelines are nested too deep here; give their steps to one pipeline")
        total += _num_steps(inner, levels_left - 1, (*above, id(graph)), known)
    if total > MOST_STEPS:
        raise GraphError(
            f"the pipeline has {total:,} steps with those of the pipelines in it; {MOST_STEPS:,} are borne"
        )
    known[id(graph), levels_left] = total
    return total


def with_fns(graph: Graph, change: Callable[[Node], Any]) -> Graph:
    """The graph with what its steps call changed; ``change`` gives ``node.fn`` where that stays as it is."""
    nodes: list[Node] = []
    for node in graph.nodes:  # a loop, not a comprehension: pipelines nest deep, and each level is a call
        fn = change(node)
        nodes.append(node if fn is node.fn else with_fn(node, fn))
    return replace(graph, nodes=tuple(nodes))


def with_fn(node: Node, fn: Any) -> Node:
    """The step with another callable; a graph stands there as it is."""
    return replace(node, fn=fn)


def is_loaded(graph: Graph) -> bool:
    """Whether the classes of all its operators are at hand, also in pipelines within it."""
    for node in graph.nodes:
        spec, inner = node.spec, inner_graph(node)
        if not (spec.is_loaded if spec is not None else inner is None or is_loaded(inner)):
            return False
    return True


def load_operators(graph: Graph) -> None:
    """Import the modules of all operators in a graph, also in pipelines within it, so that their ports are known."""
    for node in graph.nodes:
        if (spec := node.spec) is not None:
            spec.load()
        elif (inner := inner_graph(node)) is not None:
            load_operators(inner)
