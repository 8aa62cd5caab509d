"""Spectral normalisation: a layer that stretches no vector by more than 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.parts import check_sizes

_FIRST_ITERATIONS = 15


class SpectralNorm(nn.Module):
    """A layer whose weight is divided by its largest singular value, found by power iteration while it trains.

    Shapes: those of the layer

    Formula: y = layer(x; W / σ), σ = uᵀ W v, where u ← Wv / ‖Wv‖ and v ← Wᵀu / ‖Wᵀu‖

    Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018).

    Args:
        layer: with a ``weight`` whose first axis is its outputs: linear, or a convolution that is not transposed.
        num_iterations: at each step of training.
    """

    left: Tensor
    right: Tensor

    def __init__(self, layer: nn.Module, num_iterations: int = 1) -> None:
        super().__init__()
        check_sizes("SpectralNorm", num_iterations=num_iterations)
        weight = getattr(layer, "weight", None)
        if not isinstance(weight, Tensor) or weight.ndim < 2:
            raise ParameterError(
                f"SpectralNorm: {type(layer).__name__} has no weight of two or more axes: give a linear layer or a "
                "convolution"
            )
        self.layer, self.num_iterations = layer, num_iterations
        matrix = weight.detach().flatten(1)
        self.register_buffer("left", functional.normalize(torch.randn_like(matrix[:, 0]), dim=0))
        self.register_buffer("right", functional.normalize(torch.randn_like(matrix[0]), dim=0))
        self._iterate(matrix, _FIRST_ITERATIONS)

    def forward(self, given: Tensor) -> Tensor:
        weight: Tensor = self.layer.get_parameter("weight")
        matrix = weight.flatten(1)
        if self.training:
            self._iterate(matrix.detach(), self.num_iterations)
        # copies, since a second pass changes them before the first one's gradients are taken
        sigma = self.left.clone() @ (matrix @ self.right.clone())
        found: Tensor = self.layer(given / sigma)  # the same as with W / σ, since all but the bias is linear
        return found

    def _iterate(self, matrix: Tensor, num_iterations: int) -> None:
        with torch.no_grad():
            for _ in range(num_iterations):
                self.left.copy_(functional.normalize(matrix @ self.right, dim=0))
                self.right.copy_(functional.normalize(matrix.T @ self.left, dim=0))
