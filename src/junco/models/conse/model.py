"""ConSE's way of texts into the space of an image model, as a torch module: an encoder of texts, and what follows it.

Method: Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings" (2014), turned round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

if TYPE_CHECKING:
    import torch

SHARPNESS = 20.0
"""By which cosines are multiplied before a softmax makes shares of them."""


def text_network(encoder: torch.nn.Module, names: tuple[npt.NDArray[Any], ...], rows: torch.Tensor) -> torch.nn.Module:
    """Ids and mask int64 (n, length) → (n, dim): the mix of the classes' directions among the image model's features.

    Args:
        encoder: ids and mask → vectors of length 1.
        names: ids and mask of the names of the classes.
        rows: the image model's classifier, a row for each class (classes, dim); of each the direction from their mean
            counts.
    """
    import torch

    class Network(torch.nn.Module):
        names: torch.Tensor
        rows: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            with torch.inference_mode():
                made = encoder(*map(torch.from_numpy, names))
            self.register_buffer("names", made.clone())
            self.register_buffer("rows", torch.nn.functional.normalize(rows - rows.mean(dim=0)))

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            cosines = self.encoder(ids, mask) @ self.names.T
            return torch.softmax(SHARPNESS * cosines, dim=1) @ self.rows

    return Network().eval()
