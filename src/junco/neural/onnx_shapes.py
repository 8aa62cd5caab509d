"""Of which shape the numbers in an ONNX graph are, by the rules of ONNX: nothing is run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.neural.onnx_graph import dtype_of, inputs_of, shape_of
from junco.runtime.source import Input

Shape = tuple[int | None, ...]

_ROWS = (2, 3)
"""Inputs that are asked for in one pass and in another: what is so different counts the inputs."""
_FREE = (64, 96)
"""The same of axes that are free: the length of a text."""
_MOST_KEPT = 1024
"""Numbers of a constant that may decide a shape; larger ones are weights."""
_FIRST = frozenset(
    {"Conv", "ConvTranspose", "QLinearConv", "ConvInteger", "BatchNormalization", "InstanceNormalization"}
)
_LAST = frozenset({"MatMul", "Gemm", "LayerNormalization", "MatMulInteger", "QLinearMatMul"})
"""Nodes that say where channels lie in what they give: behind the axis of inputs, or last."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of some numbers in a graph.

    Attributes:
        dtype: ``float32``, ``int64``, …; ``?`` where nothing says it.
        shape: ``None`` for an axis that differs between passes; ``None`` in all where nothing says it.
        rows: how many there are on the first axis for each input: 1 where it counts the inputs, more for windows or
            heads; ``None`` where it does not grow with the inputs, or nothing says it.
    """

    dtype: str
    shape: Shape | None
    rows: int | None

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith(("float", "bfloat"))


def sizes_of(model: Any, folder: Path, inputs: Sequence[Input]) -> dict[str, Sizes]:
    """The sizes of all numbers in a graph, by their names.

    Args:
        model: without the weights that lie in other files.
        folder: where these files lie.
        inputs: what goes in, in the graph's order.
    """
    light = _without_weights(model, folder)
    one, other = (_inferred(light, inputs, *sizes) for sizes in zip(_ROWS, _FREE, strict=True))
    passes = (1, 1) if inputs and inputs[0].shape[0] == 1 else _ROWS
    return {name: _compared(one[name], other[name], passes) for name in one if name in other}


def _compared(one: Any, other: Any, passes: tuple[int, int]) -> Sizes:
    """Sizes by those of two passes that differ, and by how many inputs went into each."""
    first, second = shape_of(one), shape_of(other)
    if first is None or second is None or len(first) != len(second):
        return Sizes(dtype_of(one), None, None)
    shape = tuple(size if size == there else None for size, there in zip(first, second, strict=True))
    rows = None
    if shape and first[0] and second[0] and first[0] * passes[1] == second[0] * passes[0]:
        rows = first[0] // passes[0] or None
    return Sizes(dtype_of(one), shape, rows)


def _without_weights(model: Any, folder: Path) -> Any:
    """A model with the constants that may decide a shape; of others nothing but their shapes."""
    from onnx import ModelProto, numpy_helper

    light = ModelProto()
    light.CopyFrom(model)
    for tensor in light.graph.initializer:
        if _decides(tensor):
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor, str(folder)), tensor.name))
            continue
        dims, kind, name = list(tensor.dims), tensor.data_type, tensor.name
        tensor.Clear()
        tensor.dims.extend(dims)
        tensor.data_type, tensor.name = kind, name
    del light.graph.value_info[:]
    for output in light.graph.output:
        output.type.tensor_type.ClearField("shape")
    return light


def _decides(tensor: Any) -> bool:
    """Whether a constant may decide a shape: a few numbers, whole ones where they lie in another file."""
    from onnx import TensorProto

    is_whole = tensor.data_type in (TensorProto.INT64, TensorProto.INT32)
    return math.prod(tensor.dims) <= _MOST_KEPT and (is_whole or not tensor.external_data)


def _inferred(light: Any, inputs: Sequence[Input], rows: int, free: int) -> dict[str, Any]:
    from onnx import shape_inference

    for value, given in zip(inputs_of(light.graph), inputs, strict=False):
        shape = value.type.tensor_type.shape
        shape.Clear()
        for axis, size in enumerate(given.shape):
            shape.dim.add().dim_value = size if size is not None else (free if axis else rows)
    graph = shape_inference.infer_shapes(light, data_prop=True).graph
    return {each.name: each for each in (*graph.input, *graph.value_info, *graph.output)}


def axes_of_channels(graph: Any, sizes: dict[str, Sizes]) -> dict[str, int]:
    """Which axis is that of channels, where a node says it that makes the numbers, or one that they come from."""
    known: dict[str, int] = {}
    for node in graph.node:
        if (axis := _axis(node, known, sizes)) is not None:
            known.update(dict.fromkeys(node.output, axis))
    return known


def _axis(node: Any, known: dict[str, int], sizes: dict[str, Sizes]) -> int | None:
    found = sizes.get(node.output[0])
    shape = found.shape if found is not None else None
    if shape is None or not shape:
        return None
    if node.op_type in _FIRST:
        return 1
    if node.op_type in _LAST:
        return len(shape) - 1
    read = next((name for name in node.input if name in known and name in sizes), None)
    return None if read is None else _followed(node, known[read], sizes[read].shape or (), shape)


def _followed(node: Any, axis: int, before: Shape, shape: Shape) -> int | None:
    """Where an axis of what a node reads is in what it gives."""
    if node.op_type == "Transpose":
        order = next((list(each.ints) for each in node.attribute if each.name == "perm"), [])
        return order.index(axis) if order else None
    if node.op_type in ("Reshape", "Flatten") or len(before) != len(shape):
        return _reshaped(axis, before, shape)
    return axis


def _reshaped(axis: int, before: Shape, shape: Shape) -> int | None:
    """Where an axis went, if it is still there: the last one, or the second."""
    if axis == len(before) - 1 and before[-1] == shape[-1]:
        return len(shape) - 1
    return 1 if axis == 1 and len(shape) > 2 and before[1] == shape[1] else None
