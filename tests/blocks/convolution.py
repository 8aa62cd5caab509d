"""Convolutions, and what makes them smaller or leaves parts of them out."""

from __future__ import annotations

from functools import partial

import torch
from timm.layers import BlurPool2d, CondConv2d, Conv2dSame, ConvNormAct, MixedConv2d, create_conv2d
from torch import nn
from torchvision.ops import Conv2dNormActivation, drop_block2d

from blocks import Case, Equality
from blocks.by_place import by_place
from junco.nn import (
    BlurPool,
    ConditionalConvolution,
    ConvCentred,
    ConvNormActivation,
    ConvSame,
    DropBlock,
    MixedConvolution,
)

CASES = [
    Case("ConvCentred", lambda: ConvCentred(6, 8, 3, stride=2), ((2, 6, 11, 8),), (2, 8, 6, 4)),
    Case("ConvCentred 1×7", lambda: ConvCentred(6, 8, (1, 7), groups=2), ((2, 6, 9, 8),), (2, 8, 9, 8)),
    Case("ConvSame", lambda: ConvSame(6, 8, 3, stride=2), ((2, 6, 11, 8),), (2, 8, 6, 4)),
    Case("ConvSame dilated", lambda: ConvSame(6, 6, 4, dilation=3, bias=True), ((2, 6, 9, 10),), (2, 6, 9, 10)),
    Case(
        "ConvNormActivation",
        lambda: ConvNormActivation(6, 8, 3, stride=2, activation=nn.SiLU),
        ((2, 6, 11, 8),),
        (2, 8, 6, 4),
    ),
    Case(
        "ConvNormActivation alone",
        lambda: ConvNormActivation(6, 8, norm=None, activation=None),
        ((2, 6, 5, 5),),
        (2, 8, 5, 5),
    ),
    Case("BlurPool", lambda: BlurPool(4), ((2, 4, 9, 12),), (2, 4, 5, 6)),
    Case("DropBlock", lambda: DropBlock(0.2, 3), ((2, 4, 9, 12),), (2, 4, 9, 12)),
    Case("DropBlock on a small map", lambda: DropBlock(0.2, 7), ((2, 4, 4, 2),), (2, 4, 4, 2)),
    Case(
        "MixedConvolution",
        lambda: MixedConvolution([ConvSame(4, 4, 3, stride=2, groups=4), ConvSame(2, 2, 5, stride=2, groups=2)]),
        ((2, 6, 11, 8),),
        (2, 6, 6, 4),
    ),
    Case(
        "ConditionalConvolution",
        lambda: ConditionalConvolution(6, 8, 3, stride=2, groups=2),
        ((2, 6, 11, 8),),
        (2, 8, 6, 4),
    ),
    Case("ConditionalConvolution 1×1", lambda: ConditionalConvolution(6, 8, 1), ((2, 6, 5, 7),), (2, 8, 5, 7)),
]


def _mixed(kernels, stride):
    widths = [len(kernels) + 10 % len(kernels)] + [3] * (len(kernels) - 1)
    total = sum(widths)
    theirs = MixedConv2d(total, total, kernels, stride=stride, padding="same", depthwise=True, bias=True)
    convs = [
        ConvSame(each.in_channels, each.in_channels, k, stride=stride, groups=each.in_channels, bias=True)
        for k, each in zip(kernels, theirs.values(), strict=True)
    ]
    return by_place(MixedConvolution(convs), theirs)


class _Routed(nn.Module):
    """A conditional convolution of timm's with the routing of its residual block."""

    def __init__(self, *sizes, **more):
        super().__init__()
        self.routing = nn.Linear(sizes[0], 4)
        self.conv = CondConv2d(*sizes, **more)

    def forward(self, x):
        return self.conv(x, torch.sigmoid(self.routing(x.mean((2, 3)))))


def _conditional(*sizes, **more):
    theirs = _Routed(*sizes, **more)
    ours = ConditionalConvolution(*sizes, **more)
    by_place(nn.ModuleList([ours.routing]), theirs.routing)
    ours.weight.data.normal_(std=0.1)
    theirs.conv.weight.data = ours.weight.data.flatten(1)
    return ours.eval(), theirs.eval()


