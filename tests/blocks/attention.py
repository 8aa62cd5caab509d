"""Attention of all kinds."""

from __future__ import annotations

from functools import partial

import torch
from timm.layers import Attention as TimmAttention
from timm.layers import RelPosBias
from timm.models.efficientvit_mit import LiteMLA
from timm.models.mvitv2 import MultiScaleAttention
from timm.models.swin_transformer import WindowAttention as SwinAttention
from timm.models.swin_transformer_v2 import WindowAttention as SwinV2Attention
from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

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


def _swins_window():
    theirs = scattered(SwinAttention(24, 4, window_size=(4, 3)))
    ours = Attention(24, 4, positions=RelativePositionBias(4, (4, 3)))
    return same(ours, theirs, ("positions.table", "relative_position_bias_table"), ("out", "proj"))


def _swin_v2s_window():
    theirs = scattered(SwinV2Attention(24, (4, 3), 4, pretrained_window_size=(8, 8)))
    return same(
        CosineAttention(24, 4, positions=LogSpacedBias(4, (4, 3), trained_window=8)),
        theirs,
        ("positions.network", "cpb_mlp"),
        ("scale", "logit_scale"),
        ("query_bias", "q_bias"),
        ("value_bias", "v_bias"),
        ("out", "proj"),
    )


def _shifted(window, shift):
    theirs = scattered(ShiftedWindowAttention(24, [*window], [*shift], 4))
    attention = Attention(24, 4, positions=RelativePositionBias(4, window))
    return same(
        WindowAttention(attention, window=window, shift=shift, pad_first=True),
        theirs,
        ("attention.positions.table", "relative_position_bias_table"),
        ("attention.qkv", "qkv"),
        ("attention.out", "proj"),
        unused=("relative_position_index",),
    )


def _bias():
    theirs = scattered(RelPosBias((3, 5), 2))
    ours, _ = same(RelativePositionBias(2, (3, 5)), theirs, ("table", "relative_position_bias_table"))
    return (lambda scores: scores + ours()), lambda scores: scores + theirs.get_bias()


def _multi_scale(size, stride, context_stride):
    """Without positions: those are compared in the block."""
    theirs = scattered(
        MultiScaleAttention(
            *(24, 24, size, 3),
            kernel_q=(3, 3),
            kernel_kv=(3, 3),
            stride_q=(stride, stride),
            stride_kv=(context_stride, context_stride),
            has_cls_token=False,
            rel_pos_type="none",
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
        )
    )
    pools = [
        (f"{name}_pool.{own}", f"{what}_{name[0]}")
        for name in ("query", "key", "value")
        for own, what in (("conv", "pool"), ("norm", "norm"))
    ]
    ours = PooledAttention(24, 3, stride=stride, context_stride=context_stride)
    ours, _ = same(ours, theirs, *pools, ("out", "proj"))

    def reference(x):
        found, (height, width) = theirs(x.flatten(1, 2), list(x.shape[1:3]))
        return found.reshape(x.shape[0], height, width, -1)

    return ours, reference


def _largest(stride):
    pool = nn.MaxPool2d(stride + 1, stride, (stride + 1) // 2)
    return PooledShortcut(stride), lambda x: pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


EQUALITIES = [
    Equality(
        "Attention",
        "timm.models.swin_transformer.WindowAttention",
        _swins_window,
        ((6, 12, 24),),
        note="with relative positions",
    ),
    Equality(
        "CosineAttention",
        "timm.models.swin_transformer_v2.WindowAttention",
        _swin_v2s_window,
        ((6, 12, 24),),
        note="with log-spaced positions of other windows",
    ),
    *(
        Equality(
            "WindowAttention",
            "torchvision.models.swin_transformer.ShiftedWindowAttention",
            partial(_shifted, window, shift),
            ((2, *size, 24),),
            note=f"a map of {size[0]} × {size[1]}, windows of {window[0]} × {window[1]} shifted by {shift}",
        )
        for size, window, shift in (
            ((8, 8), (4, 4), (0, 0)),
            ((8, 12), (4, 4), (2, 2)),
            ((11, 7), (5, 3), (2, 1)),
            ((13, 4), (4, 4), (2, 2)),
        )
    ),
    Equality("RelativePositionBias", "timm.layers.RelPosBias", _bias, ((2, 2, 15, 15),)),
    *(
        Equality(
            "PooledAttention",
            "timm.models.mvitv2.MultiScaleAttention",
            partial(_multi_scale, *each),
            ((2, *each[0], 24),),
            note=f"{each[0][0]} × {each[0][1]}, queries by {each[1]}, keys by {each[2]}",
        )
        for each in (((8, 6), 1, 2), ((7, 9), 2, 4))
    ),
    *(
        Equality(
            "PooledShortcut", "torch.nn.MaxPool2d", partial(_largest, stride), ((2, 9, 7, 6),), note=f"by {stride}"
        )
        for stride in (2, 4)
    ),
    Equality("PositiveELU", "torch.nn.ELU", lambda: (PositiveELU(), lambda x: nn.ELU()(x) + 1), ((2, 5, 12),)),
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
