"""`Goal`: what vectors are to do, as a loss of them: a small module, whose own weights, if any, are trained too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.train import losses
from junco.train.args import TrainingArgs
from junco.train.examples import Examples
from junco.train.settle import check_lengths

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the examples of a batch, as tensors, each with one entry for an example.

    Attributes:
        labels, scores, targets, groups: as in `Examples`.
    """

    labels: Tensor | None = None
    scores: Tensor | None = None
    targets: Tensor | None = None
    groups: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, examples: Examples, places: Any, device: torch.device) -> Known:
        """Of some of the examples."""

        def there(values: Any) -> Tensor | None:
            return None if values is None else torch.from_numpy(np.ascontiguousarray(values[places])).to(device)

        groups = [there(group) for group in examples.groups]
        return cls(
            there(examples.labels),
            there(examples.scores),
            there(examples.targets),
            tuple(group for group in groups if group is not None),
        )


class Goal(nn.Module):
    """Vectors of a batch → how far they are from what they are to be.

    Attributes:
        by_item: the loss is a mean over examples, none of which looks at another: a batch may then go through the
            network part by part.
    """

    by_item = False

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """Columns of vectors, each float32 (n, dim) → the loss, a number."""
        raise NotImplementedError

    def begin(self, vectors: Tensor, labels: Tensor) -> None:
        """Start weights of its own where the vectors of some examples are, before anything is trained."""


