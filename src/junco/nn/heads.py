"""What stands at the end of a network: vectors become the scores of classes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.parts import Part, check_room, check_sizes, part


class ClassificationHead(nn.Module):
    """Pools a feature map, normalises the vector, and gives the scores of classes.

    Shapes: what ``pool`` takes → (n, num_classes)

    Formula: y = W norm(pool(x)) + b

    Szegedy et al., "Going Deeper with Convolutions" (2015).

    Args:
        width: of the vectors.
        num_classes: scores.
        pool: makes a vector of what comes in; ``None``: vectors come in.
        norm: what normalises it.
        dropout: share of its numbers that training leaves out.
    """

    def __init__(
        self, width: int, num_classes: int, *, pool: Part = None, norm: Part = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_sizes("ClassificationHead", width=width, num_classes=num_classes)
        check_room("ClassificationHead", num_classes, width)
        if not 0 <= dropout < 1:
            raise ParameterError(f"ClassificationHead: dropout={dropout} must be from 0 up and less than 1")
        self.pool, self.norm, self.dropout = part(pool), part(norm), nn.Dropout(dropout)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.classifier(self.dropout(self.norm(self.pool(maps))))
        return found


class CosineHead(nn.Module):
    """The cosine between a vector and the learned direction of each class, scaled.

    Shapes: (n, width) → (n, num_classes)

    Formula: y = s · W x / (‖W‖ ‖x‖)

    Wang et al., "NormFace: L2 Hypersphere Embedding for Face Verification" (2017).

    Args:
        width: of the vectors.
        num_classes: directions.
        scale: s, of the scores.
    """

    def __init__(self, width: int, num_classes: int, scale: float = 64.0) -> None:
        super().__init__()
        check_sizes(type(self).__name__, width=width, num_classes=num_classes)
        check_room(type(self).__name__, num_classes, width)
        if scale <= 0:
            raise ParameterError(f"{type(self).__name__}: scale={scale} must be greater than 0")
        self.directions, self.scale = nn.Parameter(torch.randn(num_classes, width) / math.sqrt(width)), scale

    def cosines(self, vectors: Tensor) -> Tensor:
        """Between each vector and each class's direction: (n, num_classes)."""
        return functional.linear(functional.normalize(vectors, dim=1), functional.normalize(self.directions, dim=1))

    def forward(self, vectors: Tensor) -> Tensor:
        return self.scale * self.cosines(vectors)


class MarginHead(CosineHead):
    """A cosine head that asks for a margin of angle while it trains: ArcFace. Without labels it is the cosine head.

    Shapes: (n, width), and labels int64 (n,) while it trains → (n, num_classes)

    Formula: yⱼ = s cos(θⱼ + m) for the row's own class, s cos θⱼ for others, with θⱼ between x and Wⱼ;
    beyond θ = π - m, where that would rise again, s (cos θ - m sin m)

    Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition" (2019).

    Args:
        width: of the vectors.
        num_classes: directions.
        scale: s, of the scores.
        margin: m, in radians.
    """

    def __init__(self, width: int, num_classes: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__(width, num_classes, scale)
        if not 0 <= margin < math.pi / 2:
            raise ParameterError(f"MarginHead: margin={margin} must be from 0 up and less than a right angle, π / 2")
        self.margin = margin

    def forward(self, vectors: Tensor, labels: Tensor | None = None) -> Tensor:
        cosines = self.cosines(vectors)
        if labels is None:
            return self.scale * cosines
        sines = (1 - cosines.square()).clamp(min=1e-12).sqrt()
        further = cosines * math.cos(self.margin) - sines * math.sin(self.margin)
        beyond = cosines - self.margin * math.sin(self.margin)
        harder = torch.where(cosines > -math.cos(self.margin), further, beyond)
        own = functional.one_hot(labels, cosines.shape[1]).bool()
        return self.scale * torch.where(own, harder, cosines)
