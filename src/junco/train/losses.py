"""Losses of vectors whose libraries would bring more than they are: a formula each, of vectors of length 1.

Those with labels (SupCon, triplets with mining, ArcFace) are pytorch-metric-learning's; `goals` takes them from there.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_COSENT_SCALE = 20.0


def info_nce(columns: Sequence[Tensor], groups: Sequence[Tensor], temperature: float) -> Tensor:
    """Of each pair, how hard the right one is to tell from all others of the batch, and the left one by the right.

    Columns after the second hold negatives that are known to be hard. An item that equals the right one, or whose own
    left one equals this left one, is no negative. Van den Oord et al., "Representation Learning with Contrastive
    Predictive Coding" (2018); Henderson et al., "Efficient Natural Language Response Suggestion" (2017).

    Args:
        columns: each (n, dim): left, right and negatives, of length 1.
        groups: of each column, (n,), equal numbers for equal items; none: all differ.
        temperature: what cosines are divided by.
    """
    left, others = columns[0], torch.cat(list(columns[1:]))
    cosines = left @ others.T / temperature
    own = torch.arange(len(left), device=left.device)
    if not groups:
        back = cosines[:, : len(left)].T
        return (functional.cross_entropy(cosines, own) + functional.cross_entropy(back, own)) / 2
    is_equal = _equal(groups)
    cosines = cosines.masked_fill(is_equal, float("-inf"))
    back = cosines[:, : len(left)].T
    return (functional.cross_entropy(cosines, own) + functional.cross_entropy(back, own)) / 2


def _equal(groups: Sequence[Tensor]) -> Tensor:
    """(n, n · columns after the first): which of them are no negatives of a row, its own right one aside."""
    left, right = groups[0], groups[1]
    same_left = left[:, None] == left[None, :]
    parts = [same_left | (right[:, None] == right[None, :])]
    parts[0].fill_diagonal_(False)
    parts += [right[:, None] == negative[None, :] for negative in groups[2:]]
    return torch.cat(parts, dim=1)


def in_order(cosines: Tensor, scores: Tensor) -> Tensor:
    """How far cosines of pairs, (n,), are from the order of their scores: each two pairs that have one count.

    Su, "CoSENT" (2022): log(1 + Σ exp(20 · (cosine of the lower − cosine of the higher))).
    """
    gaps = _COSENT_SCALE * (cosines[:, None] - cosines[None, :])
    gaps = gaps.masked_fill(scores[:, None] >= scores[None, :], float("-inf"))
    return torch.logsumexp(torch.cat([gaps.new_zeros(1), gaps.flatten()]), dim=0)


def apart(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    """How much nearer than by ``margin`` a negative is, than the positive has to be, by cosine; the mean.

    Schroff et al., "FaceNet" (2015), with cosines.
    """
    gaps = functional.cosine_similarity(anchors, negatives) - functional.cosine_similarity(anchors, positives)
    return functional.relu(gaps + margin).mean()


def as_the_teacher(vectors: Tensor, targets: Tensor) -> Tensor:
    """How far vectors are from a teacher's: 1 − cosine, the mean. Both (n, dim)."""
    return (1 - functional.cosine_similarity(vectors, targets)).mean()


def as_the_teacher_compares(vectors: Tensor, targets: Tensor) -> Tensor:
    """How far cosines between the examples are from those of a teacher, whose vectors may have any length.

    Tung and Mori, "Similarity-Preserving Knowledge Distillation" (2019), with cosines; squares, the mean.
    """
    theirs = functional.normalize(targets, dim=1)
    off = 1 - torch.eye(len(vectors), device=vectors.device)
    differences = (vectors @ vectors.T - theirs @ theirs.T) * off
    return differences.square().sum() / off.sum().clamp(min=1)
