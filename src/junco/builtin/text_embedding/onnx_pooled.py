"""A text model in an ONNX file, made ready for passes: ids and mask in, a vector for each text out.

Files differ in which inputs they take and whether they pool. What is missing (a type for each token, the mean over
tokens) is put into the graph itself, once, and kept under ``JUNCO_HOME/files``; so all runtimes run one and the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from junco.errors import ParameterError
from junco.neural.derived import derived
from junco.neural.onnx_graph import described, dtype_of, files_of, inputs_of, read_graph, shape_of
from junco.neural.onnx_layers import OWN

IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
_VECTORS = "sentence_embedding"
"""What is a vector for each text, where a file gives several outputs."""


@dataclass(frozen=True, slots=True)
class TextOnnx:
    """What such a file says.

    Attributes:
        path: of the file.
        files: it, and those that hold weights outside it.
        output: the name of what is taken.
        has_tokens: it is the tokens' vectors (n, length, dim), which have to be pooled, not (n, dim).
    """

    path: Path
    files: tuple[Path, ...]
    output: str
    has_tokens: bool

    @classmethod
    def read(cls, path: Path, owner: str) -> TextOnnx:
        """The file, if it is a model of texts.

        Raises:
            UnavailableError: it is not there, or a file of its weights is not.
            ParameterError: it is broken, or takes or gives something else.
        """
        model, locations = read_graph(path, owner)
        inputs = inputs_of(model.graph)
        names = {each.name for each in inputs}
        is_known = {IDS, MASK} <= names <= {IDS, MASK, TYPES}
        if not (is_known and all(dtype_of(each) in ("int64", "int32") for each in inputs)):
            raise ParameterError(
                f"{owner!r}: {str(path)!r} must take {IDS}, {MASK} and perhaps {TYPES}, whole numbers (n, length); "
                f"its inputs: {described(inputs)}"
            )
        output = _output(model.graph.output, path, owner)
        return cls(path, files_of(path, locations, owner), output.name, len(shape_of(output) or ()) == 3)

    def ready(self, pooling: str) -> Path:
        """The file that takes ids and mask, int64, and gives (n, dim), made if it is not here yet.

        Args:
            pooling: ``mean``, ``cls`` or ``none``.
        """
        return derived(self.files, f"text-{pooling}", partial(self._pooled, pooling=pooling))

    def _pooled(self, model: Any, pooling: str) -> Any:
        from onnx import TensorProto, helper

        _take_ids_and_mask(model.graph)
        result = _pool(model.graph, self.output, pooling) if self.has_tokens else self.output
        del model.graph.output[:]
        model.graph.output.append(helper.make_tensor_value_info(result, TensorProto.FLOAT, ["n", "dim"]))
        return model


def _output(outputs: Sequence[Any], path: Path, owner: str) -> Any:
    """What to take: a vector for each text before vectors of tokens."""
    floats = [each for each in outputs if dtype_of(each) == "float32" and len(shape_of(each) or ()) in (2, 3)]
    named = [each for each in floats if each.name == _VECTORS]
    if not floats:
        raise ParameterError(
            f"{owner!r}: {str(path)!r} must give vectors, float32 (n, dim) or (n, length, dim); its outputs: "
            f"{described(list(outputs))}"
        )
    return (named or floats)[0]


def _take_ids_and_mask(graph: Any) -> None:
    """Inputs in one order and of one type; each token's type is 0."""
    from onnx import TensorProto, helper

    given = {each.name: each.type.tensor_type.elem_type for each in inputs_of(graph)}
    held = [each for each in graph.input if each.name not in given]
    del graph.input[:]
    nodes = []
    for name in (IDS, MASK):
        graph.input.append(helper.make_tensor_value_info(f"junco_{name}", TensorProto.INT64, ["n", "length"]))
        nodes.append(helper.make_node("Cast", [f"junco_{name}"], [name], f"{OWN}{name}", to=given[name]))
    if TYPES in given:
        nodes.append(helper.make_node("Sub", [f"junco_{IDS}"] * 2, ["junco_types"], f"{OWN}zeros"))
        nodes.append(helper.make_node("Cast", ["junco_types"], [TYPES], f"{OWN}{TYPES}", to=given[TYPES]))
    graph.input.extend(held)
    for place, node in enumerate(nodes):
        graph.node.insert(place, node)


def _pool(graph: Any, tokens: str, pooling: str) -> str:
    """Add the pooling of tokens' vectors; the name of its result."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    def add(kind: str, *inputs: str, **attributes: Any) -> str:
        result = f"junco_pool_{len(graph.node)}"
        graph.node.append(helper.make_node(kind, list(inputs), [result], f"{OWN}{result}", **attributes))
        return result

    def numbers(name: str, *values: int) -> str:
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    if pooling == "cls":
        first = add("Gather", tokens, numbers("junco_first", 0), axis=1)
        return add("Squeeze", first, numbers("junco_length", 1))
    last, length = numbers("junco_last", 2), numbers("junco_length", 1)
    mask = add("Unsqueeze", add("Cast", f"junco_{MASK}", to=TensorProto.FLOAT), last)
    summed = add("ReduceSum", add("Mul", tokens, mask), length, keepdims=0)
    return add("Div", summed, add("ReduceSum", mask, length, keepdims=0))
