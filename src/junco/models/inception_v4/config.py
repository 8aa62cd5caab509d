"""Inception-v4: how many modules of each kind there are."""

from __future__ import annotations

from dataclasses import dataclass

DIM = 1536


@dataclass(frozen=True, slots=True)
class InceptionV4Config:
    """Its depth.

    Attributes:
        depths: modules of kinds A, B and C; from one kind to the next maps become half as large.
        num_classes: of the classifier; 0: there is none.
    """

    depths: tuple[int, int, int] = (4, 7, 3)
    num_classes: int = 1000


VARIANTS = {"inception_v4": InceptionV4Config()}
"""By timm's names."""
