"""Swin and Swin-V2: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.models.swin_transformer import SwinTransformer
from timm.models.swin_transformer_v2 import SwinTransformerV2

from junco.models.swin.config import VARIANTS, SwinConfig
from junco.models.swin.model import Swin
from junco.models.swin.weights import renames
from model_checks import assert_gives_timms_numbers, assert_has_the_same_weights, with_weights

SMALL = SwinConfig(12, (2, 3, 2), (2, 3, 4), window=4, image_size=64, num_classes=7)
V2 = replace(SMALL, is_v2=True)
CONFIGS = {
    "swin": SMALL,
    "swin whose map windows do not divide": replace(SMALL, image_size=76),
    "swin with windows of 5": replace(SMALL, window=5, image_size=56),
    "swin-v2": V2,
    "swin-v2 whose map windows do not divide": replace(V2, image_size=76),
    "swin-v2 trained with other windows": replace(V2, trained_windows=(3, 3, 2)),
}


def reference(config, **changed):
    kind = SwinTransformerV2 if config.is_v2 else SwinTransformer
    if config.trained_windows:
        changed["pretrained_window_sizes"] = config.trained_windows
    return kind(
        patch_size=config.patch,
        num_classes=config.num_classes,
        embed_dim=config.width,
        depths=config.depths,
        num_heads=config.num_heads,
        window_size=config.window,
        **{"img_size": config.image_size, **changed},
    )


def both(config, theirs):
    """Ours with their weights, and theirs."""
    return with_weights(Swin(config), renames(config), theirs)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_it_gives_timms_numbers(config):
    assert_gives_timms_numbers(*both(config, reference(config)), config.image_size, config.image_size)


def test_a_named_size_gives_timms_numbers():
    name = "swin_tiny_patch4_window7_224"
    assert_gives_timms_numbers(*both(VARIANTS[name], timm.create_model(name)), 224, 224)


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, image_size=90)], ids=["even", "odd"])
@pytest.mark.parametrize("size", [(72, 96), (100, 116)])
def test_a_picture_of_another_size_gives_the_numbers_of_timms_network_for_that_size(config, size):
    assert_gives_timms_numbers(*both(config, reference(config, img_size=size)), *size)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_size_has_timms_weights_by_name_and_shape(name):
    config = VARIANTS[name]
    with torch.device("meta"):
        assert_has_the_same_weights(Swin(config), renames(config), timm.create_model(name))


@pytest.mark.parametrize("config", [SMALL, V2], ids=["swin", "swin-v2"])
def test_the_numbers_of_stages_are_timms(config):
    ours, theirs = both(config, reference(config))
    found = []
    for stage in ours.stages:
        stage.register_forward_hook(lambda *given: found.append(given[2]))
    levels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        ours(levels)
        wanted = theirs.forward_intermediates(levels, intermediates_only=True, output_fmt="NCHW")
    for ours_stage, theirs_stage in zip(found, wanted, strict=True):
        assert (ours_stage.permute(0, 3, 1, 2) - theirs_stage).abs().max() <= 1e-5 * theirs_stage.abs().max()


def test_gradients_are_timms():
    ours, theirs = both(SMALL, reference(SMALL))
    levels = torch.randn(2, 3, 64, 64)
    slopes = []
    for each in (ours.classify, theirs):
        own = levels.clone().requires_grad_()
        each(own).square().mean().backward()
        slopes.append(own.grad)
    assert (slopes[0] - slopes[1]).abs().max() <= 1e-4
