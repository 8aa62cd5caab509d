"""Many positions become one vector by how they lie around learned centres."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.nn.parts import check_room, check_sizes


class NetVLAD(nn.Module):
    """Sums, for each learned centre, how positions differ from it, each as far as it belongs to that centre.

    Shapes: (n, channels, height, width) or (n, channels, time) → (n, num_centres · channels), of length 1

    Formula: vₖ = Σᵢ softmaxₖ(W xᵢ + b) (xᵢ - cₖ), with xᵢ and each vₖ scaled to length 1; y = v / ‖v‖

    Arandjelović et al., "NetVLAD: CNN Architecture for Weakly Supervised Place Recognition" (2016).

    Args:
        channels: of the feature map.
        num_centres: of the learned centres.
        sharpness: how soon a position belongs to the nearest centre alone, at the beginning.
    """

    def __init__(self, channels: int, num_centres: int = 64, sharpness: float = 10.0) -> None:
        super().__init__()
        check_sizes("NetVLAD", channels=channels, num_centres=num_centres)
        check_room("NetVLAD", num_centres, channels)
        centres = functional.normalize(torch.randn(num_centres, channels), dim=1)
        self.centres = nn.Parameter(centres)
        self.assignment = nn.Conv1d(channels, num_centres, 1)
        with torch.no_grad():
            self.assignment.weight.copy_(2 * sharpness * centres[:, :, None])
            self.assignment.bias.copy_(-sharpness * centres.square().sum(dim=1))  # type: ignore[union-attr]

    def forward(self, maps: Tensor) -> Tensor:
        positions = functional.normalize(maps.flatten(2), dim=1)
        shares: Tensor = self.assignment(positions).softmax(dim=1)
        found = shares @ positions.transpose(1, 2) - shares.sum(dim=2, keepdim=True) * self.centres
        return functional.normalize(functional.normalize(found, dim=2).flatten(1), dim=1)
