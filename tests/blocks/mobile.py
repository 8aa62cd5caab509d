"""Blocks of networks for phones."""

from __future__ import annotations

from functools import partial

from timm.models import _efficientnet_blocks as timm_blocks
from torch import nn
from torchvision.models import efficientnet, mnasnet, mobilenetv2
from torchvision.ops import Conv2dNormActivation

from blocks import Case, Equality
from blocks.by_place import by_place
from junco.nn import (
    ConvCentred,
    ConvNormActivation,
    ConvSame,
    DepthwiseSeparable,
    FusedInvertedResidual,
    InvertedResidual,
    MixedConvolution,
    SqueezeExcitation,
)


def _each(width, kernel=3, **more):
    return ConvNormActivation(width, width, kernel, groups=width, **more)


def _separable(widths, stride=1, squeezed=0, conv=ConvCentred, activation=nn.ReLU):
    return DepthwiseSeparable(
        widths,
        _each(widths[0], stride=stride, conv=conv, activation=activation),
        residual=stride == 1 and widths[0] == widths[1],
        attention=SqueezeExcitation(widths[0], squeezed, activation=activation) if squeezed else None,
    )


def _inverted(widths, kernel=3, stride=1, squeezed=0, conv=ConvCentred, activation=nn.ReLU6):
    return InvertedResidual(
        widths,
        _each(widths[1], kernel, stride=stride, conv=conv, activation=activation),
        residual=stride == 1 and widths[0] == widths[2],
        attention=SqueezeExcitation(widths[1], squeezed, activation=activation) if squeezed else None,
        activation=activation,
    )


def _fused(widths, kernel=3, stride=1, squeezed=0):
    return FusedInvertedResidual(
        widths,
        ConvNormActivation(widths[0], widths[1], kernel, stride=stride, activation=nn.SiLU),
        residual=stride == 1 and widths[0] == widths[2],
        attention=SqueezeExcitation(widths[1], squeezed, activation=nn.SiLU) if squeezed else None,
    )


def _mixed():
    convs = [ConvCentred(8, 8, kernel, groups=8, stride=2) for kernel in (3, 5)]
    depthwise = nn.Sequential(MixedConvolution(convs), nn.BatchNorm2d(16), nn.ReLU())
    return InvertedResidual((4, 16, 6), depthwise, residual=False, activation=nn.ReLU)


def _mixed_of_timm():
    return timm_blocks.InvertedResidual(4, 6, [3, 5], 2, exp_ratio=4.0)


CASES = [
    Case("DepthwiseSeparable", lambda: _separable((8, 8), squeezed=2), ((2, 8, 5, 7),), (2, 8, 5, 7)),
    Case("DepthwiseSeparable of MobileNet", lambda: _separable((8, 12), 2), ((2, 8, 5, 7),), (2, 12, 3, 4)),
    Case("InvertedResidual", lambda: _inverted((4, 16, 4)), ((2, 4, 7, 6),), (2, 4, 7, 6)),
    Case(
        "InvertedResidual as MBConv with TensorFlow's padding",
        lambda: _inverted((4, 16, 6), 5, 2, 2, ConvSame, nn.SiLU),
        ((2, 4, 7, 6),),
        (2, 6, 4, 3),
    ),
    Case("InvertedResidual of MixNet", _mixed, ((2, 4, 7, 6),), (2, 6, 4, 3)),
    Case("FusedInvertedResidual", lambda: _fused((4, 16, 4), squeezed=2), ((2, 4, 7, 6),), (2, 4, 7, 6)),
]


def _pair(ours, theirs):
    return by_place(ours(), theirs())


def _mbconv(kernel, stride, out_width):
    config = efficientnet.MBConvConfig(4, kernel, stride, 8, out_width, 1)
    return by_place(
        _inverted((8, 32, out_width), kernel, stride, 2, activation=nn.SiLU),
        efficientnet.MBConv(config, 0.0, nn.BatchNorm2d),
    )


