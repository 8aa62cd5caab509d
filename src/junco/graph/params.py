"""Parameters of a pipeline: its own, ``${name}`` in its steps, and those of its main step."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from junco.errors import ParameterError
from junco.graph.nesting import bare_graph, inner_graph, with_fn, with_fns
from junco.graph.nodes import Graph, Node
from junco.operator.base import Operator
from junco.operator.parameters import check_keywords
from junco.operator.spec import OperatorSpec

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
REQUIRED = inspect.Parameter.empty
"""The default of a parameter that has to be given."""


@dataclass(frozen=True, slots=True)
class PipelineParameter:
    """A parameter that a pipeline takes.

    Attributes:
        name: as it is given.
        default: its value when it is not; `REQUIRED` where there is none.
        operator: the operator that it belongs to, where it is its main step's.
    """

    name: str
    default: Any = REQUIRED
    operator: type[Operator] | None = None


def parameters_of(graph: Graph) -> dict[str, PipelineParameter]:
    """All parameters that a pipeline takes: its own, and those of its main step that are not set there.

    The main step's are the operator's, with its own defaults, without ``device``; its module is imported for them.
    """
    own = {name: PipelineParameter(name, value) for name, value in graph.params.items()}
    return {**_of_main(graph), **own}


def _of_main(graph: Graph) -> dict[str, PipelineParameter]:
    node = graph.node(graph.main) if graph.main else None
    if node is None or node.fn is None:
        return {}
    if (inner := inner_graph(node)) is not None:
        return parameters_of(inner)
    if (spec := node.spec) is None:
        return {}
    operator, given = spec.load(), spec.params
    return {
        name: PipelineParameter(name, parameter.default, operator)
        for name, parameter in operator.parameters().items()
        if name != "device" and name not in given and parameter.kind in _NAMED
    }


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def with_params(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """The same pipeline with other defaults for its parameters.

    Nothing is imported unless one of them is not the pipeline's own.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    handed_on = {name: value for name, value in params.items() if name not in graph.params}
    if handed_on:
        known = parameters_of(graph)
        owner = f"pipeline {graph.name!r}" if graph.name else "the pipeline"
        check_keywords(handed_on, known, owner, besides=("device",))
        graph = _to_main(graph, handed_on)
    return replace(graph, params={**graph.params, **params}) if params else graph


def _to_main(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Let the main step take parameters from the pipeline, which then has them as its own."""
    node = graph.node(graph.main)
    if (inner := inner_graph(node)) is not None:
        handed_on = {name: f"${{{name}}}" for name in params}
        return graph.with_node(with_fn(node, with_params(inner, handed_on)))
    spec = node.spec
    assert spec is not None
    given = {**spec.params, **{name: f"${{{name}}}" for name in params}}
    return graph.with_node(with_fn(node, _with_items(spec, given)))


def bind(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Put parameters in place: the graph's own defaults, overridden by ``params``; ``${name}`` becomes its value.

    Those of pipelines in it are put in place too: their defaults may stand for parameters of the one around them.
    Nothing is imported for it.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    graph = with_params(graph, params)

    def bound(node: Node) -> Any:
        if (spec := node.spec) is not None and PLACEHOLDER.search(repr(spec.items)):
            return _with_items(spec, _filled(spec.params, graph.params, str(node)))
        inner = bare_graph(node)
        return node.fn if inner is None else bind(inner, _filled(inner.params, graph.params, str(node)))

    return with_fns(graph, bound)


def _with_items(spec: OperatorSpec, params: Mapping[str, Any]) -> OperatorSpec:
    """The same operator with other parameters, which are not checked: that may import its module."""
    return replace(spec, items=tuple(params.items()))


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
