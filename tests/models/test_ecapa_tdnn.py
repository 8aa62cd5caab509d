"""ECAPA-TDNN: transformers' numbers on their weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers.models.qwen2_5_omni.configuration_qwen2_5_omni import Qwen2_5OmniDiTConfig
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import ECAPA_TimeDelayNet

from junco.models.ecapa_tdnn.config import EcapaTdnnConfig
from junco.models.ecapa_tdnn.model import EcapaTdnn
from junco.models.ecapa_tdnn.weights import renames
from model_checks import assert_near, with_weights

SMALL = EcapaTdnnConfig(
    num_bands=10,
    channels=(16, 16, 16, 16),
    joint_channels=48,
    num_groups=4,
    inner=8,
    dim=12,
    batch_norm=False,
)


def _theirs(config):
    return ECAPA_TimeDelayNet(
        Qwen2_5OmniDiTConfig(
            mel_dim=10,
            enc_channels=[*config.channels, 48],
            enc_kernel_sizes=[*config.sizes, 1],
            enc_dilations=[*config.dilations, 1],
            enc_attention_channels=8,
            enc_res2net_scale=4,
            enc_se_channels=8,
            enc_dim=12,
        )
    )


@pytest.mark.parametrize(
    "config",
    [SMALL, replace(SMALL, channels=(24, 24, 24), sizes=(3, 5, 3), dilations=(1, 2, 2))],
    ids=["three blocks", "two blocks"],
)
def test_it_gives_the_numbers_of_transformers_on_their_weights(config):
    ours, theirs = with_weights(EcapaTdnn(config), renames(config), _theirs(config))
    bands = torch.randn(2, 10, 30)
    with torch.no_grad():
        assert_near(ours(bands), theirs(bands.transpose(1, 2)))


def test_the_one_of_the_paper_has_its_size():
    with torch.device("meta"):
        network = EcapaTdnn(EcapaTdnnConfig()).eval()
    assert network(torch.empty(2, 80, 300, device="meta")).shape == (2, 192)
    assert 14e6 < sum(each.numel() for each in network.parameters()) < 15.5e6
