"""The one transformer block: what it is, by its arguments alone."""

from __future__ import annotations

from functools import partial

import torch
from timm.layers import RotaryEmbeddingCat
from timm.models.convnext import ConvNeXtBlock
from timm.models.eva import EvaBlock
from timm.models.mvitv2 import MultiScaleBlock
from timm.models.swin_transformer import SwinTransformerBlock
from timm.models.swin_transformer_v2 import SwinTransformerV2Block
from timm.models.vision_transformer import Block
from torch import nn
from torchvision.models import swin_transformer as torchvision_swin
from transformers import BertConfig, LlamaConfig
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.models.renames import Renames, load
from junco.nn import (
    MLP,
    Attention,
    BranchNorm,
    CosineAttention,
    CrossAttention,
    DepthwiseMixing,
    DropPath,
    GatedMLP,
    JointNorm,
    LayerNorm,
    LayerScale,
    LogSpacedBias,
    ParallelNorm,
    PooledAttention,
    PooledShortcut,
    PostNorm,
    PreNorm,
    RelativePositionBias,
    RMSNorm,
    Rotary,
    SandwichNorm,
    SteppedPositions,
    TransformerBlock,
    WindowAttention,
)

TOKENS = (2, 5, 12)


def _block(**changed):
    return TransformerBlock(12, **{"attention": Attention(12, 3), "mlp": MLP(12, 24), **changed})


def _in_a_block(form):
    return Case(f"{form.__name__} in a block", lambda: _block(form=form), (TOKENS,), TOKENS)


CASES = [
    Case("TransformerBlock", _block, (TOKENS,), TOKENS),
    Case(
        "TransformerBlock with drop path and layer scale",
        lambda: _block(drop_path=0.2, layer_scale=0.1, norm=RMSNorm, mlp=GatedMLP(12, 20)),
        (TOKENS,),
        TOKENS,
    ),
    Case("TransformerBlock without parts", lambda: _block(attention=None, mlp=None, norm=None), (TOKENS,), TOKENS),
    Case(
        "TransformerBlock with a convolution",
        lambda: _block(attention=DepthwiseMixing(12), form=JointNorm, layer_scale=0.1),
        ((2, 5, 6, 12),),
        (2, 5, 6, 12),
    ),
    Case("TransformerBlock as Swin has it", lambda: _swin_block((4, 4), (2, 2)), ((2, 8, 8, 24),), (2, 8, 8, 24)),
    Case(
        "TransformerBlock as Swin-V2 has it, of an odd map",
        lambda: _swin_v2_block((4, 3), (2, 1)),
        ((2, 5, 7, 24),),
        (2, 5, 7, 24),
    ),
    Case(
        "TransformerBlock that pools",
        lambda: _block(attention=PooledAttention(12, 3, stride=2), form=partial(PreNorm, shortcut=PooledShortcut(2))),
        ((2, 6, 8, 12),),
        (2, 3, 4, 12),
    ),
    *map(_in_a_block, (PreNorm, PostNorm, BranchNorm, SandwichNorm, ParallelNorm, JointNorm)),
    Case("LayerScale", lambda: LayerScale(12, 0.1), (TOKENS,), TOKENS),
    Case("DropPath", lambda: DropPath(0.3), (TOKENS,), TOKENS),
]

BLOCK = (
    ("residual.attention_norm", "norm1"),
    ("residual.mlp_norm", "norm2"),
    ("residual.attention_end.0.weight", "ls1.gamma"),
    ("residual.mlp_end.0.weight", "ls2.gamma"),
    ("attention.qkv", "attn.qkv"),
    ("attention.out", "attn.proj"),
    ("mlp.hidden", "mlp.fc1"),
    ("mlp.out", "mlp.fc2"),
)


def _vit(**changed):
    theirs = scattered(Block(24, 4, qkv_bias=True, **changed))
    ours = TransformerBlock(
        24,
        attention=Attention(24, 4),
        mlp=MLP(24, 96),
        layer_scale=changed.get("init_values"),
    )
    return same(ours, theirs, *BLOCK)


def _bert(mask=None):
    config = BertConfig(hidden_size=24, num_attention_heads=4, intermediate_size=48, _attn_implementation="sdpa")
    theirs = scattered(BertLayer(config))
    ours, _ = same(
        TransformerBlock(
            24,
            attention=Attention(24, 4),
            mlp=MLP(24, 48),
            norm=partial(LayerNorm, eps=1e-12),
            form=PostNorm,
        ),
        theirs,
        ("residual.attention_norm", "attention.output.LayerNorm"),
        ("residual.mlp_norm", "output.LayerNorm"),
        ("attention.out", "attention.output.dense"),
        ("mlp.hidden", "intermediate.dense"),
        ("mlp.out", "output.dense"),
        joined={"attention.qkv": tuple(f"attention.self.{each}" for each in ("query", "key", "value"))},
    )
    if mask is None:
        return ours, theirs
    return lambda x: ours(x, mask=mask), lambda x: theirs(x, mask[:, None, None, :])


