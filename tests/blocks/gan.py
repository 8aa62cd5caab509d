"""Blocks of generators and discriminators."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from block_checks import draw_constants
from blocks import Case, Equality
from junco.nn import (
    DownBlock,
    EqualisedConv2d,
    EqualisedLinear,
    MappingNetwork,
    MinibatchStd,
    ModulatedConv2d,
    Resample,
    SpectralNorm,
    StyleBlock,
    UpBlock,
)

_MAPS = (2, 4, 6, 8)

CASES = [
    Case("EqualisedLinear", lambda: EqualisedLinear(6, 5, bias=1.0, rate=0.5), ((2, 6),), (2, 5)),
    Case("EqualisedConv2d", lambda: EqualisedConv2d(4, 5), (_MAPS,), (2, 5, 6, 8)),
    Case("EqualisedConv2d by 2", lambda: EqualisedConv2d(4, 5, stride=2, bias=False), (_MAPS,), (2, 5, 3, 4)),
    Case("SpectralNorm", lambda: SpectralNorm(nn.Linear(6, 5)), ((2, 6),), (2, 5)),
    Case(
        "SpectralNorm of a convolution", lambda: SpectralNorm(nn.Conv2d(4, 5, 3, padding=1), 2), (_MAPS,), (2, 5, 6, 8)
    ),
    Case("Resample", Resample, (_MAPS,), _MAPS),
    Case("Resample to twice the size", lambda: Resample(up=2), (_MAPS,), (2, 4, 12, 16)),
    Case("Resample to twice the size by three taps", lambda: Resample(up=2, taps=(1, 2, 1)), (_MAPS,), (2, 4, 12, 16)),
    Case("Resample to half the size", lambda: Resample(down=2), (_MAPS,), (2, 4, 3, 4)),
    Case("DownBlock", lambda: DownBlock(4, 5), (_MAPS,), (2, 5, 3, 4)),
    Case("UpBlock", lambda: UpBlock(4, 5, norm=nn.BatchNorm2d), (_MAPS,), (2, 5, 12, 16)),
    Case("MappingNetwork", lambda: MappingNetwork(6, 8, 3), ((2, 6),), (2, 8)),
    Case("ModulatedConv2d", lambda: ModulatedConv2d(4, 5, 8), (_MAPS, (2, 8)), (2, 5, 6, 8)),
    Case(
        "ModulatedConv2d to twice the size and not demodulated",
        lambda: ModulatedConv2d(4, 5, 8, 1, demodulate=False, resample=Resample(up=2)),
        (_MAPS, (2, 8)),
        (2, 5, 12, 16),
    ),
    Case("StyleBlock", lambda: StyleBlock(4, 5, 8, resample=Resample(up=2)), (_MAPS, (2, 8)), (2, 5, 12, 16)),
    Case("MinibatchStd", MinibatchStd, (_MAPS,), (2, 5, 6, 8)),
]


def _spectral(layer):
    def pair():
        theirs = parametrizations.spectral_norm(layer())
        draw_constants(theirs)
        ours = SpectralNorm(layer())
        state = theirs.state_dict()
        ours.load_state_dict(
            {
                "left": state["parametrizations.weight.0._u"],
                "right": state["parametrizations.weight.0._v"],
                "layer.weight": state["parametrizations.weight.original"],
                "layer.bias": state["bias"],
            }
        )
        for _ in range(3):  # both have trained for a while
            both = [
                each.train()(torch.ones(4, 6, 3, 3) if layer is _conv else torch.ones(4, 6)) for each in (ours, theirs)
            ]
            assert (both[0] - both[1]).abs().max() < 1e-6
        return ours.eval(), theirs.eval()

    return pair


def _conv():
    return nn.Conv2d(6, 5, 3, padding=1)


def _linear():
    return nn.Linear(6, 5)


def _resampled(ours, theirs):
    return lambda: (ours, theirs)


def _modulated():
    ours = ModulatedConv2d(4, 5, 8)
    draw_constants(ours)

    def theirs(maps, style):
        """The weights of each row, as the paper has it, in a convolution by groups."""
        rows, channels, *sizes = maps.shape
        weight = (ours.weight * ours.scale)[None] * ours.style(style)[:, None, :, None, None]
        weight = weight / (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
        grouped = maps.reshape(1, rows * channels, *sizes)
        found = functional.conv2d(grouped, weight.flatten(0, 1), padding=1, groups=rows)
        return found.reshape(rows, -1, *sizes) + ours.bias[None, :, None, None]

    return ours, theirs


EQUALITIES = [
    Equality("SpectralNorm", "torch.nn.utils.parametrizations.spectral_norm", _spectral(_linear), ((2, 6),)),
    Equality(
        "SpectralNorm",
        "torch.nn.utils.parametrizations.spectral_norm",
        _spectral(_conv),
        ((2, 6, 5, 4),),
        note="of a convolution",
    ),
    Equality(
        "Resample", "torch.nn.Upsample", _resampled(Resample(up=2, taps=(1, 1)), nn.Upsample(scale_factor=2)), (_MAPS,)
    ),
    Equality("Resample", "torch.nn.AvgPool2d", _resampled(Resample(down=2, taps=(1, 1)), nn.AvgPool2d(2)), (_MAPS,)),
    Equality(
        "Resample",
        "torch.nn.functional.interpolate",
        _resampled(
            lambda maps: Resample(up=2)(maps)[:, :, 1:-1, 1:-1],
            lambda maps: functional.interpolate(maps, scale_factor=2, mode="bilinear")[:, :, 1:-1, 1:-1],
        ),
        (_MAPS,),
        note="bilinear, but for the outermost pixels",
    ),
    Equality(
        "ModulatedConv2d", "torch.nn.functional.conv2d", _modulated, (_MAPS, (2, 8)), note="by groups, a row each"
    ),
]
