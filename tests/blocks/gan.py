"""Blocks of generators and discriminators."""

from __future__ import annotations

from functools import partial

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
    ours = _drawn(ModulatedConv2d(4, 5, 8))
    return ours, partial(_by_groups, ours)


def _filtered(maps, up=1, down=1):
    """Written out: zeros between pixels, the padding, every tap by itself, and pixels that are left out."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    rows, channels, height, width = maps.shape
    spread = maps.new_zeros(rows, channels, height * up, width * up)
    spread[:, :, ::up, ::up] = maps
    before = {(1, 1): 2, (2, 1): 2, (1, 2): 1}[up, down]
    padded = functional.pad(spread, (before, 3 - before, before, 3 - before))
    found = sum(
        taps[i] * taps[j] * padded[:, :, i : i + height * up, j : j + width * up] for i in range(4) for j in range(4)
    )
    return up**2 * found[:, :, ::down, ::down]


def _equalised(conv):
    """The weights of an equalised convolution as a plain one has them."""
    return lambda maps: functional.conv2d(
        maps, conv.weight / conv.weight[0].numel() ** 0.5, conv.bias, padding=conv.weight.shape[2] // 2
    )


def _drawn(block):
    draw_constants(block)
    return block


def _down():
    ours = _drawn(DownBlock(4, 5))
    first, second, beside = map(_equalised, (ours.conv1, ours.conv2, ours.shortcut))

    def theirs(maps):
        inner = functional.silu(second(_filtered(functional.silu(first(maps)), down=2)))
        return (beside(_filtered(maps, down=2)) + inner) / 2**0.5

    return ours, theirs


def _up():
    ours = _drawn(UpBlock(4, 5))
    first, second, beside = map(_equalised, (ours.conv1, ours.conv2, ours.shortcut))

    def theirs(maps):
        inner = second(functional.silu(first(_filtered(functional.silu(maps), up=2))))
        return beside(_filtered(maps, up=2)) + inner

    return ours, theirs


def _by_groups(conv, maps, style, enlarge=lambda maps: maps):
    """The weights of each row, as the paper has it, in a convolution by groups."""
    rows, channels, *_ = maps.shape
    scales = functional.linear(style, conv.style.weight / style.shape[1] ** 0.5, conv.style.bias)
    weight = (conv.weight / conv.weight[0].numel() ** 0.5)[None] * scales[:, None, :, None, None]
    weight = weight / (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
    larger = enlarge(maps)
    grouped = larger.reshape(1, rows * channels, *larger.shape[2:])
    found = functional.conv2d(grouped, weight.flatten(0, 1), padding=1, groups=rows)
    return found.reshape(rows, -1, *larger.shape[2:]) + conv.bias[None, :, None, None]


def _style_block():
    ours = _drawn(StyleBlock(4, 5, 8, resample=Resample(up=2)))

    def leaky(maps):
        return 2**0.5 * functional.leaky_relu(maps, 0.2)

    def theirs(maps, style):
        inner = leaky(_by_groups(ours.conv1, maps, style, lambda each: _filtered(each, up=2)))
        return leaky(_by_groups(ours.conv2, inner, style))

    return ours, theirs


def _mapping():
    ours = _drawn(MappingNetwork(6, 8, 3))

    def theirs(vectors):
        vectors = vectors / (vectors.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
        for layer in ours.layers:
            weight, bias = 0.01 * layer.weight / vectors.shape[1] ** 0.5, 0.01 * layer.bias
            vectors = 2**0.5 * functional.leaky_relu(functional.linear(vectors, weight, bias), 0.2)
        return vectors

    return ours, theirs


def _more_channel():
    def theirs(maps):
        spread = (maps.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        return torch.cat([maps, spread.expand(len(maps), 1, *maps.shape[2:])], dim=1)

    return MinibatchStd(), theirs


def _linear_by_hand():
    ours = _drawn(EqualisedLinear(6, 5, rate=0.5))
    return ours, lambda x: functional.linear(x, 0.5 * ours.weight / 6**0.5, 0.5 * ours.bias)


def _conv_by_hand():
    ours = _drawn(EqualisedConv2d(4, 5))
    return ours, _equalised(ours)


_CONV = "torch.nn.functional.conv2d"
EQUALITIES = [
    *(
        Equality(
            "Resample",
            _CONV,
            _resampled(Resample(**more), partial(_filtered, **more)),
            (_MAPS,),
            note=f"written out, {note}",
        )
        for more, note in (({}, "of one size"), ({"up": 2}, "twice the size"), ({"down": 2}, "half the size"))
    ),
    Equality("DownBlock", _CONV, _down, (_MAPS,), note="written out"),
    Equality("UpBlock", _CONV, _up, (_MAPS,), note="written out"),
    Equality("StyleBlock", _CONV, _style_block, (_MAPS, (2, 8)), note="by groups, a row each, to twice the size"),
    Equality("EqualisedConv2d", _CONV, _conv_by_hand, (_MAPS,), note="of scaled weights"),
    Equality("EqualisedLinear", "torch.nn.functional.linear", _linear_by_hand, ((2, 6),), note="of scaled weights"),
    Equality("MappingNetwork", "torch.nn.functional.linear", _mapping, ((3, 6),), note="written out"),
    Equality("MinibatchStd", "torch.var", _more_channel, ((4, 3, 5, 6),)),
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
    Equality("ModulatedConv2d", _CONV, _modulated, (_MAPS, (2, 8)), note="by groups, a row each"),
]
