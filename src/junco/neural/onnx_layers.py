"""The layers of an ONNX file: the numbers that its nodes give, by the nodes' names. They are read, nothing is run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import ParameterError
from junco.neural.layer import Layer
from junco.neural.onnx_graph import files_of, read_graph
from junco.neural.onnx_shapes import Sizes, axes_of_channels, sizes_of
from junco.runtime.source import Input
from junco.wording import brief

OWN = "junco/"
"""How the names of nodes begin that junco has put into a graph: they are no layers of its model."""
_SHAPES_ALONE = ("Shape", "Size")
"""Nodes that look at how large something is, and not at its numbers."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A place in the graph where numbers can be taken.

    Attributes:
        layer: as users know it.
        tensor: the name of the numbers in the graph.
        channels: the axis of the numbers that belong together, as a picture's colours do.
    """

    layer: Layer
    tensor: str
    channels: int


def taps_of(path: Path, inputs: Sequence[Input], owner: str) -> tuple[Tap, ...]:
    """What the nodes of a file give that depends on its inputs, in the order in which it is computed.

    A node goes by its name; what has none of its own, or is another output of a node, goes by the name of its numbers.

    Args:
        path: of the file.
        inputs: what goes in, in the graph's order.
        owner: for messages.

    Raises:
        UnavailableError: the file is not there, or one that holds its weights.
        ParameterError: it is broken, or reaches for files outside its folder.
    """
    model, locations = read_graph(path, owner)
    files_of(path, locations, owner)  # beside it, and nowhere else
    try:
        sizes = sizes_of(model, path.parent, inputs)
    except Exception as error:  # of a graph that contradicts itself, or weights that are cut off
        raise ParameterError(f"{owner!r}: the shapes in {str(path)!r} cannot be told: {brief(error)}") from error
    channels = axes_of_channels(model.graph, sizes)
    nodes = [node for node in _varying(model.graph) if not node.name.startswith(OWN)]
    found = [(name, node, tensor) for node in nodes for name, tensor in _named(node)]
    twice = {name for name, times in Counter(name for name, *_ in found).items() if times > 1}
    parameters = _parameters(model.graph)
    return tuple(
        Tap(_layer(tensor if name in twice else name, node, sizes.get(tensor), parameters), tensor, channels[tensor])
        for name, node, tensor in found
    )


def _named(node: Any) -> list[tuple[str, str]]:
    """What a node gives: names with the names of the numbers, which are unique."""
    given = [tensor for tensor in node.output if tensor]
    return [(node.name if node.name and tensor is given[0] else tensor, tensor) for tensor in given]


def _varying(graph: Any) -> list[Any]:
    """The nodes whose numbers depend on those that go in."""
    held = {tensor.name for tensor in graph.initializer}
    varying = {each.name for each in graph.input if each.name not in held}
    found = []
    for node in graph.node:
        if node.op_type not in _SHAPES_ALONE and varying.intersection(reads_of(node)):
            varying.update(node.output)
            found.append(node)
    return found


def reads_of(node: Any) -> list[str]:
    """The names of the numbers that a node reads, those among them that only a graph within it reads."""
    names = list(node.input)
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            names += [name for each in inner.node for name in reads_of(each)]
            names += [each.name for each in inner.output]
    return [name for name in names if name]


def _parameters(graph: Any) -> dict[str, int]:
    """How many weights each node reads, by its first output; also through what is made of weights alone."""
    from onnx import TensorProto

    held = {tensor.name: frozenset([tensor.name]) for tensor in graph.initializer}
    counts = {
        tensor.name: math.prod(tensor.dims) * (tensor.data_type != TensorProto.INT64) for tensor in graph.initializer
    }
    varying, made = {node.output[0] for node in _varying(graph)}, {}
    for node in graph.node:
        read: frozenset[str] = frozenset().union(*(held.get(name, frozenset()) for name in reads_of(node)))
        if node.output[0] in varying:
            made[node.output[0]] = sum(counts[name] for name in read)
        elif node.op_type not in _SHAPES_ALONE:
            held.update(dict.fromkeys(node.output, read))
    return made


def _layer(name: str, node: Any, sizes: Sizes | None, parameters: dict[str, int]) -> Layer:
    shape = (sizes.shape or ()) if sizes is not None else ()
    return Layer(name, node.op_type, shape[1:], parameters.get(node.output[0], 0), _why_not(sizes))


def _why_not(sizes: Sizes | None) -> str:
    """Why no vector can be taken of such numbers; empty where one can."""
    if sizes is None or sizes.shape is None:
        return "the file does not tell of which shape it is"
    if not sizes.is_float:
        return f"its numbers are {sizes.dtype}, and vectors are of floating point"
    if sizes.rows is None:
        return "nothing tells that its first axis counts the inputs"
    if sizes.rows > 1:
        return f"its first axis holds {sizes.rows} parts of each input, such as windows or heads"
    return "" if sizes.shape[1:] else "it is one number for each input"
