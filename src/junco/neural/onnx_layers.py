"""The layers of an ONNX file: the numbers that its nodes give, by the nodes' names. They are read, nothing is run."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import ParameterError
from junco.neural.axes import Places, Shape
from junco.neural.layer import Axes, Layer
from junco.neural.listing import Listing
from junco.neural.onnx_graph import files_of, read_graph
from junco.neural.onnx_shapes import Sizes, axes_of_channels, sizes_of
from junco.runtime.source import Source
from junco.wording import brief

OWN = "junco/"
"""How the names of nodes begin that junco has put into a graph: they are no layers of its model."""
_HANDING_ON = ("Identity", "Dropout")
"""Nodes that change nothing when vectors are made."""
_SHAPES_ALONE = ("Shape", "Size")
"""Nodes that look at how large something is, and not at its numbers."""
_TRAINING = 3
"""A dropout with so many inputs may be told to drop."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A place in the graph where numbers can be taken.

    Attributes:
        name: as users know it.
        tensor: the name of the numbers in the graph.
        node: what gives them.
    """

    name: str
    tensor: str
    node: Any


def onnx_listing(source: Source) -> Listing:
    """The layers of a complete source's file, in the order in which they are computed.

    Raises:
        UnavailableError: the file is not there, or one that holds its weights.
        ParameterError: it is broken, or reaches for files outside its folder.
    """
    path = Path(source.onnx or "")
    model, locations = read_graph(path, source.name)
    files_of(path, locations, source.name)  # beside it, and nowhere else
    try:
        sizes = sizes_of(model, path.parent, source.inputs)
    except Exception as error:  # of a graph that contradicts itself, or weights that are cut off
        raise ParameterError(f"{source.name!r}: the shapes in {str(path)!r} cannot be told: {brief(error)}") from error
    channels, parameters = axes_of_channels(model.graph, sizes), _parameters(model.graph)
    places = Places.of(source.inputs, (), source.golden)
    shapes = {name: found.shape[1:] for name, found in sizes.items() if found.shape}
    orders = {name: _order(channels.get(name), shape) for name, shape in shapes.items()}
    for tensor, order in orders.items():
        if order:
            places.note("", shapes[tensor], order)
    layers, taps = [], taps_of(model.graph)
    same = _same(taps)
    for tap in taps:
        if tap.name in same:
            continue
        shape, kind = shapes.get(tap.tensor, ()), tap.node.op_type
        count, why_not = parameters.get(tap.node.output[0], 0), _why_not(sizes.get(tap.tensor))
        axes = Axes() if why_not else places.axes(kind, shape, orders[tap.tensor])
        layers.append(Layer(tap.name, kind, shape, count, why_not, axes=axes))
    return Listing(tuple(layers), mask=places.mask, same=same)


def taps_of(graph: Any) -> list[Tap]:
    """What the nodes of a graph give that depends on its inputs.

    A node goes by its name; what has none of its own, or is another output of a node, goes by the name of its numbers.
    """
    nodes = [node for node in _varying(graph) if not node.name.startswith(OWN)]
    found = [(name, tensor, node) for node in nodes for name, tensor in _named(node)]
    twice = {name for name, times in Counter(name for name, *_ in found).items() if times > 1}
    return [Tap(tensor if name in twice else name, tensor, node) for name, tensor, node in found]


def _same(taps: list[Tap]) -> dict[str, str]:
    """Nodes that hand on what they are given, each with the one whose numbers these are."""
    giver: dict[str, str] = {}
    for tap in taps:
        if tap.tensor == tap.node.output[0] and tap.node.op_type in _HANDING_ON and len(tap.node.input) < _TRAINING:
            giver[tap.tensor] = giver.get(tap.node.input[0], "")
        giver[tap.tensor] = giver.get(tap.tensor) or tap.name
    return {tap.name: giver[tap.tensor] for tap in taps if giver[tap.tensor] != tap.name}


def _order(channels: int | None, shape: Shape) -> str:
    """The letters of `Axes`, where the axis of channels is known and first or last."""
    if not shape or channels is None or shape[channels - 1] is None:
        return ""
    if channels == 1:
        return ("c", "ct", "chw", "cthw", *[""] * len(shape))[len(shape) - 1]
    return ("c", "tc", "hwc", "thwc", *[""] * len(shape))[len(shape) - 1] if channels == len(shape) else ""


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


def names_in(graph: Any) -> set[str]:
    """The names of all numbers in a graph, and in the graphs within it."""
    names = {each.name for field in (graph.input, graph.output, graph.initializer) for each in field}
    names |= {each.values.name for each in graph.sparse_initializer}
    for node in graph.node:
        names.update(node.output)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                names |= names_in(inner)
    return names


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


def _why_not(sizes: Sizes | None) -> str:
    """Why no vector can be taken of such numbers; empty where one can."""
    if sizes is None or sizes.shape is None:
        return "gives what the file does not tell the shape of"
    if not sizes.is_float:
        return f"gives {sizes.dtype}, and vectors are of floating point"
    if sizes.rows is None:
        return "gives numbers of which nothing tells that their first axis counts the inputs"
    if sizes.rows > 1:
        return f"gives {sizes.rows} rows for one input, as parts that look at pieces of it do"
    return "" if sizes.shape[1:] else "gives a single number"
