"""MLPs of transformers, and a convolution in attention's place."""

from __future__ import annotations

from timm.layers import Mlp, SwiGLU
from timm.models.pvt_v2 import MlpWithDepthwiseConv
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.nn import MLP, ConvMLP, DepthwiseMixing, GatedMLP, LayerNorm

CASES = [
    Case("MLP", lambda: MLP(8, 24), ((2, 5, 8),), (2, 5, 8)),
    Case("MLP of a map, with a norm", lambda: MLP(8, 24, norm=LayerNorm, bias=False), ((2, 5, 6, 8),), (2, 5, 6, 8)),
    Case("GatedMLP", lambda: GatedMLP(8, 20), ((2, 5, 8),), (2, 5, 8)),
    Case(
        "GatedMLP with GELU and a norm",
        lambda: GatedMLP(8, 20, activation=nn.GELU, norm=LayerNorm),
        ((2, 5, 8),),
        (2, 5, 8),
    ),
    Case("ConvMLP", lambda: ConvMLP(8, 16), ((2, 5, 6, 8),), (2, 5, 6, 8)),
    Case("DepthwiseMixing", lambda: DepthwiseMixing(8, 7), ((2, 5, 6, 8),), (2, 5, 6, 8)),
]


def _mlp():
    return same(MLP(16, 40), scattered(Mlp(16, 40)), ("hidden", "fc1"), ("out", "fc2"))


def _mlp_with_norm():
    theirs = scattered(Mlp(16, 40, act_layer=nn.ReLU, norm_layer=nn.LayerNorm, bias=False))
    ours = MLP(16, 40, activation=nn.ReLU, norm=nn.LayerNorm, bias=False)
    return same(ours, theirs, ("hidden", "fc1"), ("out", "fc2"))


def _swiglu():
    theirs = scattered(SwiGLU(16, 40, norm_layer=nn.LayerNorm))
    ours = GatedMLP(16, 40, norm=nn.LayerNorm)
    return same(ours, theirs, ("gate", "fc1_g"), ("hidden", "fc1_x"), ("out", "fc2"))


def _llama():
    theirs = scattered(LlamaMLP(LlamaConfig(hidden_size=16, intermediate_size=40, num_attention_heads=2)))
    ours = GatedMLP(16, 40, bias=False)
    return same(ours, theirs, ("gate", "gate_proj"), ("hidden", "up_proj"), ("out", "down_proj"))


def _with_depthwise():
    theirs = scattered(MlpWithDepthwiseConv(16, 40))
    ours, _ = same(ConvMLP(16, 40), theirs, ("hidden", "fc1"), ("mix.conv", "dwconv"), ("out", "fc2"))
    return ours, lambda x: theirs(x.flatten(1, 2), x.shape[1:3]).reshape(x.shape)


def _depthwise():
    theirs = scattered(nn.Conv2d(8, 8, 5, padding=2, groups=8))
    ours, _ = same(DepthwiseMixing(8, 5), theirs, ("conv.weight", "weight"), ("conv.bias", "bias"))
    return ours, lambda x: theirs(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


EQUALITIES = [
    Equality("DepthwiseMixing", "torch.nn.Conv2d", _depthwise, ((2, 7, 6, 8),), note="by groups"),
    Equality("MLP", "timm.layers.Mlp", _mlp, ((2, 5, 16),)),
    Equality("MLP", "timm.layers.Mlp", _mlp_with_norm, ((2, 5, 6, 16),), note="with ReLU, a norm and no bias"),
    Equality("GatedMLP", "timm.layers.SwiGLU", _swiglu, ((2, 5, 16),), note="with a norm"),
    Equality("GatedMLP", "transformers.models.llama.modeling_llama.LlamaMLP", _llama, ((2, 5, 16),)),
    Equality("ConvMLP", "timm.models.pvt_v2.MlpWithDepthwiseConv", _with_depthwise, ((2, 5, 6, 16),)),
]
