"""Networks of transformer blocks in every form that a runtime takes: one graph, exported, on the meta device."""

from __future__ import annotations

import pytest
import torch

import block_checks
from blocks import Case
from junco.models.bert.config import BertConfig
from junco.models.bert.model import Bert
from junco.models.convnext.config import ConvNeXtConfig
from junco.models.convnext.model import ConvNeXt
from junco.models.swin.config import SwinConfig
from junco.models.swin.model import Swin
from junco.models.vit.config import ViTConfig
from junco.models.vit.model import ViT

BERT = BertConfig(24, 2, 4, 40, num_tokens=50, num_positions=16)
SWIN = SwinConfig(8, (2, 2), (2, 2), window=4, image_size=36)
NETWORKS = [
    Case("ViT", lambda: ViT(ViTConfig(16, 2, 2, patch=8, image_size=16)), ((2, 3, 16, 16),), (2, 16)),
    Case("ViT of another size", lambda: ViT(ViTConfig(16, 2, 2, patch=8, image_size=16)), ((2, 3, 24, 20),), (2, 16)),
    Case("Swin", lambda: Swin(SWIN), ((2, 3, 36, 36),), (2, 16)),
    Case("Swin of another size", lambda: Swin(SWIN), ((2, 3, 50, 44),), (2, 16)),
    Case("Swin-V2", lambda: Swin(SwinConfig(8, (2, 2), (2, 2), 4, 36, is_v2=True)), ((2, 3, 36, 36),), (2, 16)),
    Case("ConvNeXt", lambda: ConvNeXt(ConvNeXtConfig((1, 1), (8, 16))), ((2, 3, 32, 24),), (2, 16)),
    Case("ConvNeXt of an odd picture", lambda: ConvNeXt(ConvNeXtConfig((1,), (8,))), ((2, 3, 33, 23),), (2, 8)),
    Case("Bert", lambda: Bert(BERT), ((2, 7), (2, 7)), (2, 7, 24), num_tokens=50),
]
EVERY_NETWORK = pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case.id)


@EVERY_NETWORK
@pytest.mark.parametrize("check", ["shapes", "bfloat16", "modes", "compiled", "exported"])
def test_a_network_does_what_its_blocks_do(case, check):
    getattr(block_checks, check)(case)


@EVERY_NETWORK
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_network_goes_into_other_runtimes(case, runtime, tmp_path):
    block_checks.converted(case, runtime, tmp_path)


@EVERY_NETWORK
def test_a_network_of_float64_computes_in_it(case):
    network, inputs = case.make().eval(), block_checks.given(case)
    wanted = network(*inputs)
    found = network.double()(*block_checks.in_type(inputs, torch.float64))
    assert found.dtype == torch.float64
    assert block_checks.far(found.float(), wanted) < 1e-4
