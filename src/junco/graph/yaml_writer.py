"""`Graph` → YAML text: a line for each step; a pipeline in a step stands there in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from junco.errors import GraphError
from junco.graph.nesting import check_nesting
from junco.graph.nodes import INPUT, Graph, Node, fn_name, name_steps
from junco.graph.paths import to_folder
from junco.graph.yaml_reader import MOST_LEVELS, VERSION
from junco.graph.yaml_text import dump


def written(graph: Graph, folder: Path | None = None) -> str:
    """A graph as text; with a folder, paths beneath it are relative."""
    check_nesting(graph, MOST_LEVELS)
    return "".join(f"{line}\n" for line in [f"junco: {VERSION}", *_lines(graph, folder)])


def _lines(graph: Graph, folder: Path | None) -> Iterator[str]:
    head = {key: value for key in ("name", "family", "description", "license") if (value := getattr(graph, key))}
    if graph.params:
        head["params"] = _portable(graph.params, folder)
    yield from _block(head)
    yield f"inputs: {dump(graph.inputs).rstrip()}"
    yield "steps:" if graph.nodes else "steps: []"
    defaults = name_steps((None, node.verb, node.fn) for node in graph.nodes)
    before = (INPUT, *(node.name for node in graph.nodes))
    for node, name, prior in zip(graph.nodes, defaults, before, strict=False):
        yield from _step(node, name, prior, folder)
    yield f"outputs: {dump(graph.outputs).rstrip()}"
    yield from _block({key: value for key in ("main", "space") if (value := getattr(graph, key))})


def _block(values: dict[str, Any]) -> list[str]:
    return dump(values, flow=False).rstrip("\n").split("\n") if values else []


def _step(node: Node, default_name: str, before: str, folder: Path | None) -> Iterator[str]:
    name = {} if node.name == default_name else {"name": node.name}
    if node.verb == "concat":
        yield f"  - {dump({'concat': list(node.after), **name}).rstrip()}"
        return
    rest = _arguments(node, before) | name
    callee = node.callee
    assert callee is not None
    if callee.spec is not None:
        step = {node.verb: callee.spec.name, **_columns(node)}
        if callee.spec.items:
            step["with"] = _portable(callee.spec.params, folder)
        yield f"  - {dump(step | rest).rstrip()}"
        return
    if (inner := callee.bare_graph) is None:
        raise GraphError(
            f"{node}: the Python callable {fn_name(node.fn)!r} cannot stand in a file; register it with @op"
        )
    yield f"  - {node.verb}:"
    yield from (f"      {line}" for line in _lines(inner, folder))
    yield from (f"    {line}" for line in _block(_columns(node) | rest))


def _columns(node: Node) -> dict[str, Any]:
    return {"in": _names(node.inputs), "out": _names(node.outputs)}


def _arguments(node: Node, before: str) -> dict[str, Any]:
    defaults = {f.name: f.default for f in fields(Node)}
    found: dict[str, Any] = {}
    for key in ("on", "timestamp", "size", "step", "per", "keep_empty", "workers", "backend"):
        if (value := getattr(node, key)) != defaults[key]:
            found[key] = _names(value) if key in ("on", "timestamp") else value
    if node.after != (before,):
        found["after"] = _names(node.after)
    return found


def _names(columns: tuple[str, ...]) -> str | list[str]:
    return columns[0] if len(columns) == 1 else list(columns)


def _portable(value: Any, folder: Path | None) -> Any:
    return value if folder is None else to_folder(value, folder)
