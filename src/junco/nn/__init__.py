"""Blocks of networks in torch: bricks that take bricks, of which models are built in tens of lines.

Convolutional blocks take (n, channels, height, width), blocks of sound (n, channels, time), and transformer blocks have
the width last: (n, tokens, width) or (n, height, width, channels).
"""

from junco.nn.attention import Attention, CrossAttention
from junco.nn.drop import DropPath, LayerScale
from junco.nn.forms import BranchNorm, JointNorm, ParallelNorm, PostNorm, PreNorm, SandwichNorm
from junco.nn.mixing import DepthwiseMixing
from junco.nn.mlp import MLP, ConvMLP, GatedMLP
from junco.nn.norms import LayerNorm, LayerNorm2d, RMSNorm
from junco.nn.transformer import TransformerBlock

__all__ = [
    "MLP",
    "Attention",
    "BranchNorm",
    "ConvMLP",
    "CrossAttention",
    "DepthwiseMixing",
    "DropPath",
    "GatedMLP",
    "JointNorm",
    "LayerNorm",
    "LayerNorm2d",
    "LayerScale",
    "ParallelNorm",
    "PostNorm",
    "PreNorm",
    "RMSNorm",
    "SandwichNorm",
    "TransformerBlock",
]
