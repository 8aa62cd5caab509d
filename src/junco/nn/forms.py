"""How a block's two branches, its norms and the paths around them are wired: a class for each way."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from junco.nn.parts import Norm, Part, made, part

Branch = Callable[[torch.Tensor], torch.Tensor]
Form = Callable[[int, Norm, Callable[[], nn.Module]], nn.Module]
"""What makes the wiring, of a width, what makes norms, and what makes the end of a branch."""


class PreNorm(nn.Module):
    """Norms before the branches.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: x ← x + attention(norm(x)), then y = x + mlp(norm(x))

    Xiong et al., "On Layer Normalization in the Transformer Architecture" (2020).

    Args:
        width: of the tokens.
        norm: makes the normalisations.
        end: makes what a branch ends with.
        shortcut: what the path around the attention goes through, where the attention makes fewer tokens.
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module], *, shortcut: Part = None) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = made(norm, width), made(norm, width)
        self.attention_end, self.mlp_end = end(), end()
        self.shortcut = part(shortcut)

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        x = self.shortcut(x) + self.attention_end(attention(self.attention_norm(x)))
        return x + self.mlp_end(mlp(self.mlp_norm(x)))  # type: ignore[no-any-return]


class PostNorm(nn.Module):
    """Norms after the sums; BERT's.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: x ← norm(x + attention(x)), then y = norm(x + mlp(x))

    Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding" (2018).
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = made(norm, width), made(norm, width)
        self.attention_end, self.mlp_end = end(), end()

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        x = self.attention_norm(x + self.attention_end(attention(x)))
        return self.mlp_norm(x + self.mlp_end(mlp(x)))  # type: ignore[no-any-return]


class BranchNorm(nn.Module):
    """Norms at the ends of the branches; Swin-V2's.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: x ← x + norm(attention(x)), then y = x + norm(mlp(x))

    Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution" (2021).
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = made(norm, width), made(norm, width)
        self.attention_end, self.mlp_end = end(), end()

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        x = x + self.attention_end(self.attention_norm(attention(x)))
        return x + self.mlp_end(self.mlp_norm(mlp(x)))  # type: ignore[no-any-return]


class SandwichNorm(nn.Module):
    """Norms before and after the branches.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: x ← x + norm(attention(norm(x))), then y = x + norm(mlp(norm(x)))

    Ding et al., "CogView: Mastering Text-to-Image Generation via Transformers" (2021).
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.attention_norm, self.attention_end_norm = made(norm, width), made(norm, width)
        self.mlp_norm, self.mlp_end_norm = made(norm, width), made(norm, width)
        self.attention_end, self.mlp_end = end(), end()

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        x = x + self.attention_end(self.attention_end_norm(attention(self.attention_norm(x))))
        return x + self.mlp_end(self.mlp_end_norm(mlp(self.mlp_norm(x))))  # type: ignore[no-any-return]


class ParallelNorm(nn.Module):
    """Both branches at once, of one norm.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: y = x + attention(norm(x)) + mlp(norm(x))

    Dehghani et al., "Scaling Vision Transformers to 22 Billion Parameters" (2023).
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.norm = made(norm, width)
        self.attention_end, self.mlp_end = end(), end()

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        seen = self.norm(x)
        return x + self.attention_end(attention(seen)) + self.mlp_end(mlp(seen))  # type: ignore[no-any-return]


class JointNorm(nn.Module):
    """One path around both, with the norm between them; ConvNeXt's.

    Shapes: (n, …, width), and the two branches → (n, …, width)

    Formula: y = x + mlp(norm(attention(x)))

    Liu et al., "A ConvNet for the 2020s" (2022).
    """

    def __init__(self, width: int, norm: Norm, end: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.norm = made(norm, width)
        self.end = end()

    def forward(self, x: torch.Tensor, attention: Branch, mlp: Branch) -> torch.Tensor:
        return x + self.end(mlp(self.norm(attention(x))))  # type: ignore[no-any-return]
