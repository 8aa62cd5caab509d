"""The one transformer block: what it is, by its arguments alone."""

from __future__ import annotations

from functools import partial

import torch
from timm.models.convnext import ConvNeXtBlock
from timm.models.vision_transformer import Block
from torch import nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.nn import (
    MLP,
    Attention,
    BranchNorm,
    CrossAttention,
    DepthwiseMixing,
    DropPath,
    GatedMLP,
    JointNorm,
    LayerNorm,
    LayerScale,
    ParallelNorm,
    PostNorm,
    PreNorm,
    RMSNorm,
    SandwichNorm,
    TransformerBlock,
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
]
