"""Blocks of networks in torch: bricks that take bricks, of which models are built in tens of lines.

Convolutional blocks take (n, channels, height, width), blocks of sound (n, channels, time), and transformer blocks have
the width last: (n, tokens, width) or (n, height, width, channels).
"""

from junco.nn.pooling import AttentionPool, GeMPool, MaxPool, MeanPool, SequencePool

__all__ = [
    "AttentionPool",
    "GeMPool",
    "MaxPool",
    "MeanPool",
    "SequencePool",
]
