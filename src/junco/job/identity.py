"""What makes two pipelines the same for a job: their steps, operators and parameters, not their names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import PurePath
from types import CodeType
from typing import Any

from junco.errors import GraphError
from junco.graph.nodes import Graph, Node, fn_name
from junco.graph.yaml_file import write
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec


def identity_of(graph: Graph) -> str:
    """A hash of what a pipeline computes. Callables count by their names, code, defaults and bound arguments.

    What a closure or an object holds does not count: counters and flags change while they are used.
    """
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
    if isinstance(fn, partial):
        return f"{_callable(fn.func)} {_value(fn.args)} {_value(fn.keywords)}"
    code = getattr(fn, "__code__", None)
    if code is None:
        return fn_name(fn)
    defaults = _value(getattr(fn, "__defaults__", None)), _value(getattr(fn, "__kwdefaults__", None))
    wrapped = getattr(fn, "__wrapped__", None)
    return f"{fn_name(fn)} {_code(code)} {' '.join(defaults)} {_callable(wrapped) if wrapped is not None else ''}"


def _value(value: Any) -> str:
    """A default or a bound argument; of what is no plain value the type, since its looks may change by themselves."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, dict):
        return f"({', '.join(f'{key}={_value(child)}' for key, child in value.items())})"
    if callable(value):
        return _callable(value)
    plain = value is None or isinstance(value, (bool, int, float, str, bytes, PurePath))
    return repr(value) if plain else type(value).__qualname__


def _code(code: CodeType) -> str:
    """A function's code without what differs from process to process."""
    return f"{code.co_code.hex()} {code.co_names} {[_constant(constant) for constant in code.co_consts]}"


def _constant(constant: Any) -> str:
    if isinstance(constant, frozenset):
        return str(sorted(map(repr, constant)))
    return _code(constant) if isinstance(constant, CodeType) else repr(constant)
