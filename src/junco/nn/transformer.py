"""`TransformerBlock`: attention and an MLP, each beside a path around it; the parts are given, and so is their order.

TransformerBlock(768, attention=Attention(768, 12), mlp=MLP(768, 3072))                       # ViT's
TransformerBlock(384, attention=Attention(384, 12), mlp=MLP(384, 1536), form=PostNorm)        # BERT's
TransformerBlock(96, attention=DepthwiseMixing(96), mlp=MLP(96, 384), form=JointNorm, layer_scale=1e-6)  # ConvNeXt's
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from junco.nn.drop import DropPath, LayerScale
from junco.nn.forms import Form, PreNorm
from junco.nn.norms import LayerNorm
from junco.nn.parts import Norm, Part, check_sizes, part


class TransformerBlock(nn.Module):
    """A block of a transformer, or of what is built like one: attention and an MLP with paths around them.

    Shapes: (n, …, width) → the same, in the layout that its parts take: (n, tokens, width) or (n, height, width,
    channels)

    Formula: with the default form x ← x + scale · attention(norm(x)), then y = x + scale · mlp(norm(x))

    Vaswani et al., "Attention Is All You Need" (2017).

    Args:
        width: of the tokens.
        attention: mixes tokens: :class:`Attention`, :class:`WindowAttention`, a convolution …; ``None``: an identity.
        mlp: changes each token; ``None``: an identity.
        norm: makes the normalisations.
        form: how branches, norms and paths are wired: :class:`PreNorm` and the others of ``forms``, or a class of
            one's own.
        drop_path: how often in training a branch is left out.
        layer_scale: the first value of a learned factor of each branch's numbers; ``None``: there is none.
    """

    def __init__(
        self,
        width: int,
        *,
        attention: Part,
        mlp: Part,
        norm: Norm = LayerNorm,
        form: Form = PreNorm,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        check_sizes("TransformerBlock", width=width)

        def end() -> nn.Module:
            scale = [] if layer_scale is None else [LayerScale(width, layer_scale)]
            return nn.Sequential(*scale, *([DropPath(drop_path)] if drop_path else []))

        self.attention = part(attention)
        self.mlp = part(mlp)
        self.residual = form(width, norm, end)

    def forward(self, tokens: torch.Tensor, **given: Any) -> torch.Tensor:
        """Of tokens; ``given`` is what the attention takes besides them: ``mask=…``, ``context=…``."""

        def attention(x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, **given)  # type: ignore[no-any-return]

        return self.residual(tokens, attention, self.mlp)  # type: ignore[no-any-return]