def _drop_block(rate, side):
    ours = DropBlock(rate, side).train()

    def seeded(function):
        def called(x):
            torch.manual_seed(5)
            return function(x)

        return called

    return seeded(ours), seeded(lambda x: drop_block2d(x, rate, side))


def _same(*sizes, **more):
    return by_place(ConvSame(*sizes, bias=True, **more), Conv2dSame(*sizes, **more))


EQUALITIES = [
    *(
        Equality(
            "ConvCentred",
            "timm.layers.create_conv2d",
            lambda kernel=kernel, more=more: by_place(
                ConvCentred(6, 8, kernel, **more), create_conv2d(6, 8, kernel, **more)
            ),
            ((2, 6, 11, 8),),
            note=f"kernel {kernel}, {', '.join(f'{name} {value}' for name, value in more.items())}",
        )
        for kernel, more in ((3, {"stride": 2}), (5, {"dilation": 2, "bias": True}), (4, {"groups": 2}))
    ),
    *(
        Equality(
            "ConvSame",
            "timm.layers.Conv2dSame",
            partial(_same, 6, 8, kernel, stride=stride, dilation=dilation),
            (shape,),
            note=note,
        )
        for kernel, stride, dilation, shape, note in (
            (3, 2, 1, (2, 6, 12, 16), "stride 2, even sides"),
            (5, 2, 1, (2, 6, 13, 7), "stride 2, odd sides"),
            (3, 1, 2, (2, 6, 9, 11), "dilated"),
            (4, 3, 1, (1, 6, 10, 17), "an even kernel, stride 3"),
            (3, 4, 1, (1, 6, 9, 6), "a stride above the kernel"),
        )
    ),
    Equality(
        "ConvNormActivation",
        "torchvision.ops.Conv2dNormActivation",
        lambda: by_place(
            ConvNormActivation(6, 8, 5, stride=2, groups=2, activation=nn.SiLU),
            Conv2dNormActivation(6, 8, 5, stride=2, groups=2, activation_layer=nn.SiLU),
        ),
        ((2, 6, 13, 8),),
    ),
    Equality(
        "ConvNormActivation",
        "timm.layers.ConvNormAct",
        lambda: by_place(
            ConvNormActivation(6, 8, 3, dilation=2, activation=None),
            ConvNormAct(6, 8, 3, dilation=2, apply_act=False),
        ),
        ((2, 6, 7, 9),),
        note="dilated, without activation",
    ),
    *(
        Equality(
            "BlurPool",
            "timm.layers.BlurPool2d",
            lambda k=kernel, s=stride: (BlurPool(4, k, s), BlurPool2d(4, k, s)),
            (shape,),
            note=f"kernel {kernel}, stride {stride}",
        )
        for kernel, stride, shape in (
            (3, 2, (2, 4, 9, 12)),
            (5, 2, (2, 4, 7, 11)),
            (3, 1, (1, 4, 5, 6)),
            (4, 2, (1, 4, 10, 7)),
        )
    ),
    Equality(
        "DropBlock",
        "torchvision.ops.drop_block2d",
        partial(_drop_block, 0.3, 3),
        ((2, 4, 9, 12),),
        note="in training, by one seed",
    ),
    Equality(
        "DropBlock",
        "torchvision.ops.drop_block2d",
        partial(_drop_block, 0.1, 7),
        ((3, 2, 20, 7),),
        note="a square as wide as the map",
    ),
    Equality(
        "MixedConvolution", "timm.layers.MixedConv2d", partial(_mixed, [3, 5, 7], 2), ((2, 10, 13, 8),), note="stride 2"
    ),
    Equality("MixedConvolution", "timm.layers.MixedConv2d", partial(_mixed, [3, 9], 1), ((1, 5, 11, 10),)),
    Equality(
        "ConditionalConvolution",
        "timm.layers.CondConv2d",
        partial(_conditional, 6, 8, 3, stride=2),
        ((3, 6, 11, 8),),
        note="with the routing of timm's CondConvResidual",
    ),
    Equality(
        "ConditionalConvolution",
        "timm.layers.CondConv2d",
        partial(_conditional, 6, 6, 5, groups=6),
        ((2, 6, 9, 10),),
        note="one group a channel",
    ),
]
