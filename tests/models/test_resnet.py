"""ResNet and its kin: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.layers import BlurPool2d
from timm.models.resnet import BasicBlock
from timm.models.resnet import Bottleneck as TimmBottleneck
from timm.models.resnet import ResNet as TimmResNet
from timm.models.sknet import SelectiveKernelBasic, SelectiveKernelBottleneck

from junco.errors import IntegrityError, ParameterError
from junco.models.renames import load
from junco.models.resnet.config import VARIANTS, ResNetConfig, Selection
from junco.models.resnet.model import ResNet
from junco.models.resnet.weights import renames
from model_checks import assert_gives_timms_numbers, assert_has_the_same_weights, with_weights

SMALL = {"depths": (1, 2, 1, 1), "widths": (16, 24, 32, 40), "num_classes": 5}
DEEP = {"stem_type": "deep", "stem_width": 32, "avg_down": True}


def _selected(**more):
    return {"block_args": {"sk_kwargs": more}}


PAIRS = {
    "plain": ({}, TimmBottleneck, {}),
    "basic": ({"is_basic": True}, BasicBlock, {}),
    "D": ({"is_deep": True}, TimmBottleneck, DEEP),
    "in groups": ({"groups": 4, "group_width": 16}, TimmBottleneck, {"cardinality": 4, "base_width": 16}),
    "squeezed": ({"is_squeezed": True}, TimmBottleneck, {"block_args": {"attn_layer": "se"}}),
    "antialiased": ({"is_antialiased": True}, TimmBottleneck, {"aa_layer": BlurPool2d}),
    "antialiased, basic": ({"is_antialiased": True, "is_basic": True}, BasicBlock, {"aa_layer": BlurPool2d}),
    "selective": (
        {"selection": Selection(step=32, is_split=False), "groups": 4, "group_width": 16, "is_deep": True},
        SelectiveKernelBottleneck,
        {"cardinality": 4, "base_width": 16, **DEEP, **_selected(rd_ratio=1 / 16, rd_divisor=32, split_input=False)},
    ),
    "selective, basic": (
        {"selection": Selection(8, 16), "is_basic": True},
        SelectiveKernelBasic,
        _selected(rd_ratio=1 / 8, rd_divisor=16, split_input=True),
    ),
}


def assert_gives_the_same(config, theirs, side):
    assert_gives_timms_numbers(*with_weights(ResNet(config), renames(config), theirs), *side)


@pytest.mark.parametrize("side", [(64, 96), (75, 61)])
@pytest.mark.parametrize("kind", PAIRS)
def test_each_kind_gives_timms_numbers(kind, side):
    ours, block, more = PAIRS[kind]
    theirs = TimmResNet(block, SMALL["depths"], channels=SMALL["widths"], num_classes=5, zero_init_last=False, **more)
    assert_gives_the_same(ResNetConfig(**SMALL, **ours), theirs, side)


@pytest.mark.parametrize("name", ["resnet50", "skresnext50_32x4d"])
def test_named_ones_give_timms_numbers(name):
    assert_gives_the_same(VARIANTS[name], timm.create_model(name), (65, 50))


@pytest.mark.parametrize("name", VARIANTS)
def test_each_named_one_has_timms_weights_by_name_and_shape(name):
    config = VARIANTS[name]
    with torch.device("meta"):
        assert_has_the_same_weights(ResNet(config), renames(config), timm.create_model(name))


def test_weights_of_another_member_are_refused_and_none_is_loaded():
    config = ResNetConfig(**SMALL)
    ours = ResNet(config)
    before = {name: tensor.clone() for name, tensor in ours.state_dict().items()}
    state = renames(config).there(ResNet(replace(config, is_squeezed=True, num_classes=7)).state_dict())
    del state["layer1.0.conv2.weight"]
    told = r"missing: stages\.0\.blocks\.0\.middle\.conv\.weight; not known: .*attention.*; of another shape: head"
    with pytest.raises(IntegrityError, match=told):
        load(ours, renames(config).here(state), "test")
    assert all(torch.equal(before[name], tensor) for name, tensor in ours.state_dict().items())


def test_what_no_block_does_is_refused():
    with pytest.raises(ParameterError, match="leave one of both out"):
        ResNetConfig(**SMALL, selection=Selection(), is_antialiased=True)
