"""The one transformer block: what it is, by its arguments alone."""

from __future__ import annotations

from functools import partial

import torch
from timm.layers import DropPath as TimmDropPath
from timm.layers import LayerScale as TimmLayerScale
from timm.layers import RotaryEmbeddingCat
from timm.models.convnext import ConvNeXtBlock
from timm.models.eva import EvaBlock
from timm.models.vision_transformer import Block, ParallelScalingBlock
from torch import nn
from transformers import BertConfig, Gemma2Config, LlamaConfig
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.gemma2.modeling_gemma2 import Gemma2DecoderLayer, Gemma2RotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.models.renames import Renames, load
from junco.models.vit.weights import BLOCK as VIT
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
    Rotary,
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


def _vit(**changed):
    theirs = scattered(Block(24, 4, qkv_bias=True, **changed))
    ours = TransformerBlock(
        24,
        attention=Attention(24, 4),
        mlp=MLP(24, 96),
        layer_scale=changed.get("init_values"),
    )
    return same(ours, theirs, *VIT)


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
        *VIT,
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


EPS = partial(LayerNorm, eps=1e-5)


def _of_torch(form):
    theirs = scattered(
        nn.TransformerEncoderLayer(
            24, 4, 48, dropout=0.0, activation="gelu", batch_first=True, norm_first=form is PreNorm
        )
    )
    return same(
        TransformerBlock(24, attention=Attention(24, 4), mlp=MLP(24, 48), norm=EPS, form=form),
        theirs,
        ("attention.qkv.weight", "self_attn.in_proj_weight"),
        ("attention.qkv.bias", "self_attn.in_proj_bias"),
        ("attention.out", "self_attn.out_proj"),
        ("residual.attention_norm", "norm1"),
        ("residual.mlp_norm", "norm2"),
        ("mlp.hidden", "linear1"),
        ("mlp.out", "linear2"),
    )


def _parallel():
    """Theirs has the first maps of both branches in one."""
    theirs = scattered(ParallelScalingBlock(24, 4, mlp_ratio=2, qkv_bias=True, qk_norm=True, init_values=0.3))
    state = theirs.state_dict()
    for kind in ("weight", "bias"):
        state[f"fc1.{kind}"], state[f"qkv.{kind}"] = state.pop(f"in_proj.{kind}").split([48, 72])
    state["ls2.gamma"] = state["ls.gamma"]
    renames = Renames(
        ("residual.norm", "in_norm"),
        ("attention.query_norm", "q_norm"),
        ("attention.key_norm", "k_norm"),
        ("attention.qkv", "qkv"),
        ("attention.out", "attn_out_proj"),
        ("residual.attention_end.0.weight", "ls.gamma"),
        ("residual.mlp_end.0.weight", "ls2.gamma"),
        ("mlp.hidden", "fc1"),
        ("mlp.out", "mlp_out_proj"),
    )
    norm = partial(LayerNorm, eps=theirs.in_norm.eps)
    attention = Attention(24, 4, qk_norm=partial(LayerNorm, eps=theirs.q_norm.eps))
    ours = TransformerBlock(24, attention=attention, mlp=MLP(24, 48), norm=norm, form=ParallelNorm, layer_scale=0.3)
    load(ours, renames.here(state), "ViT-22B")
    return ours.eval(), theirs


def _gemma():
    """Norms before and behind the branches; theirs keep how far their weights are from 1."""
    config = Gemma2Config(
        hidden_size=24,
        intermediate_size=48,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=12,
        query_pre_attn_scalar=12,
        attn_logit_softcapping=None,
        _attn_implementation="sdpa",
    )
    theirs, turned = scattered(Gemma2DecoderLayer(config, 0)), Gemma2RotaryEmbedding(config)
    state = {name: each + ("norm" in name) for name, each in theirs.state_dict().items()}
    ours = TransformerBlock(
        24,
        attention=Attention(24, 2, bias=False, out_bias=False, rotary=Rotary(12)),
        mlp=GatedMLP(24, 48, bias=False, activation=partial(nn.GELU, approximate="tanh")),
        norm=RMSNorm,
        form=SandwichNorm,
    )
    renames = Renames(
        ("residual.attention_norm", "input_layernorm"),
        ("residual.attention_end_norm", "post_attention_layernorm"),
        ("residual.mlp_norm", "pre_feedforward_layernorm"),
        ("residual.mlp_end_norm", "post_feedforward_layernorm"),
        ("attention.out", "self_attn.o_proj"),
        ("mlp.gate", "mlp.gate_proj"),
        ("mlp.hidden", "mlp.up_proj"),
        ("mlp.out", "mlp.down_proj"),
        joined={"attention.qkv": tuple(f"self_attn.{each}_proj" for each in "qkv")},
    )
    load(ours, renames.here(state), "Gemma 2")
    causal = torch.ones(5, 5, dtype=torch.bool).tril()[None, None]

    def reference(x):
        return theirs(x, attention_mask=causal, position_embeddings=turned(x, torch.arange(5)[None]))

    return (lambda x: ours.eval()(x, mask=causal)), reference


def _dropped():
    ours, theirs = DropPath(0.4).train(), TimmDropPath(0.4).train()

    def seeded(function):
        def called(x):
            torch.manual_seed(5)
            return function(x)

        return called

    return seeded(ours), seeded(theirs)


EQUALITIES = [
    *(
        Equality(form.__name__, "torch.nn.TransformerEncoderLayer", partial(_of_torch, form), ((2, 5, 24),))
        for form in (PreNorm, PostNorm)
    ),
    Equality(
        "ParallelNorm",
        "timm.models.vision_transformer.ParallelScalingBlock",
        _parallel,
        ((2, 5, 24),),
        note="with norms of queries and keys, and layer scale",
    ),
    Equality("SandwichNorm", "transformers.models.gemma2.modeling_gemma2.Gemma2DecoderLayer", _gemma, ((2, 5, 24),)),
    Equality("JointNorm", "timm.models.convnext.ConvNeXtBlock", _convnext, ((2, 6, 8, 16),)),
    Equality("DropPath", "timm.layers.DropPath", _dropped, ((9, 5, 12),), note="in training, by one seed"),
    Equality(
        "LayerScale",
        "timm.layers.LayerScale",
        lambda: same(LayerScale(12), scattered(TimmLayerScale(12)), ("weight", "gamma")),
        ((2, 5, 12),),
    ),
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
]
