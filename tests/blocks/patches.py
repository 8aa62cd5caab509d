"""Pictures and films into tokens, and fewer tokens of many."""

from __future__ import annotations

from functools import partial

from timm.layers import LayerNorm2d as TimmLayerNorm2d
from timm.layers import PatchEmbed
from timm.models.convnext import ConvNeXt, ConvNeXtStage
from timm.models.swin_transformer import PatchMerging as TimmMerging
from timm.models.swin_transformer_v2 import PatchMerging as TimmMergingV2
from torch import nn
from torchvision.models.swin_transformer import PatchMerging as TorchvisionMerging
from torchvision.models.swin_transformer import PatchMergingV2 as TorchvisionMergingV2
from transformers import VivitConfig
from transformers.models.vivit.modeling_vivit import VivitTubeletEmbeddings

from blocks import Case, Equality
from blocks.references import same, scattered
from junco.nn import ConvMerging, LayerNorm, PatchEmbedding, PatchMerging, PrefixTokens, TubeletEmbedding

EPS = partial(LayerNorm, eps=1e-5)

CASES = [
    Case("PatchEmbedding", lambda: PatchEmbedding(8, 4), ((2, 3, 8, 12),), (2, 2, 3, 8)),
    Case("PatchEmbedding of an odd picture", lambda: PatchEmbedding(8, 4, norm=EPS), ((2, 3, 9, 11),), (2, 3, 3, 8)),
    Case("TubeletEmbedding", lambda: TubeletEmbedding(8, 2, 4), ((2, 3, 4, 8, 12),), (2, 2, 2, 3, 8)),
    Case("TubeletEmbedding of an odd film", lambda: TubeletEmbedding(8, 2, 4), ((2, 3, 5, 9, 12),), (2, 3, 3, 3, 8)),
    Case("PatchMerging", lambda: PatchMerging(8, 16), ((2, 6, 8, 8),), (2, 3, 4, 16)),
    Case("PatchMerging of an odd map", lambda: PatchMerging(8, 16, norm_last=True), ((2, 5, 7, 8),), (2, 3, 4, 16)),
    Case("ConvMerging", lambda: ConvMerging(8, 16), ((2, 6, 9, 8),), (2, 3, 4, 16)),
    Case("PrefixTokens", lambda: PrefixTokens(8, 2), ((2, 5, 8),), (2, 7, 8)),
]


def _patches():
    theirs = scattered(PatchEmbed(None, 4, 3, 16, norm_layer=nn.LayerNorm, output_fmt="NHWC", dynamic_img_pad=True))
    return same(PatchEmbedding(16, 4, norm=EPS), theirs, ("conv", "proj"))


def _tubelets():
    config = VivitConfig(image_size=12, num_frames=4, tubelet_size=[2, 4, 4], hidden_size=16)
    theirs = scattered(VivitTubeletEmbeddings(config))
    ours, _ = same(TubeletEmbedding(16, 2, 4), theirs, ("conv", "projection"))
    return (lambda x: ours(x).flatten(1, 3)), lambda x: theirs(x.transpose(1, 2))


def _merging(theirs, **options):
    norm = "last_norm" if options else "norm"
    return same(PatchMerging(8, 16, norm=EPS, **options), scattered(theirs(8)), ("reduce", "reduction"), (norm, "norm"))


def _cut_patches():
    """ConvNeXt's stem: what patches leave over is cut."""
    theirs = scattered(ConvNeXt(depths=(1, 1, 1, 1), dims=(16, 16, 16, 16)).stem)
    ours, _ = same(PatchEmbedding(16, 4, norm=LayerNorm, pad=False), theirs, ("conv", "0"), ("norm", "1"))
    return ours, lambda x: theirs(x).permute(0, 2, 3, 1)


def _conv_merging():
    theirs = scattered(ConvNeXtStage(8, 16, stride=2, depth=1, norm_layer=TimmLayerNorm2d).downsample)
    ours, _ = same(ConvMerging(8, 16), theirs, ("norm", "0"), ("conv", "1"))
    return ours, lambda x: theirs(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


EQUALITIES = [
    Equality(
        "PatchEmbedding",
        "timm.models.convnext.ConvNeXt",
        _cut_patches,
        ((2, 3, 13, 7),),
        note="its stem, of an odd picture, cut",
    ),
    *(
        Equality(
            "ConvMerging", "timm.models.convnext.ConvNeXtStage", _conv_merging, ((2, *size, 8),), note=f"of {size}"
        )
        for size in ((6, 8), (5, 7))
    ),
    Equality("PatchEmbedding", "timm.layers.PatchEmbed", _patches, ((2, 3, 12, 8),), note="with a norm"),
    Equality("PatchEmbedding", "timm.layers.PatchEmbed", _patches, ((2, 3, 13, 7),), note="of an odd picture"),
    Equality(
        "TubeletEmbedding",
        "transformers.models.vivit.modeling_vivit.VivitTubeletEmbeddings",
        _tubelets,
        ((2, 3, 4, 12, 12),),
    ),
    *(
        Equality("PatchMerging", reference, partial(_merging, theirs, **options), ((2, *size, 8),), note=f"of {size}")
        for size in ((6, 8), (5, 7))
        for reference, theirs, options in (
            ("timm.models.swin_transformer.PatchMerging", TimmMerging, {}),
            ("torchvision.models.swin_transformer.PatchMerging", TorchvisionMerging, {}),
            ("timm.models.swin_transformer_v2.PatchMerging", TimmMergingV2, {"norm_last": True}),
            ("torchvision.models.swin_transformer.PatchMergingV2", TorchvisionMergingV2, {"norm_last": True}),
        )
    ),
]
