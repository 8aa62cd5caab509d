"""`Part`: what of a network is trained: which weights, which layers change their ways for it, and what comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

State = dict[str, Tensor]
"""Tensors by their names, on the CPU, which nobody else writes to."""


class Part:
    """Weights of a network that are trained; all others, and layers outside, stay as in use.

    Args:
        network: all of it.
        trained: names of its parameters that are trained.
        modules: layers that are as in training: dropout drops, and BatchNorm takes its statistics of the batch, where
            it has none of its own yet: those of a trained network are worth more than those of a few batches.
        prefix: of names of what comes out.

    Attributes:
        parameters: those that are trained, by name.
        num_weights: numbers of the whole network.
        fingerprint: of the network as it came: names, shapes and numbers.
    """

    lora_scale: float | None = None

    def __init__(self, network: nn.Module, trained: set[str], modules: Sequence[nn.Module], prefix: str) -> None:
        self.network, self._modules, self._prefix = network, tuple(modules), prefix
        self.fingerprint = _fingerprint(network)
        self._learned = [module for each in modules for module in each.modules() if _has_statistics(module)]
        self.num_weights = sum(weight.numel() for weight in network.parameters())
        self._train(trained)

    def _train(self, trained: set[str]) -> None:
        self.parameters = {name: weight for name, weight in self.network.named_parameters() if name in trained}
        for weight in self.network.parameters():
            weight.requires_grad_(False)
        for weight in self.parameters.values():
            weight.requires_grad_(True)
        self._kept = self._names_of_state()
        self.start = self.state()

    @property
    def num_trained(self) -> int:
        """Numbers that are trained."""
        return sum(weight.numel() for weight in self.parameters.values())

    def begin(self, inputs: Tensor) -> None:
        """Look at what goes in, (n, …) of some examples, before anything is trained."""

    def as_in_training(self) -> None:
        """Set the layers that are trained to training, all others to use."""
        self.network.eval()
        for module in self._modules:
            module.train()
        without_batch_statistics(self._learned)

    def as_in_use(self) -> None:
        """Set all layers to use."""
        self.network.eval()

    def state(self) -> State:
        """A copy of what training changes: weights that are trained, and statistics of their layers."""
        there = self.network.state_dict()
        return {name: there[name].detach().to("cpu", copy=True) for name in self._kept}

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Put a `state` back."""
        there = self.network.state_dict()
        for name in self._kept:
            there[name].copy_(state[name])

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """What differs from how it began, by the names of a tuned folder."""
        now = self.state()
        changed = [name for name in now if not torch.equal(now[name], self.start[name])]
        return {f"{self._prefix}{name}": now[name].numpy() for name in changed}

    def close(self) -> None:
        """Leave the network plain, with its weights as they are now, on the CPU and as in use."""
        self.network.to("cpu").eval()
        for weight in self.network.parameters():
            weight.grad = None

    def _names_of_state(self) -> list[str]:
        trained = {id(weight) for weight in self.parameters.values()}
        statistics = {
            id(buffer)
            for module in self._modules
            for inner in module.modules()
            for buffer in inner.buffers(recurse=False)
        }
        named = [
            *self.network.named_parameters(remove_duplicate=False),
            *self.network.named_buffers(remove_duplicate=False),
        ]
        wanted = {name for name, tensor in named if id(tensor) in trained | statistics}
        return [name for name in self.network.state_dict() if name in wanted]


def without_batch_statistics(modules: Sequence[nn.Module]) -> None:
    """Let BatchNorm normalise by what it has seen before, also in training."""
    for module in modules:
        if isinstance(module, _BatchNorm):
            module.eval()


def _has_statistics(module: nn.Module) -> bool:
    """Whether BatchNorm has seen anything before."""
    if not isinstance(module, _BatchNorm) or module.running_mean is None or module.running_var is None:
        return False
    return bool(module.running_mean.count_nonzero()) or bool((module.running_var != 1).any())


def _fingerprint(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        if isinstance(tensor, Tensor):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