def _bert_padded():
    return _bert(torch.tensor([[True] * 5, [True] * 3 + [False] * 2]))


def _convnext():
    theirs = scattered(ConvNeXtBlock(16, ls_init_value=0.3))
    ours, _ = same(
        TransformerBlock(16, attention=DepthwiseMixing(16), mlp=MLP(16, 64), form=JointNorm, layer_scale=0.3),
        theirs,
        ("attention.conv", "conv_dw"),
        ("residual.norm", "norm"),
        ("residual.end.0.weight", "gamma"),
        ("mlp.hidden", "mlp.fc1"),
        ("mlp.out", "mlp.fc2"),
    )
    return ours, lambda x: theirs(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _torch_cross():
    """The second half of torch's decoder layer: attention to a context, and the MLP."""
    theirs = scattered(nn.TransformerDecoderLayer(24, 4, 48, dropout=0.0, activation="gelu", batch_first=True))
    state = {name.replace("in_proj_", "in_proj."): each for name, each in theirs.multihead_attn.state_dict().items()}
    ours = TransformerBlock(
        24, attention=CrossAttention(24, 4), mlp=MLP(24, 48), norm=partial(LayerNorm, eps=1e-5), form=PostNorm
    )
    for name in ("weight", "bias"):
        query, key_value = state[f"in_proj.{name}"].split([24, 48])
        ours.attention.query.get_parameter(name).data = query
        ours.attention.key_value.get_parameter(name).data = key_value
    ours.attention.out.load_state_dict(theirs.multihead_attn.out_proj.state_dict())
    ours.mlp.hidden.load_state_dict(theirs.linear1.state_dict())
    ours.mlp.out.load_state_dict(theirs.linear2.state_dict())
    ours.residual.attention_norm.load_state_dict(theirs.norm2.state_dict())
    ours.residual.mlp_norm.load_state_dict(theirs.norm3.state_dict())

    def second_half(x, context):
        x = theirs.norm2(x + theirs._mha_block(x, context, None, None))
        return theirs.norm3(x + theirs._ff_block(x))

    return (lambda x, context: ours.eval()(x, context=context)), second_half


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


SWIN = (
    ("attention.attention.positions.table", "attn.relative_position_bias_table"),
    ("attention.attention.positions.network", "attn.cpb_mlp"),
    ("attention.attention.scale", "attn.logit_scale"),
    ("attention.attention.qkv", "attn.qkv"),
    ("attention.attention.query_bias", "attn.q_bias"),
    ("attention.attention.value_bias", "attn.v_bias"),
    ("attention.attention.out", "attn.proj"),
    ("residual.attention_norm", "norm1"),
    ("residual.mlp_norm", "norm2"),
    ("mlp.hidden", "mlp.0"),
    ("mlp.out", "mlp.3"),
)
UNUSED = ("attn.relative_position_index", "attn.relative_coords_table")


def _swin(size, window, shift):
    theirs = SwinTransformerBlock(24, size, num_heads=4, window_size=window, shift_size=shift, mlp_ratio=2)
    return same(_swin_block(window, shift), scattered(theirs), *SWIN, *BLOCK)


def _swin_of_torchvision(window, shift):
    theirs = torchvision_swin.SwinTransformerBlock(24, 4, list(window), list(shift), mlp_ratio=2)
    return same(_swin_block(window, shift, pad_first=True), scattered(theirs), *SWIN, unused=UNUSED)


def _swin_v2(size, window, shift, trained_window=None):
    theirs = SwinTransformerV2Block(
        24, size, 4, window, shift, mlp_ratio=2, pretrained_window_size=trained_window or (0, 0)
    )
    return same(_swin_v2_block(window, shift, trained_window), scattered(theirs), *SWIN, *BLOCK)


def _swin_v2_of_torchvision(window, shift):
    theirs = scattered(torchvision_swin.SwinTransformerBlockV2(24, 4, list(window), list(shift), mlp_ratio=2))
    ours, state = _swin_v2_block(window, shift, pad_first=True), theirs.state_dict()
    state["attn.q_bias"], _, state["attn.v_bias"] = state.pop("attn.qkv.bias").chunk(3)
    load(ours, Renames(*SWIN, unused=UNUSED).here(state), "Swin-V2")
    return ours.eval(), theirs


def _eva(grid, trained_grid, **changed):
    theirs = scattered(EvaBlock(24, 2, swiglu_mlp=True, scale_mlp=True, qkv_fused=False, mlp_ratio=2, **changed))
    turned = RotaryEmbeddingCat(
        12, max_res=1, in_pixels=False, feat_shape=list(grid), ref_feat_shape=list(trained_grid)
    )
    state = theirs.state_dict()
    state["attn.k_proj.bias"] = torch.zeros(24)
    ours = TransformerBlock(
        24,
        attention=Attention(24, 2, rotary=Rotary(12, grid=grid, trained_grid=trained_grid, halves=False, num_prefix=1)),
        mlp=GatedMLP(24, 48, norm=LayerNorm),
        layer_scale=changed.get("init_values"),
    )
    renames = Renames(
        ("residual.attention_end.0.weight", "gamma_1"),
        ("residual.mlp_end.0.weight", "gamma_2"),
        ("mlp.gate", "mlp.fc1_g"),
        ("mlp.hidden", "mlp.fc1_x"),
        *BLOCK,
        joined={"attention.qkv": tuple(f"attn.{each}_proj" for each in "qkv")},
    )
    load(ours, renames.here(state), "EVA-02")
    return ours.eval(), lambda x: theirs(x, rope=turned.get_embed())


def _llama():
    config = LlamaConfig(hidden_size=24, intermediate_size=48, num_attention_heads=2, _attn_implementation="sdpa")
    theirs, turned = scattered(LlamaDecoderLayer(config, 0)), LlamaRotaryEmbedding(config)
    ours, _ = same(
        TransformerBlock(
            24,
            attention=Attention(24, 2, bias=False, out_bias=False, rotary=Rotary(12)),
            mlp=GatedMLP(24, 48, bias=False),
            norm=RMSNorm,
        ),
        theirs,
        ("residual.attention_norm", "input_layernorm"),
        ("residual.mlp_norm", "post_attention_layernorm"),
        ("attention.out", "self_attn.o_proj"),
        ("mlp.gate", "mlp.gate_proj"),
        ("mlp.hidden", "mlp.up_proj"),
        ("mlp.out", "mlp.down_proj"),
        joined={"attention.qkv": tuple(f"self_attn.{each}_proj" for each in "qkv")},
    )
    causal = torch.ones(5, 5, dtype=torch.bool).tril()[None, None]

    def reference(x):
        return theirs(x, attention_mask=causal, position_embeddings=turned(x, torch.arange(5)[None]))

    return (lambda x: ours(x, mask=causal)), reference


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
        *BLOCK,
    )

    def reference(x):
        found, (height, width) = theirs(x.flatten(1, 2), list(x.shape[1:3]))
        return found.reshape(x.shape[0], height, width, -1)

    return ours, reference


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
    Equality("TransformerBlock", "timm.models.vision_transformer.Block", _vit, ((2, 5, 24),), note="ViT's"),
    Equality(
        "TransformerBlock",
        "timm.models.vision_transformer.Block",
        partial(_vit, init_values=0.3),
        ((2, 5, 24),),
        note="DeiT-III's, with layer scale",
    ),
    Equality(
        "TransformerBlock", "transformers.models.bert.modeling_bert.BertLayer", _bert, ((2, 5, 24),), note="BERT's"
    ),
    Equality(
        "TransformerBlock",
        "transformers.models.bert.modeling_bert.BertLayer",
        _bert_padded,
        ((2, 5, 24),),
        note="BERT's, with a mask of padding",
    ),
    Equality("TransformerBlock", "timm.models.convnext.ConvNeXtBlock", _convnext, ((2, 9, 7, 16),), note="ConvNeXt's"),
    Equality(
        "TransformerBlock",
        "torch.nn.TransformerDecoderLayer",
        _torch_cross,
        ((2, 5, 24), (2, 7, 24)),
        note="with a context",
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
    Equality(
        "TransformerBlock",
        "timm.models.eva.EvaBlock",
        partial(_eva, (3, 4), (3, 4)),
        ((2, 13, 24),),
        note="EVA-02's: a gated MLP and rotary positions",
    ),
    Equality(
        "TransformerBlock",
        "timm.models.eva.EvaBlock",
        partial(_eva, (4, 5), (2, 2), init_values=0.3),
        ((2, 21, 24),),
        note="EVA-02's, of another size, with layer scale",
    ),
    Equality(
        "TransformerBlock",
        "transformers.models.llama.modeling_llama.LlamaDecoderLayer",
        _llama,
        ((2, 5, 24),),
        note="Llama's, with its mask",
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
