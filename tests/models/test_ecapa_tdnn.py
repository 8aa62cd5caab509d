"""ECAPA-TDNN: transformers' numbers on their weights."""

from __future__ import annotations

import torch
from transformers.models.qwen2_5_omni.configuration_qwen2_5_omni import Qwen2_5OmniDiTConfig
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import ECAPA_TimeDelayNet

from block_checks import draw_constants
from junco.models.ecapa_tdnn.config import Config
from junco.models.ecapa_tdnn.model import EcapaTdnn
from junco.models.ecapa_tdnn.weights import here, there
from junco.models.renames import load

SMALL = Config(
    num_bands=10,
    channels=(16, 16, 16, 16),
    joint_channels=48,
    num_groups=4,
    inner=8,
    dim=12,
    batch_norm=False,
)


def _theirs():
    return ECAPA_TimeDelayNet(
        Qwen2_5OmniDiTConfig(
            mel_dim=10,
            enc_channels=[16, 16, 16, 16, 48],
            enc_kernel_sizes=[5, 3, 3, 3, 1],
            enc_dilations=[1, 2, 3, 4, 1],
            enc_attention_channels=8,
            enc_res2net_scale=4,
            enc_se_channels=8,
            enc_dim=12,
        )
    )


def test_it_gives_the_numbers_of_transformers_on_their_weights():
    torch.manual_seed(0)
    theirs, ours = _theirs(), EcapaTdnn(SMALL)
    draw_constants(theirs)
    load(ours, here(theirs.state_dict()), "ecapa")
    bands = torch.randn(2, 10, 30)
    with torch.no_grad():
        wanted, found = theirs.eval()(bands.transpose(1, 2)), ours.eval()(bands)
    assert (found - wanted).abs().max() <= 1e-5 * wanted.abs().max()


def test_weights_go_there_and_back():
    theirs = _theirs().state_dict()
    back = there(here(theirs))
    assert back.keys() == theirs.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in theirs.items())


def test_the_one_of_the_paper_has_its_size():
    with torch.device("meta"):
        network = EcapaTdnn(Config()).eval()
    assert network(torch.empty(2, 80, 300, device="meta")).shape == (2, 192)
    assert 14e6 < sum(each.numel() for each in network.parameters()) < 15.5e6
