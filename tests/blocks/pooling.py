"""Blocks that pool."""

from __future__ import annotations

import torch
from timm.layers import AttentionPoolLatent
from torch import nn
from torch.nn import functional

from block_checks import draw_constants
from blocks import Case, Equality
from junco.models.renames import Renames, load
from junco.nn import AttentionPool, GeMPool, MaxPool, MeanPool, SequencePool

CASES = [
    Case("MeanPool", MeanPool, ((2, 8, 5, 6),), (2, 8)),
    Case("MeanPool of sound", MeanPool, ((2, 8, 7),), (2, 8)),
    Case("MeanPool of tokens", lambda: MeanPool(channels_last=True), ((2, 7, 8),), (2, 8)),
    Case("MaxPool", MaxPool, ((2, 8, 5, 6),), (2, 8)),
    Case("MaxPool of a map of tokens", lambda: MaxPool(channels_last=True), ((2, 3, 4, 8),), (2, 8)),
    Case("GeMPool", GeMPool, ((2, 8, 5, 6),), (2, 8)),
    Case("GeMPool of tokens", lambda: GeMPool(4.0, channels_last=True), ((2, 7, 8),), (2, 8)),
    Case("AttentionPool", lambda: AttentionPool(16, 4), ((2, 9, 16),), (2, 16)),
    Case(
        "AttentionPool with three queries and an MLP",
        lambda: AttentionPool(
            16, 2, 3, norm=nn.LayerNorm, mlp=nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        ),
        ((2, 9, 16),),
        (2, 16),
    ),
    Case("SequencePool", lambda: SequencePool(16), ((2, 9, 16),), (2, 16)),
]


_TIMM = Renames(
    ("queries", "latent"),
    ("query", "q"),
    ("key_value", "kv"),
    ("projection", "proj"),
    ("mlp.0", "mlp.fc1"),
    ("mlp.2", "mlp.fc2"),
)


def _attention_pool():
    theirs = AttentionPoolLatent(24, num_heads=3, latent_len=2, pool_type="avg", norm_layer=nn.LayerNorm)
    draw_constants(theirs)
    mlp = nn.Sequential(nn.Linear(24, 96), nn.GELU(), nn.Linear(96, 24))
    ours = AttentionPool(24, 3, 2, norm=nn.LayerNorm, mlp=mlp)
    load(ours, _TIMM.here(theirs.state_dict()), "AttentionPool")
    return ours.eval(), theirs.eval()


def _one_query():
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    draw_constants(theirs)
    ours = AttentionPool(12, 3)
    state = theirs.state_dict()
    query, key_value = ("in_proj_weight", "in_proj_bias"), ("weight", "bias")
    own = {f"query.{name}": state[joined][:12] for joined, name in zip(query, key_value, strict=True)}
    own |= {f"key_value.{name}": state[joined][12:] for joined, name in zip(query, key_value, strict=True)}
    own |= {f"projection.{name}": state[f"out_proj.{name}"] for name in key_value}
    load(ours, {"queries": ours.queries.detach(), **own}, "AttentionPool")
    return ours.eval(), lambda tokens: theirs(ours.queries.expand(len(tokens), -1, -1), tokens, tokens)[0][:, 0]


def _power():
    """Theirs sums, where a mean is asked for."""
    pool = nn.LPPool2d(3.0, (5, 6))
    return GeMPool(3.0), lambda maps: pool(maps.clamp(min=1e-6)).flatten(1) / 30 ** (1 / 3)


def _scored():
    ours = SequencePool(16)
    draw_constants(ours)
    return ours, lambda tokens: torch.einsum(
        "ntw,nt->nw", tokens, functional.softmax(ours.score(tokens)[..., 0], dim=1)
    )


EQUALITIES = [
    Equality("GeMPool", "torch.nn.LPPool2d", _power, ((2, 8, 5, 6),), note="of numbers above 0, and a mean for a sum"),
    Equality("SequencePool", "torch.nn.functional.softmax", _scored, ((2, 9, 16),), note="written out"),
    Equality(
        "MeanPool",
        "torch.nn.AdaptiveAvgPool2d",
        lambda: (MeanPool(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())),
        ((2, 8, 5, 6),),
    ),
    Equality(
        "MaxPool",
        "torch.nn.AdaptiveMaxPool2d",
        lambda: (MaxPool(), nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())),
        ((2, 8, 5, 6),),
    ),
    Equality(
        "AttentionPool",
        "timm.layers.AttentionPoolLatent",
        _attention_pool,
        ((2, 9, 24),),
        note="with two queries and an MLP",
    ),
    Equality("AttentionPool", "torch.nn.MultiheadAttention", _one_query, ((2, 9, 12),)),
]
