"""Parameters of a pipeline: its own, ``${name}`` in its steps, those of its main step, and those that operators let it
hand down to all steps that have them (`Operator.handed_down`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from junco.errors import ParameterError
from junco.graph.nesting import bare_graph, inner_graph, with_fn, with_fns
from junco.graph.nodes import Graph, Node, fn_name
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
        operator: the operator that it belongs to, where it is that of a step.
    """

    name: str
    default: Any = REQUIRED
    operator: type[Operator] | None = None


def parameters_of(graph: Graph) -> dict[str, PipelineParameter]:
    """All parameters that a pipeline takes: its own, and those of its steps that are not set there.

    Of the main step all are taken, without ``device``; of others what their operators let be handed down. The defaults
    are the operators'; their modules are imported for them.
    """
    found = {name: PipelineParameter(name, value) for name, value in graph.params.items()}
    for node in _main_first(graph):
        found = {**_taken_for(graph, node), **found}
    return found


def _main_first(graph: Graph) -> list[Node]:
    if not graph.main:
        return list(graph.nodes)
    main = graph.node(graph.main)
    return [main, *(node for node in graph.nodes if node is not main)]


def _taken_for(graph: Graph, node: Node) -> dict[str, PipelineParameter]:
    """The parameters of a step that its pipeline takes for it."""
    is_main = node.name == graph.main
    inner = inner_graph(node) if is_main else bare_graph(node)
    if inner is not None:
        known = parameters_of(inner)
        return known if is_main else {name: known[name] for name in known.keys() & _handed_down(inner)}
    if (spec := node.spec) is None:
        return {}
    operator, given = spec.load(), spec.params
    return {
        name: PipelineParameter(name, parameter.default, operator)
        for name, parameter in operator.parameters().items()
        if (is_main or name in operator.handed_down)
        if name != "device" and name not in given and parameter.kind in _NAMED
    }


def _handed_down(graph: Graph) -> frozenset[str]:
    """The names that operators in a graph let be handed down, also in pipelines within it."""
    return frozenset[str]().union(*map(_handed_down_to, graph.nodes))


def _handed_down_to(node: Node) -> frozenset[str]:
    """The names that a step lets be handed down to it."""
    if (inner := inner_graph(node)) is not None:
        return _handed_down(inner)
    return spec.load().handed_down if (spec := node.spec) is not None else frozenset()


def with_step(graph: Graph, node: Node) -> Graph:
    """The graph with a step in the place of the one of that name; what the pipeline hands down it gets too.

    It is another pipeline then: the name, the licence and the space that were written for the one before are not its
    own, its description says what it was made of, and a parameter that only the former step took is gone.
    """
    before = graph.node(node.name)
    names = graph.params.keys() & _handed_down_to(node)
    node = _handed_on(graph, node, names)
    if node.fn == before.fn:
        return graph.with_node(node)
    swapped = graph.with_node(node)
    gone = _parameters_in(before) - frozenset[str]().union(*map(_parameters_in, swapped.nodes))
    made_of = graph.name or graph.description or "a pipeline"
    return replace(
        swapped,
        name="",
        license="",
        space="",
        description=f"{made_of}, with {node.name} = {fn_name(node.fn)}",
        params={name: value for name, value in graph.params.items() if name not in gone},
    )


def _parameters_in(node: Node) -> frozenset[str]:
    """The pipeline's parameters that a step takes."""
    if (spec := node.spec) is not None:
        return _named_in(dict(spec.items))
    inner = bare_graph(node)
    return _named_in(inner.params) if inner is not None else frozenset()


def _named_in(value: Any) -> frozenset[str]:
    """The parameters that a value stands for, or any within it, wherever `_filled` puts them in."""
    if isinstance(value, str):
        return frozenset(PLACEHOLDER.findall(value))
    if isinstance(value, (dict, list, tuple)):
        parts = value.values() if isinstance(value, dict) else value
        return frozenset().union(*map(_named_in, parts))
    return frozenset()


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
        graph = _to_steps(graph, handed_on)
    return replace(graph, params={**graph.params, **params}) if params else graph


def _to_steps(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Let steps take parameters from the pipeline, which then has them as its own."""
    for node in graph.nodes:
        taking = _handed_on(graph, node, params)
        if taking is not node:
            graph = graph.with_node(taking)
    return graph


def _handed_on(graph: Graph, node: Node, names: Collection[str]) -> Node:
    """A step that takes those of the parameters from its pipeline that may be set for it."""
    handed_on = {name: f"${{{name}}}" for name in names if name in _taken_for(graph, node)}
    if handed_on and (inner := inner_graph(node)) is not None:
        return with_fn(node, with_params(inner, handed_on))
    if handed_on and (spec := node.spec) is not None:
        return with_fn(node, _with_items(spec, {**spec.params, **handed_on}))
    return node


def bind(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Put parameters in place: the graph's own defaults, overridden by ``params``; ``${name}`` becomes its value.

    Those of pipelines in it are put in place too: their defaults may stand for parameters of the one around them.
    Nothing is imported for it.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    graph = with_params(graph, params)

    def bound(node: Node) -> Any:
        if (spec := node.spec) is not None and _named_in(dict(spec.items)):
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
