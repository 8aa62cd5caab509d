"""Inception-v4: the numbers of timm, on its weights and by its names."""

from __future__ import annotations

import pytest
import timm
import torch

from junco.errors import IntegrityError
from junco.models.inception_v4.config import DIM, VARIANTS, InceptionV4Config
from junco.models.inception_v4.model import InceptionV4
from junco.models.inception_v4.weights import renames
from junco.models.renames import load
from model_checks import assert_gives_timms_numbers, with_weights

CONFIG = VARIANTS["inception_v4"]


@pytest.fixture(scope="module")
def both():
    return with_weights(InceptionV4(CONFIG), renames(CONFIG), timm.create_model("inception_v4"))


@pytest.mark.parametrize("side", [(96, 96), (99, 77)])
def test_it_gives_timms_numbers(both, side):
    assert_gives_timms_numbers(*both, *side)
    assert both[0](torch.zeros(1, 3, *side)).shape == (1, DIM)


def test_weights_of_another_depth_are_refused(both):
    _, theirs = both
    with torch.device("meta"):
        shallow = InceptionV4(InceptionV4Config((4, 7, 2)))
    with pytest.raises(IntegrityError, match=r"not known: features\.21\.branch0\.conv\.weight"):
        load(shallow, renames(InceptionV4Config((4, 7, 2))).here(theirs.state_dict()), "test")
