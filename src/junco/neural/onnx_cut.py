"""An ONNX file that ends at some of its layers: what lies behind them is gone, and they are pooled in the graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from junco.neural.derived import derived
from junco.neural.layer import Axes, Pool
from junco.neural.listing import Chosen
from junco.neural.onnx_graph import files_of, inputs_of, read_graph
from junco.neural.onnx_layers import OWN, names_in, reads_of, taps_of
from junco.neural.pooling import GEM_LEAST, GEM_POWER
from junco.runtime.source import Source

_FAR, _ALL = 1e30, 2**62
"""How far below all others the numbers of a token are put that is not there, where the highest is wanted;
an end behind all."""


def cut_onnx(source: Source, chosen: Chosen) -> Source:
    """The source that gives the pooled numbers of some layers, one behind the other, and computes nothing else.

    Args:
        source: complete, of an ONNX file.
        chosen: the layers.
    """
    path = Path(source.onnx or "")
    _, locations = read_graph(path, source.name)
    said = repr([(str(each), each.axes) for each in chosen.layers] + [(chosen.pool, chosen.mask)])
    recipe = f"layer-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    made = derived(files_of(path, locations, source.name), recipe, partial(cut, chosen=chosen))
    return replace(source, onnx=made, recipe=f"{source.recipe}, {chosen.recipe}")


def cut(model: Any, chosen: Chosen) -> Any:
    """A model as another one, which ends at the layers.

    Args:
        model: is changed.
        chosen: where it ends, and how each is pooled.
    """
    from onnx import TensorProto, helper

    graph = model.graph
    tensors = {tap.name: tap.tensor for tap in taps_of(graph)}
    _drop_all_but(graph, {tensors[each] for each in chosen.layers})
    pen = _Pen(graph, inputs_of(graph)[chosen.mask].name if chosen.mask is not None else "")
    ends = [pen.pooled(tensors[each], each.axes, chosen.pool) for each in chosen.layers]
    end = pen.add("Concat", *ends, axis=1)
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(end, TensorProto.FLOAT, ["n", "dim"]))
    return model


def _drop_all_but(graph: Any, wanted: set[str]) -> None:
    """Let go of the nodes and the weights that nothing wanted is made of; the inputs stay."""
    needed, nodes = set(wanted), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(reads_of(node))
            nodes.append(node)
    held = {each.name for each in graph.initializer}
    kept = {
        "node": nodes[::-1],
        "initializer": [each for each in graph.initializer if each.name in needed],
        "sparse_initializer": [each for each in graph.sparse_initializer if each.values.name in needed],
        "input": [each for each in graph.input if each.name in needed or each.name not in held],
        "value_info": [],
    }
    for field, values in kept.items():
        del getattr(graph, field)[:]
        getattr(graph, field).extend(values)


class _Pen:
    """Puts nodes into a graph."""

    def __init__(self, graph: Any, mask: str) -> None:
        self._graph = graph
        self._mask = mask
        self._taken = names_in(graph)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node; the name of what it gives."""
        from onnx import helper

        result = self._free("junco_layer")
        self._graph.node.append(helper.make_node(kind, list(inputs), [result], f"{OWN}{result}", **attributes))
        return result

    def _free(self, start: str) -> str:
        """A name that nothing in the graph has."""
        name = next(each for at in count() if (each := f"{start}_{at}") not in self._taken)
        self._taken.add(name)
        return name

    def constant(self, value: Any, dtype: type = np.float32) -> str:
        from onnx import numpy_helper

        name = self._free("junco_constant")
        self._graph.initializer.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def pooled(self, tensor: str, axes: Axes, pool: Pool) -> str:
        """Some numbers as (n, dim), float32, as `junco.neural.pooling` has it."""
        from onnx import TensorProto

        numbers = self.add("Cast", tensor, to=TensorProto.FLOAT)
        if pool == "none" or axes.order == "c":
            return self.add("Flatten", numbers, axis=1)
        if pool == "cls":
            return self.add("Gather", numbers, self.constant(0, np.int64), axis=1)
        if axes.num_prefix:
            ends = [self.constant([value], np.int64) for value in (axes.num_prefix, _ALL, 1)]
            numbers = self.add("Slice", numbers, *ends)
        channels = 1 + axes.order.index("c")
        others = [axis for axis in range(1, 1 + len(axes.order)) if axis != channels]
        if channels != 1:
            numbers = self.add("Transpose", numbers, perm=[0, channels, *others])
        columns = self.add("Reshape", numbers, self.constant([0, 0, -1], np.int64))
        return self.add("Flatten", self._POOLS[pool](self, columns, self._mask if axes.is_masked else ""), axis=1)

    def _mean(self, columns: str, mask: str) -> str:
        """(n, channels, count) → (n, channels, 1); the nodes that every version of ONNX knows by the same name."""
        if not mask:
            return self.add("GlobalAveragePool", columns)
        there = self._row(mask)
        summed, counted = (self.add("GlobalAveragePool", each) for each in (self.add("Mul", columns, there), there))
        return self.add("Div", summed, counted)

    def _max(self, columns: str, mask: str) -> str:
        if mask:
            there = self._row(mask)
            far = self.add("Mul", self.add("Sub", there, self.constant(1)), self.constant(_FAR))
            columns = self.add("Add", self.add("Mul", columns, there), far)
        return self.add("GlobalMaxPool", columns)

    def _gem(self, columns: str, mask: str) -> str:
        raised = self.add("Pow", self.add("Max", columns, self.constant(GEM_LEAST)), self.constant(GEM_POWER))
        return self.add("Pow", self._mean(raised, mask), self.constant(1 / GEM_POWER))

    def _row(self, mask: str) -> str:
        """The mask (n, length) as float32 (n, 1, length)."""
        from onnx import TensorProto

        return self.add("Cast", self.add("Reshape", mask, self.constant([0, 1, -1], np.int64)), to=TensorProto.FLOAT)

    _POOLS: dict[str, Callable[[_Pen, str, str], str]] = {"mean": _mean, "max": _max, "gem": _gem}
