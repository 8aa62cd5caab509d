"""Attention of all kinds."""

from __future__ import annotations

import torch
from timm.layers import Attention as TimmAttention
from timm.models.efficientvit_mit import LiteMLA
from torch import nn

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.nn import (
    Attention,
    CosineAttention,
    CrossAttention,
    HeadPool,
    LayerNorm,
    LinearAttention,
    LogSpacedBias,
    PooledAttention,
    PooledShortcut,
    PositiveELU,
    RelativePositionBias,
    Rotary,
    SteppedPositions,
    WindowAttention,
)

CASES = [
    Case("Attention", lambda: Attention(12, 3), ((2, 5, 12),), (2, 5, 12)),
    Case(
        "Attention with norms of queries and keys, without biases",
        lambda: Attention(12, 3, bias=False, out_bias=False, qk_norm=LayerNorm),
        ((2, 5, 12),),
        (2, 5, 12),
    ),
    Case("CrossAttention", lambda: CrossAttention(12, 3), ((2, 5, 12), (2, 7, 12)), (2, 5, 12)),
    Case(
        "CrossAttention of a narrower context",
        lambda: CrossAttention(12, 3, context_width=4, qk_norm=LayerNorm),
        ((2, 5, 12), (2, 7, 4)),
        (2, 5, 12),
    ),
    Case("Attention with rotary positions", lambda: Attention(12, 3, rotary=Rotary(4)), ((2, 5, 12),), (2, 5, 12)),
    Case(
        "WindowAttention",
        lambda: WindowAttention(Attention(12, 3, positions=RelativePositionBias(3, (4, 4))), window=4),
        ((2, 8, 8, 12),),
        (2, 8, 8, 12),
    ),
    Case(
        "WindowAttention that is shifted, of an odd map",
        lambda: WindowAttention(Attention(12, 3), window=(4, 3), shift=(2, 1), pad_first=True),
        ((2, 9, 7, 12),),
        (2, 9, 7, 12),
    ),
    Case("CosineAttention", lambda: CosineAttention(12, 3), ((2, 5, 12),), (2, 5, 12)),
    Case(
        "CosineAttention with positions",
        lambda: CosineAttention(12, 3, positions=LogSpacedBias(3, (2, 3), hidden=16)),
        ((2, 6, 12),),
        (2, 6, 12),
    ),
    Case("PooledAttention", lambda: PooledAttention(12, 3, context_stride=2), ((2, 4, 6, 12),), (2, 4, 6, 12)),
    Case(
        "PooledAttention of fewer queries, with positions",
        lambda: PooledAttention(12, 3, stride=2, context_stride=2, positions=SteppedPositions(4, 3)),
        ((2, 6, 6, 12),),
        (2, 3, 3, 12),
    ),
    Case("HeadPool", lambda: HeadPool(4, stride=2), ((2, 3, 6, 5, 4),), (2, 3, 3, 3, 4)),
    Case("PooledShortcut", lambda: PooledShortcut(2), ((2, 6, 4, 12),), (2, 3, 2, 12)),
    Case("LinearAttention", lambda: LinearAttention(12, 3), ((2, 5, 12),), (2, 5, 12)),
    Case("LinearAttention with ReLU", lambda: LinearAttention(12, 3, features=nn.ReLU()), ((2, 5, 12),), (2, 5, 12)),
    Case("PositiveELU", PositiveELU, ((2, 5, 12),), (2, 5, 12)),
]


def _timm():
    theirs = scattered(TimmAttention(24, 4, qkv_bias=True, qk_norm=True, norm_layer=nn.LayerNorm))
    ours = Attention(24, 4, qk_norm=nn.LayerNorm)
    return same(ours, theirs, ("query_norm", "q_norm"), ("key_norm", "k_norm"), ("out", "proj"))


def _torch():
    theirs = scattered(nn.MultiheadAttention(24, 4, batch_first=True))
    ours, _ = same(
        Attention(24, 4),
        theirs,
        ("qkv.weight", "in_proj_weight"),
        ("qkv.bias", "in_proj_bias"),
        ("out", "out_proj"),
    )
    return ours, lambda x: theirs(x, x, x, need_weights=False)[0]


def _torch_masked():
    ours, _ = _torch()
    theirs = scattered(nn.MultiheadAttention(24, 4, batch_first=True))
    here = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    return (
        lambda x: ours(x, mask=here),
        lambda x: theirs(x, x, x, key_padding_mask=~here, need_weights=False)[0],
    )


def _torch_cross():
    theirs = scattered(nn.MultiheadAttention(24, 4, batch_first=True))
    ours, state = CrossAttention(24, 4), theirs.state_dict()
    for name in ("weight", "bias"):
        query, key_value = state.pop(f"in_proj_{name}").split([24, 48])
        state |= {f"query.{name}": query, f"key_value.{name}": key_value, f"out.{name}": state.pop(f"out_proj.{name}")}
    ours.load_state_dict(state)
    return ours.eval(), lambda x, context: theirs(x, context, context, need_weights=False)[0]


def _torch_cross_widths():
    theirs = scattered(nn.MultiheadAttention(24, 4, kdim=10, vdim=10, batch_first=True))
    ours, state = CrossAttention(24, 4, context_width=10), theirs.state_dict()
    query_bias, key_value_bias = state["in_proj_bias"].split([24, 48])
    key_value = torch.cat([state["k_proj_weight"], state["v_proj_weight"]])
    ours.load_state_dict(
        {
            "query.weight": state["q_proj_weight"],
            "query.bias": query_bias,
            "key_value.weight": key_value,
            "key_value.bias": key_value_bias,
            "out.weight": state["out_proj.weight"],
            "out.bias": state["out_proj.bias"],
        }
    )
    return ours.eval(), lambda x, context: theirs(x, context, context, need_weights=False)[0]


def _linear():
    theirs = scattered(LiteMLA(24, 24, dim=8, scales=(), norm_layer=None, use_bias=True))
    ours, state = LinearAttention(24, 3, features=nn.ReLU()), theirs.state_dict()
    by_head = torch.arange(72).reshape(3, 3, 8).transpose(0, 1).flatten()  # theirs: q, k and v of a head side by side
    ours.load_state_dict(
        {
            "qkv.weight": state["qkv.conv.weight"][by_head, :, 0, 0],
            "qkv.bias": state["qkv.conv.bias"][by_head],
            "out.weight": state["proj.conv.weight"][:, :, 0, 0],
            "out.bias": state["proj.conv.bias"],
        }
    )
    return ours.eval(), lambda x: theirs(x.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)


EQUALITIES = [
    Equality("LinearAttention", "timm.models.efficientvit_mit.LiteMLA", _linear, ((2, 7, 24),), note="with ReLU"),
    Equality("Attention", "timm.layers.Attention", _timm, ((2, 5, 24),), note="with norms of queries and keys"),
    Equality("Attention", "torch.nn.MultiheadAttention", _torch, ((2, 5, 24),)),
    Equality("Attention", "torch.nn.MultiheadAttention", _torch_masked, ((2, 5, 24),), note="with a mask of padding"),
    Equality("CrossAttention", "torch.nn.MultiheadAttention", _torch_cross, ((2, 5, 24), (2, 7, 24))),
    Equality(
        "CrossAttention",
        "torch.nn.MultiheadAttention",
        _torch_cross_widths,
        ((2, 5, 24), (2, 7, 10)),
        note="with a context of another width",
    ),
]
