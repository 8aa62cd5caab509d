"""EfficientNet and EfficientNet-Lite: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.models.efficientnet import _gen_efficientnet, _gen_efficientnet_lite

from junco.errors import IntegrityError
from junco.models.efficientnet.config import VARIANTS, EfficientNetConfig
from junco.models.efficientnet.model import EfficientNet
from junco.models.efficientnet.weights import renames
from junco.models.efficientnet_lite.config import NETWORKS
from junco.models.renames import load
from model_checks import assert_gives_timms_numbers, assert_has_the_same_weights, with_weights

NAMED = {**VARIANTS, **{f"tf_efficientnet_{name}": config for name, config in NETWORKS.items()}}


def assert_gives_the_same(config, theirs, side):
    assert_gives_timms_numbers(*with_weights(EfficientNet(config), renames(config), theirs), *side)


@pytest.mark.parametrize("name", ["efficientnet_b0", "tf_efficientnet_b0", "tf_efficientnet_lite0"])
@pytest.mark.parametrize("side", [(64, 64), (75, 97)])
def test_the_smallest_gives_timms_numbers(name, side):
    assert_gives_the_same(NAMED[name], timm.create_model(name), side)


@pytest.mark.parametrize("has_same_padding", [True, False])
@pytest.mark.parametrize(("width", "depth"), [(0.25, 1.1), (0.5, 0.6)])
def test_any_size_gives_timms_numbers(width, depth, has_same_padding):
    padding = {"pad_type": "same", "bn_eps": 1e-3} if has_same_padding else {}
    config = EfficientNetConfig(width, depth, has_same_padding, 1e-3 if has_same_padding else 1e-5, num_classes=7)
    theirs = _gen_efficientnet("efficientnet_b0", width, depth, num_classes=7, **padding)
    assert_gives_the_same(config, theirs, (70, 61))
    lite = _gen_efficientnet_lite("tf_efficientnet_lite0", width, depth, num_classes=7, **padding)
    assert_gives_the_same(replace(config, is_lite=True), lite, (61, 70))


@pytest.mark.parametrize("name", NAMED)
def test_every_size_has_timms_weights_by_name_and_shape(name):
    config = NAMED[name]
    with torch.device("meta"):
        assert_has_the_same_weights(EfficientNet(config), renames(config), timm.create_model(name))


def test_weights_of_another_size_are_refused_and_none_is_loaded():
    ours = EfficientNet(VARIANTS["efficientnet_b0"])
    before = {name: tensor.clone() for name, tensor in ours.state_dict().items()}
    with pytest.raises(IntegrityError, match=r"(?s)not known: stages\.0\.blocks\.1.*of another shape: "):
        load(ours, renames(ours.config).here(timm.create_model("efficientnet_b2").state_dict()), "test")
    assert all(torch.equal(before[name], tensor) for name, tensor in ours.state_dict().items())


def test_a_network_of_no_classes_has_no_head():
    network = EfficientNet(EfficientNetConfig(0.25, 0.5, num_classes=0))
    assert network.head is None
    assert network(torch.zeros(1, 3, 40, 40)).shape == (1, network.config.dim)
