"""Norms over the width."""

from __future__ import annotations

from functools import partial

from timm.layers import LayerNorm2d as TimmLayerNorm2d
from timm.layers import RmsNorm
from torch import nn
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.nn import LayerNorm, LayerNorm2d, RMSNorm

CASES = [
    Case("LayerNorm", lambda: LayerNorm(8), ((2, 5, 8),), (2, 5, 8)),
    Case("LayerNorm of a map", lambda: LayerNorm(8, bias=False), ((2, 5, 6, 8),), (2, 5, 6, 8)),
    Case("RMSNorm", lambda: RMSNorm(8), ((2, 5, 8),), (2, 5, 8)),
    Case("LayerNorm2d", lambda: LayerNorm2d(8), ((2, 8, 5, 6),), (2, 8, 5, 6)),
]


def _pair(ours, theirs):
    return same(ours(24), scattered(theirs(24)))


EQUALITIES = [
    Equality(
        "LayerNorm", "torch.nn.LayerNorm", partial(_pair, LayerNorm, partial(nn.LayerNorm, eps=1e-6)), ((2, 5, 24),)
    ),
    Equality("LayerNorm2d", "timm.layers.LayerNorm2d", partial(_pair, LayerNorm2d, TimmLayerNorm2d), ((2, 24, 5, 6),)),
    Equality("RMSNorm", "timm.layers.RmsNorm", partial(_pair, RMSNorm, RmsNorm), ((2, 5, 24),)),
    Equality(
        "RMSNorm",
        "transformers.models.llama.modeling_llama.LlamaRMSNorm",
        partial(_pair, RMSNorm, LlamaRMSNorm),
        ((2, 5, 24),),
    ),
]
