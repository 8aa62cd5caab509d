"""`Head`: a linear map that learns as a product of two small matrices beside it. `HeadPart`: what of it is trained."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from junco.train.parts import Part

RANK = 64
"""Of what is added to the map, at most: as good on held-out vectors as all of it, at a fifth of the time."""


class Head(nn.Module):
    """A linear map without bias, and what is added to it: y = weight · x + b · (a · x).

    Shapes: (n, dim_in) → (n, dim_out)

    Args:
        start: (dim_out, dim_in), the map as it begins.
    """

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        dim_out, dim_in = start.shape
        rank = min(RANK, dim_out, dim_in)
        self.weight = nn.Parameter(start.clone())
        self.a = nn.Parameter(torch.eye(rank, dim_in))
        self.b = nn.Parameter(torch.zeros(dim_out, rank))
        self._gives_leading = bool(torch.equal(start, torch.eye(dim_out, dim_in)))

    def forward(self, vectors: Tensor) -> Tensor:
        """The map of each."""
        if self._gives_leading:
            return vectors[:, : len(self.b)] + (vectors @ self.a.T) @ self.b.T
        return vectors @ self.weight.T + (vectors @ self.a.T) @ self.b.T

    @torch.no_grad()
    def look_at(self, vectors: Tensor) -> None:
        """Let ``a`` see the directions in which vectors differ most, the weaker ones amplified (half-whitened)."""
        rank = min(len(self.a), len(vectors) - 1)
        _, sizes, directions = torch.pca_lowrank(vectors, q=rank)
        scales = (sizes / sizes[0].clamp(min=1e-12)).clamp(min=1e-3).rsqrt()
        self.a[:rank] = (directions * scales).T

    @torch.no_grad()
    def whole(self) -> Tensor:
        """The map and what is added to it, as one, (dim_out, dim_in)."""
        return self.weight + self.b @ self.a

    @torch.no_grad()
    def settle(self) -> None:
        """Let the map be the whole."""
        self.weight.copy_(self.whole())
        self.b.zero_()
        self._gives_leading = False


class HeadPart(Part):
    """The two matrices of a `Head`; decay of them is decay towards the map that it began as.

    Args:
        network: the head.
    """

    def __init__(self, network: Head) -> None:
        self._head = network
        super().__init__(network, {"a", "b"}, [network], "head.")

    def begin(self, inputs: Tensor) -> None:
        """Look at vectors, (n, dim_in)."""
        self._head.look_at(inputs)

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """``head.weight``: the whole map."""
        return {"head.weight": self._head.whole().cpu().numpy()}

    def close(self) -> None:
        """Let the map be the whole."""
        self._head.settle()
        super().close()
