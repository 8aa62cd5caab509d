"""The transformer block on maps: within windows, Swin's and Swin-V2's, and of several scales, MViT-v2's."""

from __future__ import annotations

from functools import partial

from timm.models.mvitv2 import MultiScaleBlock
from timm.models.swin_transformer import SwinTransformerBlock
from timm.models.swin_transformer_v2 import SwinTransformerV2Block
from torch import nn
from torchvision.models import swin_transformer as torchvision_swin

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.models.renames import Renames, load
from junco.models.swin.weights import BLOCK as SWIN
from junco.models.vit.weights import BLOCK as VIT
from junco.nn import (
    MLP,
    Attention,
    BranchNorm,
    CosineAttention,
    LayerNorm,
    LogSpacedBias,
    PooledAttention,
    PooledShortcut,
    PreNorm,
    RelativePositionBias,
    SteppedPositions,
    TransformerBlock,
    WindowAttention,
)

EPS = partial(LayerNorm, eps=1e-5)


def _swin_block(window, shift, pad_first=False):
    attention = WindowAttention(
        Attention(24, 4, positions=RelativePositionBias(4, window)), window=window, shift=shift, pad_first=pad_first
    )
    return TransformerBlock(24, attention=attention, mlp=MLP(24, 48), norm=EPS)


def _swin_v2_block(window, shift, trained_window=None, pad_first=False):
    positions = LogSpacedBias(4, window, trained_window=trained_window)
    attention = WindowAttention(
        CosineAttention(24, 4, positions=positions), window=window, shift=shift, pad_first=pad_first
    )
    return TransformerBlock(24, attention=attention, mlp=MLP(24, 48), norm=EPS, form=BranchNorm)


TORCHVISIONS = (("mlp.hidden", "mlp.0"), ("mlp.out", "mlp.3"), *SWIN)
UNUSED = ("attn.relative_position_index", "attn.relative_coords_table")


def _swin(size, window, shift):
    theirs = SwinTransformerBlock(24, size, num_heads=4, window_size=window, shift_size=shift, mlp_ratio=2)
    return same(_swin_block(window, shift), scattered(theirs), *SWIN)


def _swin_of_torchvision(window, shift):
    theirs = torchvision_swin.SwinTransformerBlock(24, 4, list(window), list(shift), mlp_ratio=2)
    return same(_swin_block(window, shift, pad_first=True), scattered(theirs), *TORCHVISIONS, unused=UNUSED)


def _swin_v2(size, window, shift, trained_window=None):
    theirs = SwinTransformerV2Block(
        24, size, 4, window, shift, mlp_ratio=2, pretrained_window_size=trained_window or (0, 0)
    )
    return same(_swin_v2_block(window, shift, trained_window), scattered(theirs), *SWIN)


def _swin_v2_of_torchvision(window, shift):
    theirs = scattered(torchvision_swin.SwinTransformerBlockV2(24, 4, list(window), list(shift), mlp_ratio=2))
    ours, state = _swin_v2_block(window, shift, pad_first=True), theirs.state_dict()
    state["attn.q_bias"], _, state["attn.v_bias"] = state.pop("attn.qkv.bias").chunk(3)
    load(ours, Renames(*TORCHVISIONS, unused=UNUSED).here(state), "Swin-V2")
    return ours.eval(), theirs