def _fused_mbconv(kernel, stride, out_width):
    config = efficientnet.FusedMBConvConfig(4, kernel, stride, 8, out_width, 1)
    return by_place(_fused((8, 32, out_width), kernel, stride), efficientnet.FusedMBConv(config, 0.0, nn.BatchNorm2d))


def _timm(block, *sizes, **more):
    more.setdefault("se_layer", partial(timm_blocks.SqueezeExcite, rd_channels=2))
    return partial(block, *sizes, act_layer=nn.SiLU, **more)


def _mobilenet_v1(width, out_width, stride):
    return nn.Sequential(
        Conv2dNormActivation(width, width, 3, stride, groups=width), Conv2dNormActivation(width, out_width, 1)
    )


_SHAPES = ((2, 8, 8, 6), (1, 8, 7, 9))
_PAIRS = [
    (
        "InvertedResidual",
        "torchvision.models.mobilenetv2.InvertedResidual",
        "",
        partial(_pair, partial(_inverted, (8, 32, 8)), partial(mobilenetv2.InvertedResidual, 8, 8, 1, 4)),
    ),
    (
        "InvertedResidual",
        "torchvision.models.mnasnet._InvertedResidual",
        "stride 2",
        partial(
            _pair,
            partial(_inverted, (8, 24, 10), 5, 2, activation=nn.ReLU),
            partial(mnasnet._InvertedResidual, 8, 10, 5, 2, 3),
        ),
    ),
    ("InvertedResidual", "torchvision.models.efficientnet.MBConv", "with a sum", partial(_mbconv, 3, 1, 8)),
    ("InvertedResidual", "torchvision.models.efficientnet.MBConv", "stride 2", partial(_mbconv, 5, 2, 16)),
    (
        "InvertedResidual",
        "timm.models._efficientnet_blocks.InvertedResidual",
        "TensorFlow's padding, stride 2",
        partial(
            _pair,
            partial(_inverted, (8, 32, 12), 5, 2, 2, ConvSame, nn.SiLU),
            _timm(timm_blocks.InvertedResidual, 8, 12, 5, 2, exp_ratio=4.0, pad_type="same"),
        ),
    ),
    (
        "DepthwiseSeparable",
        "timm.models._efficientnet_blocks.DepthwiseSeparableConv",
        "",
        partial(
            _pair,
            partial(_separable, (8, 8), 1, 2, activation=nn.SiLU),
            _timm(timm_blocks.DepthwiseSeparableConv, 8, 8),
        ),
    ),
    (
        "DepthwiseSeparable",
        "torchvision.ops.Conv2dNormActivation",
        "two of them, MobileNet's block",
        partial(
            _pair,
            lambda: DepthwiseSeparable((8, 12), _each(8, stride=2), residual=False, activation=nn.ReLU),
            partial(_mobilenet_v1, 8, 12, 2),
        ),
    ),
    ("FusedInvertedResidual", "torchvision.models.efficientnet.FusedMBConv", "", partial(_fused_mbconv, 3, 1, 8)),
    (
        "FusedInvertedResidual",
        "timm.models._efficientnet_blocks.EdgeResidual",
        "with squeeze-and-excitation, stride 2",
        partial(
            _pair,
            partial(_fused, (8, 32, 12), 3, 2, 2),
            _timm(timm_blocks.EdgeResidual, 8, 12, 3, 2, exp_ratio=4.0),
        ),
    ),
]

EQUALITIES = [
    *(
        Equality(block, reference, pair, (shape,), note=note)
        for block, reference, note, pair in _PAIRS
        for shape in _SHAPES
    ),
    Equality(
        "InvertedResidual",
        "timm.models._efficientnet_blocks.InvertedResidual",
        partial(_pair, _mixed, _mixed_of_timm),
        ((2, 4, 7, 6),),
        note="with a mixed convolution",
    ),
]
