"""Devices of a pipeline, and how a pipeline that is nested in another keeps its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from junco.errors import ParameterError
from junco.graph.nesting import bare_graph, with_fns
from junco.graph.nodes import Callee, Graph, Node
from junco.operator.spec import OperatorSpec

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def devices_of(device: str | Sequence[str]) -> tuple[str, ...]:
    """The devices that a caller names.

    Raises:
        ParameterError: there is no such device.
    """
    devices: tuple[Any, ...] = tuple(device) if isinstance(device, (list, tuple)) else (device,)
    for name in devices:
        if not isinstance(name, str) or not _DEVICE.fullmatch(name):
            raise ParameterError(f"device={name!r} is none of 'auto', 'cpu', 'cuda', 'cuda:N' and 'mps'")
    if not devices:
        raise ParameterError("device=[] names no device")
    return devices


def on_device(graph: Graph, device: str) -> Graph:
    """Hand the pipeline's device to every operator that takes one and was not given its own.

    Unless that is "auto", the operators' modules are imported, to ask which of them take one.
    """
    if device == "auto":
        return graph

    def placed(node: Node) -> Any:
        if (inner := bare_graph(node)) is not None:
            return on_device(inner, device)
        return _placed(spec, device) if (spec := node.spec) is not None else node.fn

    return with_fns(graph, placed)


def _placed(spec: OperatorSpec, device: str) -> OperatorSpec:
    if spec.params.get("device", "auto") != "auto" or "device" not in spec.load().parameters():
        return spec
    return replace(spec, items=(*_others(spec), ("device", device)))


def _others(spec: OperatorSpec) -> tuple[tuple[str, Any], ...]:
    return tuple((name, value) for name, value in spec.items if name != "device")


def as_step(fn: Callable[..., Any]) -> Any:
    """What stands in a step for a callable: of a pipeline its graph, with its device given to its operators.

    A pipeline on several devices stays as it is: only the pipeline knows them.
    """
    callee = Callee.of(fn)
    if callee.graph is None or callee.devices is None or len(callee.devices) != 1:
        return fn
    return on_device(callee.graph, callee.devices[0])
