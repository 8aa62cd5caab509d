"""Blocks of networks in torch: bricks that take bricks, of which models are built in tens of lines.

Convolutional blocks take (n, channels, height, width), blocks of sound (n, channels, time), and transformer blocks have
the width last: (n, tokens, width) or (n, height, width, channels).
"""

from junco.nn.discriminator import MinibatchStd
from junco.nn.equalised import EqualisedConv2d, EqualisedLinear
from junco.nn.heads import ClassificationHead, CosineHead, MarginHead
from junco.nn.mel import LogMel, MelBands, Spectrogram
from junco.nn.modulation import MappingNetwork, ModulatedConv2d, StyleBlock
from junco.nn.netvlad import NetVLAD
from junco.nn.pooling import AttentionPool, GeMPool, MaxPool, MeanPool, SequencePool
from junco.nn.resampling_blocks import DownBlock, Resample, UpBlock
from junco.nn.spectral import SpectralNorm
from junco.nn.tdnn import (
    AttentiveStatisticsPool,
    EcapaBlock,
    Res2Net1d,
    Residual1d,
    SqueezeExcite1d,
    StatisticsPool,
    TimeDelay,
)

__all__ = [
    "AttentionPool",
    "AttentiveStatisticsPool",
    "ClassificationHead",
    "CosineHead",
    "DownBlock",
    "EcapaBlock",
    "EqualisedConv2d",
    "EqualisedLinear",
    "GeMPool",
    "LogMel",
    "MappingNetwork",
    "MarginHead",
    "MaxPool",
    "MeanPool",
    "MelBands",
    "MinibatchStd",
    "ModulatedConv2d",
    "NetVLAD",
    "Res2Net1d",
    "Resample",
    "Residual1d",
    "SequencePool",
    "SpectralNorm",
    "Spectrogram",
    "SqueezeExcite1d",
    "StatisticsPool",
    "StyleBlock",
    "TimeDelay",
    "UpBlock",
]
