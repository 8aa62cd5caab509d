"""Sizes of ECAPA-TDNN."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EcapaTdnnConfig:
    """What an ECAPA-TDNN is made of; these are the sizes of the paper's larger one.

    Attributes:
        num_bands: of the mel spectrogram.
        channels: of the first layer and of each block.
        sizes: of their kernels.
        dilations: of their kernels.
        joint_channels: of the layer that joins what all blocks gave.
        num_groups: of channels in a block.
        inner: channels in which a block scales, and the pooling weighs.
        dim: of the vector.
        batch_norm: whether each layer ends with one, as in the paper; the speech models of transformers have none.
    """

    num_bands: int = 80
    channels: tuple[int, ...] = (1024, 1024, 1024, 1024)
    sizes: tuple[int, ...] = (5, 3, 3, 3)
    dilations: tuple[int, ...] = (1, 2, 3, 4)
    joint_channels: int = 1536
    num_groups: int = 8
    inner: int = 128
    dim: int = 192
    batch_norm: bool = True
