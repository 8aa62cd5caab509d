"""Blocks of networks in torch: bricks that take bricks, of which models are built in tens of lines.

Convolutional blocks take (n, channels, height, width), blocks of sound (n, channels, time), and transformer blocks have
the width last: (n, tokens, width) or (n, height, width, channels).
"""

from __future__ import annotations

from junco.nn.attention import Attention, CrossAttention
from junco.nn.blur import BlurPool
from junco.nn.bottleneck import AveragedShortcut, BasicBlock, Bottleneck, DeepStem
from junco.nn.branches import Branches
from junco.nn.convolution import ConvCentred, ConvNormActivation, ConvSame
from junco.nn.discriminator import MinibatchStd
from junco.nn.drop import DropPath, LayerScale
from junco.nn.drop_block import DropBlock
from junco.nn.equalised import EqualisedConv2d, EqualisedLinear
from junco.nn.excitation import EfficientChannelAttention, SqueezeExcitation
from junco.nn.forms import BranchNorm, JointNorm, ParallelNorm, PostNorm, PreNorm, SandwichNorm
from junco.nn.linear_attention import LinearAttention, PositiveELU
from junco.nn.mixed_convolution import ConditionalConvolution, MixedConvolution
from junco.nn.mixing import DepthwiseMixing
from junco.nn.mlp import MLP, ConvMLP, GatedMLP
from junco.nn.mobile import DepthwiseSeparable, FusedInvertedResidual, InvertedResidual
from junco.nn.modulation import MappingNetwork, ModulatedConv2d, StyleBlock
from junco.nn.norms import LayerNorm, LayerNorm2d, RMSNorm
from junco.nn.patches import ConvMerging, PatchEmbedding, PatchMerging, PrefixTokens, TubeletEmbedding
from junco.nn.pooled_attention import HeadPool, PooledAttention, PooledShortcut, SteppedPositions
from junco.nn.pooling import AttentionPool, GeMPool, MaxPool, MeanPool, SequencePool
from junco.nn.positions import LearnedPositions, LogSpacedBias, RelativePositionBias, SinCosPositions
from junco.nn.pyramid_pooling import AtrousSpatialPyramidPooling, SpatialPyramidPooling
from junco.nn.resampling_blocks import DownBlock, Resample, UpBlock
from junco.nn.rotary import Rotary
from junco.nn.selective_kernel import SelectiveKernel
from junco.nn.spectral import SpectralNorm
from junco.nn.transformer import TransformerBlock
from junco.nn.window_attention import CosineAttention, WindowAttention

__all__ = [
    "MLP",
    "AtrousSpatialPyramidPooling",
    "Attention",
    "AttentionPool",
    "AveragedShortcut",
    "BasicBlock",
    "BlurPool",
    "Bottleneck",
    "BranchNorm",
    "Branches",
    "ConditionalConvolution",
    "ConvCentred",
    "ConvMLP",
    "ConvMerging",
    "ConvNormActivation",
    "ConvSame",
    "CosineAttention",
    "CrossAttention",
    "DeepStem",
    "DepthwiseMixing",
    "DepthwiseSeparable",
    "DownBlock",
    "DropBlock",
    "DropPath",
    "EfficientChannelAttention",
    "EqualisedConv2d",
    "EqualisedLinear",
    "FusedInvertedResidual",
    "GatedMLP",
    "GeMPool",
    "HeadPool",
    "InvertedResidual",
    "JointNorm",
    "LayerNorm",
    "LayerNorm2d",
    "LayerScale",
    "LearnedPositions",
    "LinearAttention",
    "LogSpacedBias",
    "MappingNetwork",
    "MaxPool",
    "MeanPool",
    "MinibatchStd",
    "MixedConvolution",
    "ModulatedConv2d",
    "ParallelNorm",
    "PatchEmbedding",
    "PatchMerging",
    "PooledAttention",
    "PooledShortcut",
    "PositiveELU",
    "PostNorm",
    "PreNorm",
    "PrefixTokens",
    "RMSNorm",
    "RelativePositionBias",
    "Resample",
    "Rotary",
    "SandwichNorm",
    "SelectiveKernel",
    "SequencePool",
    "SinCosPositions",
    "SpatialPyramidPooling",
    "SpectralNorm",
    "SqueezeExcitation",
    "SteppedPositions",
    "StyleBlock",
    "TransformerBlock",
    "TubeletEmbedding",
    "UpBlock",
    "WindowAttention",
]