def _multi_scale(size, stride, context_stride):
    theirs = MultiScaleBlock(
        24,
        24,
        3,
        (size, size),
        mlp_ratio=2,
        kernel_q=(3, 3),
        kernel_kv=(3, 3),
        stride_q=(stride, stride),
        stride_kv=(context_stride, context_stride),
        has_cls_token=False,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )
    larger = max(size // stride, size // context_stride)
    pools = [
        (f"attention.{name}_pool.{own}", f"attn.{what}_{name[0]}")
        for name in ("query", "key", "value")
        for own, what in (("conv", "pool"), ("norm", "norm"))
    ]
    ours, _ = same(
        TransformerBlock(
            24,
            attention=PooledAttention(
                24, 3, stride=stride, context_stride=context_stride, positions=SteppedPositions(8, larger)
            ),
            mlp=MLP(24, 48),
            form=partial(PreNorm, shortcut=PooledShortcut(stride)),
        ),
        scattered(theirs),
        *pools,
        ("attention.positions.down", "attn.rel_pos_h"),
        ("attention.positions.right", "attn.rel_pos_w"),
        *VIT,
    )

    def reference(x):
        found, (height, width) = theirs(x.flatten(1, 2), list(x.shape[1:3]))
        return found.reshape(x.shape[0], height, width, -1)

    return ours, reference


def _pooling_block():
    return TransformerBlock(
        12,
        attention=PooledAttention(12, 3, stride=2),
        mlp=MLP(12, 24),
        form=partial(PreNorm, shortcut=PooledShortcut(2)),
    )


CASES = [
    Case("TransformerBlock as Swin has it", lambda: _swin_block((4, 4), (2, 2)), ((2, 8, 8, 24),), (2, 8, 8, 24)),
    Case(
        "TransformerBlock as Swin-V2 has it, of an odd map",
        lambda: _swin_v2_block((4, 3), (2, 1)),
        ((2, 5, 7, 24),),
        (2, 5, 7, 24),
    ),
    Case(
        "TransformerBlock that pools",
        _pooling_block,
        ((2, 6, 8, 12),),
        (2, 3, 4, 12),
    ),
]


def _windows(name, reference, pair, *settings):
    """For each setting: the map's size, the window, the shift, and what else the pair takes."""
    return [
        Equality(
            "TransformerBlock",
            reference,
            partial(pair, *(() if "torchvision" in reference else (size,)), *rest),
            ((2, *size, 24),),
            note=f"{name}: a map of {size[0]} × {size[1]}, windows of {rest[0][0]} × {rest[0][1]} shifted by {rest[1]}"
            + (f", trained with {rest[2]}" if rest[2:] else ""),
        )
        for size, *rest in settings
    ]


EQUALITIES = [
    Equality(
        "BranchNorm",
        "timm.models.swin_transformer_v2.SwinTransformerV2Block",
        partial(_swin_v2, (8, 8), (4, 4), (2, 2)),
        ((2, 8, 8, 24),),
    ),
    *_windows(
        "Swin's",
        "timm.models.swin_transformer.SwinTransformerBlock",
        _swin,
        ((8, 8), (4, 4), (0, 0)),
        ((8, 12), (4, 4), (2, 2)),
        ((9, 10), (4, 4), (2, 2)),
        ((11, 7), (4, 3), (2, 1)),
        ((4, 8), (4, 4), (0, 2)),
        ((7, 7), (7, 7), (3, 3)),
    ),
    *_windows(
        "Swin's",
        "torchvision.models.swin_transformer.SwinTransformerBlock",
        _swin_of_torchvision,
        ((8, 12), (4, 4), (2, 2)),
        ((9, 10), (4, 4), (2, 2)),
        ((11, 7), (4, 3), (2, 1)),
        ((3, 5), (4, 4), (2, 2)),
    ),
    *_windows(
        "Swin-V2's",
        "timm.models.swin_transformer_v2.SwinTransformerV2Block",
        _swin_v2,
        ((8, 8), (4, 4), (0, 0)),
        ((9, 10), (4, 4), (2, 2)),
        ((11, 7), (4, 3), (2, 1), (6, 6)),
    ),
    *_windows(
        "Swin-V2's",
        "torchvision.models.swin_transformer.SwinTransformerBlockV2",
        _swin_v2_of_torchvision,
        ((8, 8), (4, 4), (2, 2)),
        ((9, 10), (4, 4), (2, 2)),
    ),
    *(
        Equality(
            "TransformerBlock",
            "timm.models.mvitv2.MultiScaleBlock",
            partial(_multi_scale, *each),
            ((2, each[0], each[0], 24),),
            note=f"MViT-v2's: {each[0]} × {each[0]}, queries by {each[1]}, keys by {each[2]}",
        )
        for each in ((8, 1, 2), (8, 2, 4), (8, 2, 1), (8, 1, 1))
    ),
]
