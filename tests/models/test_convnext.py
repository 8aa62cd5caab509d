"""ConvNeXt: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.models.convnext import ConvNeXt as Reference

from junco.models.convnext.config import VARIANTS, ConvNeXtConfig
from junco.models.convnext.model import ConvNeXt
from junco.models.convnext.weights import renames
from model_checks import assert_gives_timms_numbers, assert_has_the_same_weights, with_weights

SMALL = ConvNeXtConfig((1, 2, 2, 1), (8, 12, 16, 24), num_classes=7, layer_scale=0.1)


def both(config, theirs):
    """Ours with their weights, and theirs."""
    return with_weights(ConvNeXt(config), renames(config), theirs)


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, layer_scale=None, kernel_size=5)], ids=["usual", "plain"])
@pytest.mark.parametrize("size", [(64, 64), (96, 72), (70, 101)])
def test_it_gives_timms_numbers(config, size):
    theirs = Reference(
        num_classes=config.num_classes,
        depths=config.depths,
        dims=config.widths,
        kernel_sizes=config.kernel_size,
        ls_init_value=config.layer_scale,
    )
    assert_gives_timms_numbers(*both(config, theirs), *size)


def test_a_named_size_gives_timms_numbers():
    assert_gives_timms_numbers(*both(VARIANTS["convnext_tiny"], timm.create_model("convnext_tiny")), 64, 64)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_size_has_timms_weights_by_name_and_shape(name):
    config = VARIANTS[name]
    with torch.device("meta"):
        assert_has_the_same_weights(ConvNeXt(config), renames(config), timm.create_model(name))