class Classify(Goal):
    """Tell labels apart by a linear classifier on vectors of length 1, whose weights have length 1 too.

    Zhai and Wu, "Classification is a Strong Baseline for Deep Metric Learning" (2018). The weights begin at the means
    of the labels' vectors: Qi et al., "Low-Shot Learning with Imprinted Weights" (2017).

    Args:
        num_labels: how many there are.
        dim: numbers of a vector.
        temperature: what cosines are divided by.
    """

    by_item = True

    def __init__(self, num_labels: int, dim: int, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = temperature
        self.weight = nn.Parameter(functional.normalize(torch.randn(num_labels, dim), dim=1))

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The cross-entropy of the labels."""
        cosines = functional.normalize(columns[0], dim=1) @ functional.normalize(self.weight, dim=1).T
        return functional.cross_entropy(cosines / self.temperature, _given(known.labels))

    @torch.no_grad()
    def begin(self, vectors: Tensor, labels: Tensor) -> None:
        """At the means of the labels' vectors."""
        means, there = _means(vectors, labels, len(self.weight))
        self.weight[there] = means[there]


class ArcFace(Goal):
    """Tell labels apart with an angle to spare. Deng et al., "ArcFace" (2018); pytorch-metric-learning's.

    Args:
        num_labels: how many there are.
        dim: numbers of a vector.
        margin: the angle, in radians.
    """

    by_item = True

    def __init__(self, num_labels: int, dim: int, margin: float) -> None:
        from pytorch_metric_learning.losses import ArcFaceLoss

        super().__init__()
        self.loss = ArcFaceLoss(num_labels, dim, margin=math.degrees(margin), scale=32)

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The cross-entropy of the labels, with the margin."""
        return _plain(self.loss(columns[0], _given(known.labels)))

    @torch.no_grad()
    def begin(self, vectors: Tensor, labels: Tensor) -> None:
        """At the means of the labels' vectors."""
        means, there = _means(vectors, labels, self.loss.W.shape[1])
        self.loss.W[:, there] = means[there].T


class Contrast(Goal):
    """What belongs together lies nearer than all else of the batch: pairs by `losses.info_nce`, items by their labels.

    With labels: Khosla et al., "Supervised Contrastive Learning" (2020); pytorch-metric-learning's.

    Args:
        temperature: what cosines are divided by.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The loss of pairs or triplets, or of labelled items."""
        if len(columns) > 1:
            return losses.info_nce(
                [functional.normalize(each, dim=1) for each in columns], known.groups, self.temperature
            )
        from pytorch_metric_learning.losses import SupConLoss

        return _plain(SupConLoss(self.temperature)(columns[0], _given(known.labels)))


class Triplet(Goal):
    """A positive lies nearer than a negative by a margin. Labelled items are made triplets within a batch.

    Each with the nearest of its label, and the nearest of the others that is further off than that: Schroff et al.,
    "FaceNet" (2015), and Xuan et al., "Improved Embeddings with Easy Positive Triplet Mining" (2019), by
    pytorch-metric-learning.

    Args:
        margin: in cosines.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The mean over triplets, 0 where all are far enough apart."""
        if len(columns) == 3:
            return losses.apart(columns[0], columns[1], columns[2], self.margin)
        from pytorch_metric_learning.distances import CosineSimilarity
        from pytorch_metric_learning.miners import BatchEasyHardMiner

        vectors, labels = columns[0], _given(known.labels)
        anchors, positives, _, negatives = BatchEasyHardMiner("easy", "semihard", distance=CosineSimilarity())(
            vectors, labels
        )
        if not len(anchors):
            return vectors.sum() * 0
        return losses.apart(vectors[anchors], vectors[positives], vectors[negatives], self.margin)


class Scores(Goal):
    """Cosines of pairs are in the order of their scores: `losses.in_order`."""

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The loss of all two pairs of the batch."""
        return losses.in_order(functional.cosine_similarity(columns[0], columns[1]), _given(known.scores))


class Distil(Goal):
    """Vectors are those of a teacher; where its have another length, they lie to each other as its do.

    Args:
        is_as_long: whether the teacher's are of one length with these.
    """

    def __init__(self, is_as_long: bool) -> None:
        super().__init__()
        self.by_item = is_as_long

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """How far they are from it."""
        targets = _given(known.targets)
        if self.by_item:
            return losses.as_the_teacher(columns[0], targets)
        return losses.as_the_teacher_compares(functional.normalize(columns[0], dim=1), targets)


class Matryoshka(Goal):
    """The leading numbers of a vector are a vector too: the mean of a goal's losses at several lengths.

    Kusupati et al., "Matryoshka Representation Learning" (2022).

    Args:
        lengths: the whole one among them.
        made: a length → the goal at it, which may have weights.
    """

    def __init__(self, lengths: Sequence[int], made: Callable[[int], Goal]) -> None:
        super().__init__()
        self.lengths = tuple(lengths)
        self._each = [made(length) for length in lengths]
        self.goals = nn.ModuleList(self._each)
        self.by_item = all(goal.by_item for goal in self._each)

    def forward(self, columns: Sequence[Tensor], known: Known) -> Tensor:
        """The mean over lengths."""
        each = [
            goal([vectors[:, :length] for vectors in columns], known)
            for goal, length in zip(self._each, self.lengths, strict=True)
        ]
        return torch.stack(each).mean()

    def begin(self, vectors: Tensor, labels: Tensor) -> None:
        """Each of them."""
        for goal, length in zip(self._each, self.lengths, strict=True):
            goal.begin(vectors[:, :length], labels)


def goal_for(name: str, args: TrainingArgs, examples: Examples, dim: int) -> Goal:
    """The goal of a name, for vectors of ``dim`` numbers.

    Raises:
        TrainError: a length of ``matryoshka`` is not below that of the vectors.
    """

    def made(length: int) -> Goal:
        match name:
            case "classify":
                return Classify(examples.num_labels, length)
            case "arcface":
                return ArcFace(examples.num_labels, length, args.margin)
            case "contrastive":
                return Contrast(args.temperature)
            case "triplet":
                return Triplet(args.margin)
            case "cosent":
                return Scores()
        targets = _given(examples.targets)
        return Distil(targets.shape[1] == length)

    if not args.matryoshka:
        return made(dim)
    check_lengths(args, dim)
    return Matryoshka(sorted({*args.matryoshka, dim}), made)


def _given(values: T | None) -> T:
    assert values is not None, "settled() checks what a goal needs"
    return values


def _plain(loss: Any) -> Tensor:
    assert isinstance(loss, Tensor)
    return loss


def _means(vectors: Tensor, labels: Tensor, num_labels: int) -> tuple[Tensor, Tensor]:
    """The mean direction of each label's vectors, (labels, dim) of length 1, and which labels have any."""
    sums = vectors.new_zeros(num_labels, vectors.shape[1]).index_add_(0, labels, functional.normalize(vectors, dim=1))
    return functional.normalize(sums, dim=1), sums.abs().sum(dim=1) > 0
