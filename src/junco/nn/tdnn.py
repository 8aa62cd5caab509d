"""Blocks of sound: convolutions in time that see ever further, and the statistics of what they found."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from junco.nn.parts import Norm, Part, check_divides, check_room, check_sizes, made, part

_LEAST = 1e-12
"""Below which no variance counts."""
Activation = Callable[[], nn.Module]


class TimeDelay(nn.Module):
    """A convolution in time, with the sound's mirror image at its ends, an activation and a normalisation.

    Shapes: (n, in, time) → (n, out, time)

    Formula: y = norm(a(w * x + b)), where w reaches ``dilation · (size - 1) / 2`` steps to either side

    Waibel et al., "Phoneme Recognition Using Time-Delay Neural Networks" (1989).

    Args:
        in_channels, out_channels: of the sound.
        size: of the kernel.
        dilation: steps from one of its weights to the next.
        norm: makes the normalisation.
        activation: makes the activation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int = 3,
        dilation: int = 1,
        *,
        norm: Norm = None,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        check_sizes("TimeDelay", in_channels=in_channels, out_channels=out_channels, size=size, dilation=dilation)
        check_room("TimeDelay", out_channels, in_channels, size)
        self.conv = nn.Conv1d(
            in_channels, out_channels, size, dilation=dilation, padding="same", padding_mode="reflect"
        )
        self.activation, self.norm = activation(), made(norm, out_channels)

    def forward(self, sound: Tensor) -> Tensor:
        found: Tensor = self.norm(self.activation(self.conv(sound)))
        return found


