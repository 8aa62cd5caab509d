"""ViT and DeiT-III: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

from dataclasses import replace

import pytest
import timm
import torch
from timm.models.vision_transformer import VisionTransformer

from junco.errors import IntegrityError
from junco.models.renames import load
from junco.models.vit.config import VARIANTS, ViTConfig
from junco.models.vit.model import ViT
from junco.models.vit.weights import renames
from model_checks import assert_gives_timms_numbers, assert_has_the_same_weights, with_weights

SMALL = ViTConfig(24, 3, 4, patch=8, image_size=32, num_classes=7)
CONFIGS = {
    "vit": SMALL,
    "deit3": replace(SMALL, class_has_position=False, layer_scale=0.1),
    "with registers": replace(SMALL, class_has_position=False, layer_scale=0.1, num_registers=4),
    "whose registers have positions": replace(SMALL, num_registers=2),
}


def reference(config, **changed):
    return VisionTransformer(
        img_size=config.image_size,
        patch_size=config.patch,
        num_classes=config.num_classes,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.num_heads,
        no_embed_class=not config.class_has_position,
        init_values=config.layer_scale,
        reg_tokens=config.num_registers,
        **changed,
    )


def both(config, theirs):
    """Ours with their weights, and theirs."""
    return with_weights(ViT(config), renames(config), theirs)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_it_gives_timms_numbers(config):
    assert_gives_timms_numbers(*both(config, reference(config)), 32, 32)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("size", [(48, 40), (24, 32), (37, 50)])
def test_a_picture_of_another_size_gives_timms_numbers(config, size):
    theirs = reference(config, dynamic_img_size=True, dynamic_img_pad=True)
    assert_gives_timms_numbers(*both(config, theirs), *size)


def test_a_named_size_gives_timms_numbers():
    assert_gives_timms_numbers(
        *both(VARIANTS["vit_tiny_patch16_224"], timm.create_model("vit_tiny_patch16_224")), 224, 224
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_every_size_has_timms_weights_by_name_and_shape(name):
    config = VARIANTS[name]
    with torch.device("meta"):
        assert_has_the_same_weights(ViT(config), renames(config), timm.create_model(name))


def test_the_numbers_of_layers_are_timms():
    ours, theirs = both(SMALL, reference(SMALL))
    found = []
    ours.blocks[1].register_forward_hook(lambda *given: found.append(given[2]))
    levels = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        ours(levels)
        (wanted, prefix), *_ = theirs.forward_intermediates(
            levels, indices=[1], intermediates_only=True, output_fmt="NLC", return_prefix_tokens=True
        )
    assert (found[0] - torch.cat([prefix, wanted], 1)).abs().max() <= 1e-5


def test_weights_of_another_size_are_refused_whole():
    ours = ViT(SMALL)
    before = {name: tensor.clone() for name, tensor in ours.state_dict().items()}
    state = renames(SMALL).here(reference(replace(SMALL, width=16)).state_dict())
    del state["norm.weight"]
    with pytest.raises(IntegrityError, match=r"missing: norm\.weight; of another shape: .*prefix\.tokens is"):
        load(ours, {**state}, "test")
    assert all(torch.equal(tensor, before[name]) for name, tensor in ours.state_dict().items())


def test_without_classes_there_is_no_classifier():
    assert ViT(replace(SMALL, num_classes=0)).head is None
