"""`LoraPart`: small matrices beside the weights, which alone are trained. Hu et al., "LoRA" (2021), by peft."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from junco.errors import TrainError
from junco.train.parts import Part, without_batch_statistics

SCALE = 2.0
"""What the product of the two matrices is multiplied by: peft's ``lora_alpha`` is twice the rank."""
_ADAPTER = "tuned"


class LoraPart(Part):
    """Adapters beside all linear layers and ungrouped convolutions; the weights themselves stay.

    What comes out: ``lora.<name>.a`` (rank, in …) and ``lora.<name>.b`` (out, rank …), by the names of the weights'
    layers: weight += lora_scale · (b.flatten(1) @ a.flatten(1)).reshape(weight.shape).

    Args:
        network: all of it; adapters are put into it.
        rank: of the matrices.
        owner: the operator's name, for messages.

    Raises:
        TrainError: no layer can take an adapter.
    """

    lora_scale = SCALE

    def __init__(self, network: nn.Module, rank: int, owner: str) -> None:
        self._layers = _layers(network)
        if not self._layers:
            raise TrainError(
                f"{owner!r}: scope='lora' takes linear layers or convolutions, and its network has none that stands "
                "by itself: take scope='all', the names of layers, or scope='head'"
            )
        before = sum(weight.numel() for weight in network.parameters())
        super().__init__(network, set(), (), "lora.")  # reads the fingerprint while the network is plain
        _inject(network, list(self._layers), rank)
        self._adapters = {name: network.get_submodule(name) for name in self._layers}
        names = {name for name, _ in network.named_parameters() if f".{_ADAPTER}." in name}
        fingerprint = self.fingerprint
        super().__init__(network, names, (), "lora.")
        self.fingerprint, self.num_weights = fingerprint, before

    def as_in_training(self) -> None:
        """Dropout drops; BatchNorm stays as it is, for its statistics are no part of what comes out."""
        self.network.train()
        without_batch_statistics([*self.network.modules()])

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """Both matrices of each layer in which they do anything."""
        found: dict[str, npt.NDArray[np.generic]] = {}
        for name, adapter in self._adapters.items():
            a, b = (_matrix(adapter, kind) for kind in ("lora_A", "lora_B"))
            if torch.count_nonzero(b):
                found[f"lora.{name}.a"], found[f"lora.{name}.b"] = a.numpy(), b.numpy()
        return found

    def close(self) -> None:
        """Add the products to the weights, and take the adapters out."""
        for name, adapter in self._adapters.items():
            layer = self._layers[name]
            a, b = (_matrix(adapter, kind) for kind in ("lora_A", "lora_B"))
            with torch.no_grad():
                product = (b.flatten(1) @ a.flatten(1)).reshape(layer.weight.shape)
                layer.weight += SCALE * product.to(layer.weight.device)
            above, _, last = name.rpartition(".")
            setattr(self.network.get_submodule(above), last, layer)
        super().close()


def _layers(network: nn.Module) -> dict[str, Any]:
    """Layers that can take an adapter, by name. Those inside torch's own attention are read past their modules."""
    inside = [name for name, module in network.named_modules() if isinstance(module, nn.MultiheadAttention)]
    return {
        name: module
        for name, module in network.named_modules()
        if name and _can_take(module) and not any(name.startswith(f"{outer}.") for outer in inside)
    }


def _can_take(module: nn.Module) -> bool:
    if isinstance(module, nn.Conv2d):
        return module.groups == 1 and module.padding_mode == "zeros"
    return isinstance(module, nn.Linear)


def _inject(network: nn.Module, names: list[str], rank: int) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    pattern = "|".join(re.escape(name) for name in names)
    config = LoraConfig(r=rank, lora_alpha=round(SCALE * rank), target_modules=f"(?:{pattern})")
    inject_adapter_in_model(config, network, _ADAPTER)


def _matrix(adapter: Any, kind: str) -> torch.Tensor:
    weight: torch.Tensor = getattr(adapter, kind)[_ADAPTER].weight
    return weight.detach().to("cpu", torch.float32, copy=True)
