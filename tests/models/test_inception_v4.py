"""Inception-v4: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

import pytest
import timm
import torch

from blocks.references import scattered
from junco.errors import IntegrityError
from junco.models.inception_v4.config import DIM, VARIANTS, InceptionV4Config
from junco.models.inception_v4.model import InceptionV4
from junco.models.inception_v4.weights import renames
from junco.models.renames import load

CONFIG = VARIANTS["inception_v4"]


@pytest.fixture(scope="module")
def theirs():
    return scattered(timm.create_model("inception_v4"))


@pytest.fixture(scope="module")
def ours(theirs):
    network = InceptionV4(CONFIG)
    load(network, renames(CONFIG).here(theirs.state_dict()), "test")
    return network.eval()


@pytest.mark.parametrize("side", [(96, 96), (99, 77)])
def test_it_gives_timms_numbers(ours, theirs, side):
    levels = torch.randn(2, 3, *side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, features = theirs(levels), theirs.forward_head(theirs.forward_features(levels), pre_logits=True)
        assert (ours.classify(levels) - logits).abs().max() <= 1e-5 * logits.abs().max()
        found = ours(levels)
    assert found.shape == (2, DIM)
    assert (found - features).abs().max() <= 1e-5 * features.abs().max()


def test_its_weights_go_back_by_timms_names(ours, theirs):
    back, state = renames(CONFIG).there(ours.state_dict()), theirs.state_dict()
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


def test_weights_of_another_depth_are_refused(theirs):
    with torch.device("meta"):
        shallow = InceptionV4(InceptionV4Config((4, 7, 2)))
    with pytest.raises(IntegrityError, match=r"not known: features\.21\.branch0\.conv\.weight"):
        load(shallow, renames(InceptionV4Config((4, 7, 2))).here(theirs.state_dict()), "test")