class Residual1d(nn.Module):
    """Two convolutions in time, whose result is added to what came in.

    Shapes: (n, channels, time) → (n, channels, time)

    Formula: y = x + c(a(norm(c(a(norm(x))))))

    He et al., "Identity Mappings in Deep Residual Networks" (2016).

    Args:
        channels: of the sound.
        size: of the kernels.
        dilation: of the first kernel.
        norm: makes the normalisations.
        activation: makes the activations.
    """

    def __init__(
        self,
        channels: int,
        size: int = 3,
        dilation: int = 1,
        *,
        norm: Norm = nn.BatchNorm1d,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        check_sizes("Residual1d", channels=channels, size=size, dilation=dilation)
        check_room("Residual1d", channels, channels, size)
        self.norm1, self.norm2 = made(norm, channels), made(norm, channels)
        self.conv1 = nn.Conv1d(channels, channels, size, dilation=dilation, padding="same")
        self.conv2 = nn.Conv1d(channels, channels, size, padding="same")
        self.activation = activation()

    def forward(self, sound: Tensor) -> Tensor:
        inner = self.conv1(self.activation(self.norm1(sound)))
        found: Tensor = sound + self.conv2(self.activation(self.norm2(inner)))
        return found


class Res2Net1d(nn.Module):
    """Channels in groups: each group is convolved together with what the one before gave, so that it sees further.

    Shapes: (n, channels, time) → (n, channels, time)

    Formula: y₁ = x₁; y₂ = c₂(x₂); yᵢ = cᵢ(xᵢ + yᵢ₋₁)

    Gao et al., "Res2Net: A New Multi-scale Backbone Architecture" (2021).

    Args:
        channels: of the sound.
        num_groups: into which they are cut.
        conv: makes a convolution that keeps a group's shape, of its channels.
    """

    def __init__(self, channels: int, num_groups: int, conv: Callable[[int], nn.Module]) -> None:
        super().__init__()
        check_divides("Res2Net1d", channels, num_groups, "num_groups")
        check_room("Res2Net1d", num_groups, channels // num_groups, channels // num_groups)
        self.num_groups = num_groups
        self.convs = nn.ModuleList(conv(channels // num_groups) for _ in range(num_groups - 1))

    def forward(self, sound: Tensor) -> Tensor:
        first, *others = sound.chunk(self.num_groups, dim=1)
        found = [first]
        for place, (group, conv) in enumerate(zip(others, self.convs, strict=True)):
            found.append(conv(group + found[-1] if place else group))
        return torch.cat(found, dim=1)


class SqueezeExcite1d(nn.Module):
    """Each channel is scaled by what all of them are on average over time.

    Shapes: (n, channels, time) → (n, channels, time)

    Formula: y = x · sigmoid(W₂ relu(W₁ mean x))

    Hu, Shen, Sun, "Squeeze-and-Excitation Networks" (2018).

    Args:
        channels: of the sound.
        inner: channels between both layers.
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        check_sizes("SqueezeExcite1d", channels=channels, inner=inner)
        check_room("SqueezeExcite1d", inner, channels)
        self.squeeze, self.excite = nn.Conv1d(channels, inner, 1), nn.Conv1d(inner, channels, 1)

    def forward(self, sound: Tensor) -> Tensor:
        gates: Tensor = self.excite(self.squeeze(sound.mean(dim=2, keepdim=True)).relu())
        return sound * gates.sigmoid()


class EcapaBlock(nn.Module):
    """The block of ECAPA-TDNN: groups that see ever further, between two layers, and channels scaled by their mean.

    Shapes: (n, in, time) → (n, out, time)

    Formula: y = shortcut(x) + se(t(res2net(t(x)))), with t a time-delay layer of size 1

    Desplanques, Thienpondt, Demuynck, "ECAPA-TDNN" (2020).

    Args:
        in_channels, out_channels: of the sound.
        size, dilation: of the convolutions of the groups.
        num_groups: of channels.
        inner: channels in which the scales are found.
        norm: makes the normalisations.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int = 3,
        dilation: int = 1,
        *,
        num_groups: int = 8,
        inner: int = 128,
        norm: Norm = None,
    ) -> None:
        super().__init__()
        check_divides("EcapaBlock", out_channels, num_groups, "num_groups")
        self.before = TimeDelay(in_channels, out_channels, 1, norm=norm)
        groups = Res2Net1d(out_channels, num_groups, lambda width: TimeDelay(width, width, size, dilation, norm=norm))
        self.groups, self.after = groups, TimeDelay(out_channels, out_channels, 1, norm=norm)
        self.scale = SqueezeExcite1d(out_channels, inner)
        shortcut: Part = None if in_channels == out_channels else nn.Conv1d(in_channels, out_channels, 1)
        self.shortcut = part(shortcut)

    def forward(self, sound: Tensor) -> Tensor:
        found: Tensor = self.shortcut(sound) + self.scale(self.after(self.groups(self.before(sound))))
        return found


class StatisticsPool(nn.Module):
    """Mean and standard deviation over time.

    Shapes: (n, channels, time) → (n, 2 · channels)

    Formula: y = [μ, σ], μ = mean x, σ = √(mean (x - μ)²)

    Snyder et al., "X-Vectors: Robust DNN Embeddings for Speaker Recognition" (2018).
    """

    def forward(self, sound: Tensor) -> Tensor:
        return torch.cat(_statistics(sound, torch.full_like(sound[:1, :1], 1 / sound.shape[2])), dim=1).squeeze(2)


class AttentiveStatisticsPool(nn.Module):
    """Mean and standard deviation over time, where each channel decides by itself which moments count.

    Shapes: (n, channels, time) → (n, 2 · channels)

    Formula: w = softmax over time of (W₂ tanh(t([x, μ, σ]))); y = [Σ w x, √(Σ w (x - Σ w x)²)]

    Okabe, Koshinaka, Shinoda, "Attentive Statistics Pooling for Deep Speaker Embedding" (2018); as Desplanques et al.,
    "ECAPA-TDNN" (2020), have it.

    Args:
        channels: of the sound.
        inner: channels in which the weights are found.
        norm: makes the normalisation of the layer that finds them.
    """

    def __init__(self, channels: int, inner: int = 128, *, norm: Norm = None) -> None:
        super().__init__()
        check_sizes("AttentiveStatisticsPool", channels=channels, inner=inner)
        check_room("AttentiveStatisticsPool", inner, 3 * channels)
        self.look, self.weigh = TimeDelay(3 * channels, inner, 1, norm=norm), nn.Conv1d(inner, channels, 1)

    def forward(self, sound: Tensor) -> Tensor:
        equal = torch.full_like(sound[:1, :1], 1 / sound.shape[2])
        whole = [each.expand_as(sound) for each in _statistics(sound, equal)]
        weights: Tensor = self.weigh(self.look(torch.cat([sound, *whole], dim=1)).tanh()).softmax(dim=2)
        return torch.cat(_statistics(sound, weights), dim=1).squeeze(2)


def _statistics(sound: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over time, each (n, channels, 1)."""
    mean = (weights * sound).sum(dim=2, keepdim=True)
    variance = (weights * (sound - mean).square()).sum(dim=2, keepdim=True)
    return mean, variance.clamp(min=_LEAST).sqrt()
