"""The network TransNet V2 in torch: 100 small frames → for each of the middle 50 how surely a shot ends with it.

Souček, T., Lokoč, J.: TransNet V2: An effective deep network architecture for fast shot transition detection (2020),
https://arxiv.org/abs/2008.04838. Six layers of convolutions, each over space (3×3) and then over time (3 frames, 1, 2,
4 and 8 apart), tell what moves; beside them, how similar each frame is to the 50 before and after it, by the network's
features and by its colours.

Frames lie in memory pixel by pixel, all channels together, so that convolutions over space and over time need no copy
between them; batch normalisation is part of the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

WINDOW, CONTEXT = 100, 25
"""Frames that go in together, and how many of them on each side are there for the others alone."""
STEPS = (1, 2, 4, 8)
"""How many frames apart the convolutions over time look."""
FILTERS = (16, 32, 64)
"""Of each stack."""
_REACH = 50
_BINS = 8
"""Of each colour, for histograms."""


def transnet_v2() -> nn.Module:
    """Levels uint8 (n, 100, 27, 48, 3) → logits (n, 50); with random weights."""
    import torch
    from torch import nn

    class TransNetV2(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            channels = (3, *(4 * filters for filters in FILTERS))
            self.stacks = nn.ModuleList(
                _stack(inputs, filters) for inputs, filters in zip(channels[:-1], FILTERS, strict=True)
            )
            self.features = nn.Linear(sum(channels[1:]), 128)
            self.feature_similarity = nn.Linear(2 * _REACH + 1, 128)
            self.colour_similarity = nn.Linear(2 * _REACH + 1, 128)
            self.hidden = nn.Linear(channels[-1] * 3 * 6 + 256, 1024)
            self.cut = nn.Linear(1024, 1)

        def forward(self, levels: torch.Tensor) -> torch.Tensor:
            n, t, height, width, _ = levels.shape
            pixels = levels.float()
            x = (pixels.reshape(n * t, height, width, 3) / 255).permute(0, 3, 1, 2)
            means = []
            for stack in self.stacks:
                x = stack(x, n)
                means.append(x.mean((2, 3)).reshape(n, t, -1))
            by_features = self.feature_similarity(_similarity(self.features(torch.cat(means, 2))))
            by_colour = self.colour_similarity(_similarity(_histograms(pixels)))
            seen = x.permute(0, 2, 3, 1).reshape(n, t, -1)
            x = torch.cat((by_colour.relu(), by_features.relu(), seen), 2)[:, CONTEXT : WINDOW - CONTEXT]
            logits: torch.Tensor = self.cut(self.hidden(x).relu())
            return logits.squeeze(2)

    return TransNetV2()


def _stack(inputs: int, filters: int) -> nn.Module:
    """Two layers, the first one's result added to the second's, at half the size."""
    from torch import nn
    from torch.nn import functional

    class Stack(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = _layer(inputs, filters)
            self.second = _layer(4 * filters, filters)

        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            first = self.first(x, n).relu()
            return functional.avg_pool2d(self.second(first, n).relu() + first, 2)

    return Stack()


def _layer(inputs: int, filters: int) -> nn.Module:
    """Convolutions over space, then over frames 1, 2, 4 and 8 apart: (n·t, channels, h, w) → (n·t, 4·filters, h, w)."""
    import torch
    from torch import nn

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.space = nn.ModuleList(nn.Conv2d(inputs, 2 * filters, 3, padding=1, bias=False) for _ in STEPS)
            self.time = nn.ModuleList(
                nn.Conv2d(2 * filters, filters, (3, 1), dilation=(step, 1), padding=(step, 0)) for step in STEPS
            )

        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            frames, _, height, width = x.shape
            parts = []
            for space, time in zip(self.space, self.time, strict=True):
                flat = space(x).permute(0, 2, 3, 1).reshape(n, frames // n, height * width, -1)
                parts.append(time(flat.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
            return torch.cat(parts, 3).reshape(frames, height, width, -1).permute(0, 3, 1, 2)

    return Layer()


def _similarity(features: torch.Tensor) -> torch.Tensor:
    """(n, t, dim) → cosines (n, t, 101) with the frames from 50 before to 50 after; 0 where there are none."""
    import torch
    from torch.nn import functional

    n, t, _ = features.shape
    features = functional.normalize(features, dim=2)
    cosines = functional.pad(features @ features.transpose(1, 2), (_REACH, _REACH))
    near = torch.arange(t, device=features.device)[:, None] + torch.arange(2 * _REACH + 1, device=features.device)
    return cosines.gather(2, near.expand(n, -1, -1))


def _histograms(pixels: torch.Tensor) -> torch.Tensor:
    """Levels (n, t, height, width, 3) → how many pixels there are of each of 512 colours, (n, t, 512)."""
    import torch

    n, t = pixels.shape[:2]
    red, green, blue = (pixels * (_BINS / 256)).floor().unbind(4)
    colours = ((red * _BINS + green) * _BINS + blue).reshape(n, t, -1).long()
    none = torch.zeros((n, t, _BINS**3), device=pixels.device)
    return none.scatter_add(2, colours, torch.ones_like(colours, dtype=torch.float32))
