"""Blocks of networks in torch: bricks that take bricks, of which models are built in tens of lines.

Convolutional blocks take (n, channels, height, width), blocks of sound (n, channels, time), and transformer blocks have
the width last: (n, tokens, width) or (n, height, width, channels).
"""

from junco.nn.discriminator import MinibatchStd
from junco.nn.equalised import EqualisedConv2d, EqualisedLinear
from junco.nn.modulation import MappingNetwork, ModulatedConv2d, StyleBlock
from junco.nn.pooling import AttentionPool, GeMPool, MaxPool, MeanPool, SequencePool
from junco.nn.resampling_blocks import DownBlock, Resample, UpBlock
from junco.nn.spectral import SpectralNorm

__all__ = [
    "AttentionPool",
    "DownBlock",
    "EqualisedConv2d",
    "EqualisedLinear",
    "GeMPool",
    "MappingNetwork",
    "MaxPool",
    "MeanPool",
    "MinibatchStd",
    "ModulatedConv2d",
    "Resample",
    "SequencePool",
    "SpectralNorm",
    "StyleBlock",
    "UpBlock",
]
