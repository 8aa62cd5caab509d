"""Attention over channels, and kernels that are selected."""

from __future__ import annotations

from functools import partial

from timm.layers import EcaModule, SEModule
from timm.layers import SelectiveKernel as TimmSelectiveKernel
from torch import nn
from torchvision.ops import SqueezeExcitation as TorchvisionSqueezeExcitation

from blocks import Case, Equality
from blocks.by_place import by_place
from junco.nn import ConvNormActivation, EfficientChannelAttention, SelectiveKernel, SqueezeExcitation


def selective(width, out_width, inner_width, *, split=False, **sizes):
    each = width // 2 if split else width
    paths = [ConvNormActivation(each, out_width, 3, dilation=dilation, **sizes) for dilation in (1, 2)]
    return SelectiveKernel(out_width, inner_width, paths, split=split)


def _selective(*sizes, split, **more):
    width, out_width, inner_width = sizes
    theirs = TimmSelectiveKernel(width, out_width, rd_channels=inner_width, split_input=split, **more)
    return by_place(selective(*sizes, split=split, **more), theirs)


CASES = [
    Case("SqueezeExcitation", lambda: SqueezeExcitation(8, 2), ((2, 8, 5, 6),), (2, 8, 5, 6)),
    Case(
        "SqueezeExcitation with a norm",
        lambda: SqueezeExcitation(8, 4, norm=nn.BatchNorm2d, activation=nn.SiLU, gate=nn.Hardsigmoid),
        ((2, 8, 5, 6),),
        (2, 8, 5, 6),
    ),
    Case("EfficientChannelAttention", lambda: EfficientChannelAttention(8), ((2, 8, 5, 6),), (2, 8, 5, 6)),
    Case("SelectiveKernel", lambda: selective(6, 8, 4, stride=2, groups=2), ((2, 6, 9, 8),), (2, 8, 5, 4)),
    Case("SelectiveKernel split", lambda: selective(6, 8, 4, split=True), ((2, 6, 9, 8),), (2, 8, 9, 8)),
]

EQUALITIES = [
    Equality(
        "SqueezeExcitation",
        "torchvision.ops.SqueezeExcitation",
        lambda: by_place(
            SqueezeExcitation(8, 2, activation=nn.SiLU), TorchvisionSqueezeExcitation(8, 2, activation=nn.SiLU)
        ),
        ((2, 8, 5, 7),),
    ),
    Equality(
        "SqueezeExcitation",
        "timm.layers.SEModule",
        lambda: by_place(
            SqueezeExcitation(16, 8, norm=nn.BatchNorm2d), SEModule(16, rd_channels=8, norm_layer=nn.BatchNorm2d)
        ),
        ((3, 16, 7, 4),),
        note="with a norm",
    ),
    *(
        Equality(
            "EfficientChannelAttention",
            "timm.layers.EcaModule",
            lambda width=width: by_place(EfficientChannelAttention(width), EcaModule(width)),
            ((2, width, 5, 7),),
            note=f"{width} channels",
        )
        for width in (8, 64, 256, 1024)
    ),
    Equality(
        "SelectiveKernel",
        "timm.layers.SelectiveKernel",
        partial(_selective, 6, 8, 4, split=False, stride=2),
        ((2, 6, 9, 8),),
        note="stride 2",
    ),
    Equality(
        "SelectiveKernel",
        "timm.layers.SelectiveKernel",
        partial(_selective, 8, 8, 4, split=False, groups=4),
        ((2, 8, 7, 7),),
        note="with groups",
    ),
    Equality(
        "SelectiveKernel",
        "timm.layers.SelectiveKernel",
        partial(_selective, 8, 12, 4, split=True),
        ((2, 8, 10, 5),),
        note="each path its share",
    ),
]
