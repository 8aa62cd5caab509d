"""What tells tokens where they are."""

from __future__ import annotations

from functools import partial

import torch
from timm.layers import build_sincos2d_pos_embed, resample_abs_pos_embed
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from blocks import Case, Equality
from blocks.references import scattered
from junco.nn import LearnedPositions, LogSpacedBias, RelativePositionBias, Rotary, SinCosPositions, SteppedPositions


class _Added(nn.Module):
    """What gives a bias of pairs, added to scores of (n, heads, area, area)."""

    def __init__(self, bias):
        super().__init__()
        self.bias = bias

    def forward(self, scores):
        return scores + self.bias()


class _Stepped(nn.Module):
    def __init__(self):
        super().__init__()
        self.positions = SteppedPositions(4, 4)

    def forward(self, queries):
        return self.positions(queries, (2, 2))


CASES = [
    Case("LearnedPositions", lambda: LearnedPositions(8, (3, 4)), ((2, 12, 8),), (2, 12, 8)),
    Case("LearnedPositions behind a prefix", lambda: LearnedPositions(8, (3, 4)), ((2, 13, 8),), (2, 13, 8)),
    Case("LearnedPositions with a prefix", lambda: LearnedPositions(8, (7,), num_prefix=1), ((2, 8, 8),), (2, 8, 8)),
    Case("SinCosPositions of a line", lambda: SinCosPositions(8, (5,)), ((2, 5, 8),), (2, 5, 8)),
    Case("SinCosPositions of a plane", lambda: SinCosPositions(8, (3, 4)), ((2, 13, 8),), (2, 13, 8)),
    Case("SinCosPositions of a room", lambda: SinCosPositions(12, (2, 3, 4)), ((2, 24, 12),), (2, 24, 12)),
    Case("Rotary", lambda: Rotary(8), ((2, 3, 5, 8),), (2, 3, 5, 8)),
    Case("Rotary of neighbours", lambda: Rotary(8, halves=False), ((2, 3, 5, 8),), (2, 3, 5, 8)),
    Case("Rotary of a plane", lambda: Rotary(8, grid=(3, 4), num_prefix=1), ((2, 3, 13, 8),), (2, 3, 13, 8)),
    Case(
        "RelativePositionBias",
        lambda: _Added(RelativePositionBias(3, (2, 3))),
        ((2, 3, 6, 6),),
        (2, 3, 6, 6),
    ),
    Case("LogSpacedBias", lambda: _Added(LogSpacedBias(3, (2, 3), hidden=16)), ((2, 3, 6, 6),), (2, 3, 6, 6)),
    Case("SteppedPositions", _Stepped, ((2, 3, 4, 4, 4),), (2, 3, 16, 4)),
]


def _resized(prefix, grid, new):
    ours = scattered(LearnedPositions(8, grid, num_prefix=prefix))
    table = ours.table.detach()

    def reference(x):
        return x + resample_abs_pos_embed(table, list(new), list(grid), num_prefix_tokens=prefix)

    return (lambda x: ours(x, new)), reference


def _timm_plane():
    table = build_sincos2d_pos_embed([3, 5], 24)
    return SinCosPositions(24, (3, 5)), lambda x: x + table


def _llama():
    turned = LlamaRotaryEmbedding(LlamaConfig(hidden_size=32, num_attention_heads=2))
    return Rotary(16), lambda x: apply_rotary_pos_emb(x, x, *turned(x, torch.arange(x.shape[2])[None]))[0]


EQUALITIES = [
    *(
        Equality(
            "LearnedPositions",
            "timm.layers.resample_abs_pos_embed",
            partial(_resized, *each),
            ((2, each[0] + each[2][0] * each[2][1], 8),),
            note=f"{each[1]} resized to {each[2]}, {each[0]} before them",
        )
        for each in ((1, (4, 4), (6, 5)), (0, (5, 3), (3, 7)), (2, (6, 6), (3, 3)))
    ),
    Equality("SinCosPositions", "timm.layers.build_sincos2d_pos_embed", _timm_plane, ((2, 15, 24),), note="of a plane"),
    Equality("Rotary", "transformers.models.llama.modeling_llama.apply_rotary_pos_emb", _llama, ((2, 2, 7, 16),)),
]
