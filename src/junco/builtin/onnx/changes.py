"""Changes of ONNX graphs: a model → a model, for `derived`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from junco.neural.onnx_layers import OWN

OUTPUT = "joined"


def dequantized(model: Any) -> Any:
    """Weights that are stored in few bits, with a scale for each block of them, as the float32 that they stand for."""
    from onnx import numpy_helper

    graph = model.graph
    stored = {each.name: each for each in graph.initializer}
    folded = {}
    for node in [node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[0] in stored]:
        folded[node.output[0]] = _floats(node, stored)
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input} | {each.name for each in graph.output}
    kept = [each for name, each in stored.items() if name in used]
    added = [numpy_helper.from_array(array, name) for name, array in folded.items()]
    inputs = [each for each in graph.input if each.name in used and each.name not in {*stored, *folded}]
    for field, values in ((graph.initializer, [*kept, *added]), (graph.input, inputs), (graph.value_info, [])):
        del field[:]
        field.extend(values)
    return model


def _floats(node: Any, stored: dict[str, Any]) -> npt.NDArray[np.float32]:
    from onnx import helper, numpy_helper

    told = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    axis, block = told.get("axis", 1), told.get("block_size", 0)
    values, scale, *zero = (numpy_helper.to_array(stored[name]).astype(np.float32) for name in node.input if name)
    spread = [_spread(each, values, axis, block) for each in (scale, *zero)]
    return ((values - (spread[1] if zero else 0)) * spread[0]).astype(np.float32)


def _spread(scale: npt.NDArray[np.float32], values: npt.NDArray[Any], axis: int, block: int) -> npt.NDArray[np.float32]:
    """A scale for every value: one for all, one for each index of the axis, or one for each block along it."""
    if scale.size == 1:
        return scale.reshape(())
    if block:
        return np.repeat(scale, block, axis).take(range(values.shape[axis]), axis)
    return scale.reshape([-1 if index == axis else 1 for index in range(values.ndim)])


def joined(model: Any) -> Any:
    """All outputs, each flattened, as one of shape (1, dim), in their order; for passes of one row."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    names = [each.name for each in graph.output]
    graph.initializer.append(numpy_helper.from_array(np.array([1, -1], np.int64), f"{OUTPUT}_shape"))
    flat = [f"{name}_{OUTPUT}" for name in names]
    for name, to in zip(names, flat, strict=True):
        graph.node.append(helper.make_node("Reshape", [name, f"{OUTPUT}_shape"], [to], f"{OWN}{to}"))
    graph.node.append(helper.make_node("Concat", flat, [OUTPUT], f"{OWN}{OUTPUT}", axis=1))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, None]))
    return model
