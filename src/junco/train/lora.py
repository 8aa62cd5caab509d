"""`LoraPart`: small matrices beside the weights, which alone are trained. Hu et al., "LoRA" (2021).

They are parametrisations of the weights, torch's own, and not modules beside the layers, as peft puts them: so they
serve layers of any class (a convolution with TensorFlow's padding as well as one of torch's), and nobody who reads a
layer's weight past its module, as torch's attention does, reads past them.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from junco.errors import TrainError
from junco.train.parts import Part, without_batch_statistics

SCALE = 2.0
"""What the product of the two matrices is multiplied by."""


class Product(nn.Module):
    """A weight → the weight and what is added to it: scale · (b · a), in its shape. Nothing at first.

    Args:
        weight: (out, in …).
        rank: numbers between the two matrices.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.empty(rank, *weight.shape[1:]))
        self.b = nn.Parameter(torch.zeros(len(weight), rank))
        nn.init.kaiming_uniform_(self.a.data.flatten(1), a=5**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        """The sum."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + SCALE * (self.b @ self.a.flatten(1)).reshape(weight.shape)


class LoraPart(Part):
    """Products beside the weights of linear layers and convolutions; the weights themselves stay.

    Those that are too small to have one of that rank, as convolutions a channel, have none.

    What comes out: ``lora.<name>.a`` (rank, in …) and ``lora.<name>.b`` (out, rank), by the names of the layers:
    weight += lora_scale · (b @ a.flatten(1)).reshape(weight.shape).

    Args:
        network: all of it; it has the products until `close`.
        rank: of the matrices.
        owner: the operator's name, for messages.

    Raises:
        TrainError: no layer can have one.
    """

    lora_scale = SCALE

    def __init__(self, network: nn.Module, rank: int, owner: str) -> None:
        self._layers = _layers(network, rank)
        if not self._layers:
            raise TrainError(
                f"{owner!r}: scope='lora' with rank={rank} takes linear layers or convolutions of more than {rank} "
                "numbers in and out, and its network has none: take a lower rank, scope='all', the names of layers, or "
                "scope='head'"
            )
        super().__init__(network, set(), (), "lora.")  # its fingerprint is that of the plain network
        self._products: dict[str, Product] = {}
        for name, layer in self._layers.items():
            self._products[name] = Product(layer.get_parameter("weight"), rank)
            parametrize.register_parametrization(layer, "weight", self._products[name])
        trained = {id(weight) for product in self._products.values() for weight in product.parameters()}
        self._train({name for name, weight in network.named_parameters() if id(weight) in trained})

    def as_in_training(self) -> None:
        """Dropout drops; BatchNorm stays as it is, for its statistics are no part of what comes out."""
        self.network.train()
        without_batch_statistics([*self.network.modules()])

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """Both matrices of each layer in which they do anything."""
        found: dict[str, npt.NDArray[np.generic]] = {}
        for name, product in self._products.items():
            if torch.count_nonzero(product.b):
                found[f"lora.{name}.a"] = product.a.detach().cpu().numpy()
                found[f"lora.{name}.b"] = product.b.detach().cpu().numpy()
        return found

    def close(self) -> None:
        """Add the products to the weights, and take them out."""
        for layer in self._layers.values():
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        super().close()


def _layers(network: nn.Module, rank: int) -> dict[str, nn.Module]:
    """Layers that can have a product, by name; not those that share a weight with another."""
    owners = Counter(id(weight) for _, weight in network.named_parameters(remove_duplicate=False))
    return {
        name: module
        for name, module in network.named_modules()
        if name
        and isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d))
        and min(len(module.weight), module.weight[0].numel()) > rank
        and owners[id(module.weight)] == 1
    }
