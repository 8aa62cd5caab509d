"""Pictures and films into tokens, tokens of a map into fewer, and tokens that stand for the whole."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from junco.nn.norms import LayerNorm
from junco.nn.parts import Norm, check_room, check_sizes, made


class PatchEmbedding(nn.Module):
    """Cuts a picture into squares, each of which becomes a token.

    Shapes: (n, channels, height, width) → (n, height / patch, width / patch, width of the tokens)

    Formula: y = norm(W patch + b); a picture that patches do not divide is padded with zeros below and on the right, or
    loses what is left over there

    Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020).

    Args:
        width: of the tokens.
        patch: side of a square.
        channels: of the picture.
        norm: makes a normalisation of the tokens.
        pad: whether such a picture is padded, as Swin does it, or cut, as ConvNeXt does it.
    """

    def __init__(self, width: int, patch: int, *, channels: int = 3, norm: Norm = None, pad: bool = True) -> None:
        super().__init__()
        check_sizes("PatchEmbedding", width=width, patch=patch, channels=channels)
        check_room("PatchEmbedding", width, channels, patch, patch)
        self.patch, self.pad = patch, pad
        self.conv = nn.Conv2d(channels, width, patch, stride=patch)
        self.norm = made(norm, width)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        below, right = -levels.shape[2] % self.patch, -levels.shape[3] % self.patch
        if self.pad and (below or right):
            levels = functional.pad(levels, (0, right, 0, below))
        return self.norm(self.conv(levels).permute(0, 2, 3, 1))  # type: ignore[no-any-return]


class TubeletEmbedding(nn.Module):
    """Cuts a film into tubes, squares that last for some frames, each of which becomes a token.

    Shapes: (n, channels, frames, height, width) → (n, frames / length, height / patch, width / patch, width of the
    tokens)

    Formula: y = W tube + b; what tubes do not divide is padded with zeros at the end

    Arnab et al., "ViViT: A Video Vision Transformer" (2021).

    Args:
        width: of the tokens.
        length: frames of a tube.
        patch: side of its square.
        channels: of the frames.
    """

    def __init__(self, width: int, length: int, patch: int, *, channels: int = 3) -> None:
        super().__init__()
        check_sizes("TubeletEmbedding", width=width, length=length, patch=patch, channels=channels)
        check_room("TubeletEmbedding", width, channels, length, patch, patch)
        self.size = (length, patch, patch)
        self.conv = nn.Conv3d(channels, width, self.size, stride=self.size)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        late, below, right = (-have % size for have, size in zip(levels.shape[2:], self.size, strict=True))
        if late or below or right:
            levels = functional.pad(levels, (0, right, 0, below, 0, late))
        return self.conv(levels).permute(0, 2, 3, 4, 1)  # type: ignore[no-any-return]


class PatchMerging(nn.Module):
    """Makes one token of each square of four.

    Shapes: (n, height, width, channels) → (n, height / 2, width / 2, out channels)

    Formula: y = reduce(norm(the four beside each other)), or the norm after that; an odd map is padded with zeros below
    and on the right

    Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows" (2021); the norm last in "Swin
    Transformer V2" (2021).

    Args:
        width: of the tokens.
        out_width: of the new ones, often twice as wide.
        norm: makes the normalisation.
        norm_last: whether it comes last.
    """

    def __init__(self, width: int, out_width: int, *, norm: Norm = LayerNorm, norm_last: bool = False) -> None:
        super().__init__()
        check_sizes("PatchMerging", width=width, out_width=out_width)
        check_room("PatchMerging", 4 * width, out_width)
        self.norm = nn.Identity() if norm_last else made(norm, 4 * width)
        self.reduce = nn.Linear(4 * width, out_width, bias=False)
        self.last_norm = made(norm, out_width) if norm_last else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[1] % 2 or x.shape[2] % 2:
            x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        n, height, width, channels = x.shape
        fours = x.reshape(n, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return self.last_norm(self.reduce(self.norm(fours)))  # type: ignore[no-any-return]


class ConvMerging(nn.Module):
    """Makes one token of each square of four by a convolution.

    Shapes: (n, height, width, channels) → (n, height / 2, width / 2, out channels)

    Formula: y = conv(norm(x)); the last row and column of an odd map are left out

    Liu et al., "A ConvNet for the 2020s" (2022).

    Args:
        width: of the tokens.
        out_width: of the new ones, often twice as wide.
        norm: makes the normalisation.
    """

    def __init__(self, width: int, out_width: int, *, norm: Norm = LayerNorm) -> None:
        super().__init__()
        check_sizes("ConvMerging", width=width, out_width=out_width)
        check_room("ConvMerging", 4 * width, out_width)
        self.norm = made(norm, width)
        self.conv = nn.Conv2d(width, out_width, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.norm(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # type: ignore[no-any-return]


class PrefixTokens(nn.Module):
    """Puts learned tokens before all others: a class token, registers.

    Shapes: (n, tokens, width) → (n, number + tokens, width)

    Formula: y = [learned, x]

    Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020); Darcet et al., "Vision Transformers Need
    Registers" (2023).

    Args:
        width: of the tokens.
        num_tokens: how many are put there.
    """

    def __init__(self, width: int, num_tokens: int = 1) -> None:
        super().__init__()
        check_room("PrefixTokens", num_tokens, width)
        self.tokens = nn.Parameter(0.02 * torch.randn(1, num_tokens, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.tokens.expand(tokens.shape[0], -1, -1), tokens], 1)
