"""``image-embedding.junco``: networks out of junco's blocks give timm's vectors in timm's space."""

from __future__ import annotations

import numpy as np
import pytest

from junco.builtin.image_embedding.junco import JuncoEmbedding
from junco.builtin.image_embedding.timm import TimmEmbedding
from junco.errors import ParameterError
from junco.models.by_name import names

SMALL = ["resnet18", "efficientnet_b0", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "convnext_tiny"]
NAMED = [
    "resnet50",
    "resnet101",
    "skresnext50_32x4d",
    "inception_v4",
    "efficientnet_b7",
    "tf_efficientnet_b7",
    "swin_base_patch4_window7_224",
    "swin_large_patch4_window7_224",
    "vit_large_patch16_224",
]
"""What the pipelines of the family run."""
PLAIN = {"pretrained": False, "seed": 3, "runtime": "torch", "dtype": "float32"}


@pytest.mark.parametrize("model", SMALL)
def test_its_vectors_are_those_of_timm_and_so_is_their_space(model, photo):
    ours, theirs = JuncoEmbedding(model, **PLAIN), TimmEmbedding(model, **PLAIN)
    vector, expected = ours(photo), theirs(photo)
    np.testing.assert_allclose(vector, expected, atol=1e-5 * float(np.abs(expected).max()), rtol=0)
    assert ours.space() == theirs.space()
    assert ours.preparation() == theirs.preparation()


@pytest.mark.slow
@pytest.mark.parametrize("model", NAMED)
def test_what_the_pipelines_run_is_built_of_blocks_too(model, photo):
    vector, expected = JuncoEmbedding(model, **PLAIN)(photo), TimmEmbedding(model, **PLAIN)(photo)
    np.testing.assert_allclose(vector, expected, atol=1e-5 * float(np.abs(expected).max()), rtol=0)


def test_what_the_pipelines_run_is_known_by_name():
    assert set(NAMED) <= set(names())


def test_its_layers_have_names_of_stages_and_can_be_taken(photo):
    found = JuncoEmbedding("resnet18", **PLAIN).layers()
    assert "stages.2" in found
    assert JuncoEmbedding("resnet18", layer="stages.2", pool="max", **PLAIN)(photo).shape == (256,)


def test_a_network_that_is_not_built_of_blocks_is_refused_with_near_names():
    with pytest.raises(ParameterError, match=r"no network 'resnet5' .* Did you mean .*resnet50.* runs any model"):
        JuncoEmbedding("resnet5", pretrained=False)


def test_an_address_on_a_hub_is_refused_by_what_it_takes():
    with pytest.raises(ParameterError, match=r"takes timm's names alone, no hub's and no folder's\. .* runs any model"):
        JuncoEmbedding("hf-hub:timm/resnet50.a1_in1k", pretrained=False)
