"""Residual blocks of the ResNet family."""

from __future__ import annotations

from functools import partial

from timm.layers import BlurPool2d, EcaModule, SEModule
from timm.models import resnet, sknet
from torch import nn
from torchvision.models.resnet import Bottleneck as TorchvisionBottleneck

from blocks import Case, Equality
from blocks.by_place import by_place
from blocks.excitation import selective
from junco.nn import (
    AveragedShortcut,
    BasicBlock,
    BlurPool,
    Bottleneck,
    ConvNormActivation,
    DeepStem,
    EfficientChannelAttention,
    SqueezeExcitation,
)


def _bottleneck(middle, *, attention=None, averaged=False, stride=1):
    shortcut = AveragedShortcut(16, 32, stride) if averaged else _plain(16, 32, stride)
    return Bottleneck((16, 8, 32), middle, attention=attention, shortcut=shortcut)


def _basic(first, stride=1):
    return BasicBlock((32, 32), first, shortcut=_plain(16, 32, stride))


def _plain(width, out_width, stride):
    return ConvNormActivation(width, out_width, stride=stride, activation=None)


def _theirs(width=8, stride=1, averaged=False, block=resnet.Bottleneck, **more):
    shortcut = (resnet.downsample_avg if averaged else resnet.downsample_conv)(16, 32, 1, stride)
    return block(16, width, stride, shortcut, **more)


def _stem():
    network = resnet.ResNet(resnet.BasicBlock, (1, 1), channels=(8, 8), stem_type="deep", stem_width=8, num_classes=0)
    return nn.Sequential(network.conv1, network.bn1, network.act1)


CASES = [
    Case("Bottleneck", lambda: Bottleneck((16, 4, 16), ConvNormActivation(4, 4, 3)), ((2, 16, 7, 5),), (2, 16, 7, 5)),
    Case(
        "Bottleneck of ResNet-D with attention",
        lambda: Bottleneck(
            (16, 8, 32),
            ConvNormActivation(8, 8, 3, stride=2, groups=4),
            attention=SqueezeExcitation(32, 4),
            shortcut=AveragedShortcut(16, 32),
        ),
        ((2, 16, 7, 6),),
        (2, 32, 4, 3),
    ),
    Case(
        "Bottleneck with selective kernels",
        lambda: Bottleneck((16, 4, 16), selective(4, 4, 8)),
        ((2, 16, 7, 5),),
        (2, 16, 7, 5),
    ),
    Case("BasicBlock", lambda: BasicBlock((8, 8), ConvNormActivation(8, 8, 3)), ((2, 8, 7, 5),), (2, 8, 7, 5)),
    Case("AveragedShortcut", lambda: AveragedShortcut(8, 12), ((2, 8, 7, 6),), (2, 12, 4, 3)),
    Case("DeepStem", DeepStem, ((2, 3, 17, 16),), (2, 64, 9, 8)),
]

_MIDDLE = ConvNormActivation
_PAIRS = [
    ("", "", lambda: _bottleneck(_MIDDLE(8, 8, 3)), _theirs),
    (
        "ResNet-D's, stride 2",
        "",
        lambda: _bottleneck(_MIDDLE(8, 8, 3, stride=2), averaged=True, stride=2),
        partial(_theirs, stride=2, averaged=True),
    ),
    (
        "ResNeXt's, by groups",
        "",
        lambda: _bottleneck(_MIDDLE(8, 8, 3, stride=2, groups=4), stride=2),
        partial(_theirs, stride=2, cardinality=4, base_width=16),
    ),
    (
        "with squeeze-and-excitation",
        "",
        lambda: _bottleneck(_MIDDLE(8, 8, 3), attention=SqueezeExcitation(32, 8)),
        partial(_theirs, attn_layer=partial(SEModule, rd_channels=8)),
    ),
    (
        "with efficient channel attention",
        "",
        lambda: _bottleneck(_MIDDLE(8, 8, 3), attention=EfficientChannelAttention(32)),
        partial(_theirs, attn_layer=EcaModule),
    ),
    (
        "anti-aliased, stride 2",
        "",
        lambda: _bottleneck(nn.Sequential(_MIDDLE(8, 8, 3), BlurPool(8)), stride=2),
        partial(_theirs, stride=2, aa_layer=BlurPool2d),
    ),
    (
        "selective kernels",
        "timm.models.sknet.SelectiveKernelBottleneck",
        lambda: _bottleneck(selective(8, 8, 8, stride=2, groups=2), stride=2),
        partial(
            _theirs,
            stride=2,
            block=sknet.SelectiveKernelBottleneck,
            cardinality=2,
            base_width=32,
            sk_kwargs={"rd_channels": 8, "split_input": False},
        ),
    ),
]
_BASIC = [
    ("stride 2", "", lambda: _basic(_MIDDLE(16, 32, 3, stride=2), 2), partial(_theirs, 32, 2, block=resnet.BasicBlock)),
    (
        "selective kernels",
        "timm.models.sknet.SelectiveKernelBasic",
        lambda: _basic(selective(16, 32, 8, split=True)),
        partial(_theirs, 32, block=sknet.SelectiveKernelBasic, sk_kwargs={"rd_channels": 8}),
    ),
]
_SHAPES = ((2, 16, 8, 8), (1, 16, 9, 5))


def _pair(ours, theirs):
    return by_place(ours(), theirs())


EQUALITIES = [
    *(
        Equality(block, reference or f"timm.models.resnet.{block}", partial(_pair, ours, theirs), (shape,), note=note)
        for block, pairs in (("Bottleneck", _PAIRS), ("BasicBlock", _BASIC))
        for note, reference, ours, theirs in pairs
        for shape in _SHAPES
    ),
    Equality(
        "Bottleneck",
        "torchvision.models.resnet.Bottleneck",
        lambda: by_place(Bottleneck((32, 8, 32), ConvNormActivation(8, 8, 3)), TorchvisionBottleneck(32, 8)),
        ((2, 32, 7, 6),),
    ),
    *(
        Equality(
            "AveragedShortcut",
            "timm.models.resnet.downsample_avg",
            partial(_pair, lambda: AveragedShortcut(16, 32), lambda: resnet.downsample_avg(16, 32, 1, 2)),
            (shape,),
        )
        for shape in _SHAPES
    ),
    Equality(
        "DeepStem",
        "timm.models.resnet.ResNet",
        lambda: by_place(DeepStem((3, 8, 8, 16)), _stem()),
        ((2, 3, 17, 30),),
        note="stem_type deep",
    ),
]
