"""Parameters of a pipeline: ``${name}`` in a step becomes the parameter's value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from junco.errors import ParameterError
from junco.graph.nodes import Graph
from junco.operator.parameters import check_keywords
from junco.operator.spec import OperatorSpec

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def with_params(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """The same pipeline with other defaults for its parameters.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    check_keywords(params, graph.params, f"pipeline {graph.name!r}" if graph.name else "the pipeline")
    return replace(graph, params={**graph.params, **params})


def bind(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Put parameters in place: the graph's own defaults, overridden by ``params``; ``${name}`` becomes its value.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    graph = with_params(graph, params)
    values = graph.params
    nodes = tuple(
        replace(node, fn=node.fn.with_params(_filled(node.fn.params, values, str(node))))
        if isinstance(node.fn, OperatorSpec) and PLACEHOLDER.search(repr(node.fn.items))
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _filled(value: Any, params: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(child, params, where) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(child, params, where) for child in value)
    if not isinstance(value, str):
        return value
    for name in PLACEHOLDER.findall(value):
        if name not in params:
            raise ParameterError(
                f"{where}: ${{{name}}} is not among the pipeline's params: {', '.join(params) or 'none'}"
            )
    if whole := PLACEHOLDER.fullmatch(value):
        return params[whole[1]]
    return PLACEHOLDER.sub(lambda match: str(params[match[1]]), value)
