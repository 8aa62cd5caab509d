"""ConvNeXt: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.models.convnext import ConvNeXt as Reference

from blocks.references import scattered
from junco.models.convnext.config import VARIANTS, ConvNeXtConfig
from junco.models.convnext.model import ConvNeXt
from junco.models.convnext.weights import RENAMES
from junco.models.renames import load

SMALL = ConvNeXtConfig((1, 2, 2, 1), (8, 12, 16, 24), num_classes=7, layer_scale=0.1)


def both(config, theirs):
    """Ours with their weights, and theirs."""
    ours, state = ConvNeXt(config), scattered(theirs).state_dict()
    load(ours, RENAMES.here(state), "test")
    back = RENAMES.there(ours.state_dict())
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())
    return ours.eval(), theirs


def assert_the_same(ours, theirs, *size):
    levels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, features = theirs(levels), theirs.forward_head(theirs.forward_features(levels), pre_logits=True)
        assert (ours(levels) - features).abs().max() <= 1e-5 * features.abs().max()
        assert (ours.classify(levels) - logits).abs().max() <= 1e-5 * logits.abs().max()


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, layer_scale=None, kernel_size=5)], ids=["usual", "plain"])
@pytest.mark.parametrize("size", [(64, 64), (96, 72)])
def test_it_gives_timms_numbers(config, size):
    theirs = Reference(
        num_classes=config.num_classes,
        depths=config.depths,
        dims=config.widths,
        kernel_sizes=config.kernel_size,
        ls_init_value=config.layer_scale,
    )
    assert_the_same(*both(config, theirs), *size)


def test_a_named_size_gives_timms_numbers():
    assert_the_same(*both(VARIANTS["convnext_tiny"], timm.create_model("convnext_tiny")), 64, 64)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_size_has_timms_weights_by_name_and_shape(name):
    with torch.device("meta"):
        ours, theirs = ConvNeXt(VARIANTS[name]).state_dict(), timm.create_model(name).state_dict()
    for found, wanted in ((RENAMES.here(theirs), ours), (RENAMES.there(ours), theirs)):
        assert {each: tensor.shape for each, tensor in found.items()} == {
            each: tensor.shape for each, tensor in wanted.items()
        }
