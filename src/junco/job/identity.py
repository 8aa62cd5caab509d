"""What makes two pipelines the same for a job: their steps, operators and parameters, not their names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from types import CodeType
from typing import Any

from junco.errors import GraphError
from junco.graph.nodes import Graph, Node, fn_name
from junco.graph.yaml_file import write
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec


def identity_of(graph: Graph) -> str:
    """A hash of what a pipeline computes. Callables count by their names and code."""
    bare = replace(graph, name="", family="", description="", license="", params={}, space="")
    try:
        text = write(bare)
    except GraphError:  # callables cannot stand in a file
        text = "\n".join([repr(bare.inputs), *map(_line, bare.nodes), repr(bare.outputs)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def title_of(graph: Graph) -> str:
    """What messages call a pipeline."""
    if graph.name:
        return graph.name
    return " → ".join([", ".join(graph.inputs), *(fn_name(node.fn) for node in graph.nodes if node.fn is not None)])


def _line(node: Node) -> str:
    rest = {f.name: getattr(node, f.name) for f in fields(Node) if f.name != "fn"}
    return f"{rest!r} {_callable(node.fn)}"


def _callable(fn: Callable[..., Any] | None) -> str:
    if isinstance(fn, (OperatorSpec, Operator)):
        spec = fn if isinstance(fn, OperatorSpec) else fn.spec
        return f"{spec.name} {sorted(spec.params.items())!r}"
    if isinstance(graph := getattr(fn, "graph", None), Graph):
        return identity_of(graph)
    code = getattr(fn, "__code__", None)
    return f"{fn_name(fn)} {_code(code) if code is not None else ''}"


def _code(code: CodeType) -> str:
    """A function's code without what differs from process to process."""
    constants = [
        _code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts if not isinstance(c, frozenset)
    ]
    return f"{code.co_code.hex()} {code.co_names} {constants}"
