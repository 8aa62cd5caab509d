"""Heads, and what makes the vectors that go into them."""

from __future__ import annotations

import torch
from timm.layers import ClassifierHead
from torch import nn
from torch.nn import functional

from block_checks import draw_constants
from blocks import Case, Equality
from junco.models.renames import Renames, load
from junco.nn import ClassificationHead, CosineHead, MarginHead, MeanPool, NetVLAD

CASES = [
    Case("ClassificationHead", lambda: ClassificationHead(8, 5, dropout=0.2), ((2, 8),), (2, 5)),
    Case(
        "ClassificationHead of a feature map",
        lambda: ClassificationHead(8, 5, pool=MeanPool(), norm=nn.LayerNorm(8)),
        ((2, 8, 3, 4),),
        (2, 5),
    ),
    Case("CosineHead", lambda: CosineHead(8, 5, 16.0), ((2, 8),), (2, 5)),
    Case("MarginHead", lambda: MarginHead(8, 5), ((2, 8),), (2, 5)),
    Case("NetVLAD", lambda: NetVLAD(8, 3, 1.0), ((2, 8, 4, 5),), (2, 24)),
    Case("NetVLAD of sound", lambda: NetVLAD(8, 3, 1.0), ((2, 8, 7),), (2, 24)),
]


def _classifier():
    theirs = ClassifierHead(8, 5)
    draw_constants(theirs)
    ours = ClassificationHead(8, 5, pool=MeanPool())
    load(ours, Renames(("classifier", "fc")).here(theirs.state_dict()), "ClassificationHead")
    return ours.eval(), theirs.eval()


def _cosine():
    ours = CosineHead(8, 5, 1.0)
    return ours, lambda vectors: functional.cosine_similarity(vectors[:, None], ours.directions[None], dim=2)


def _margin():
    ours = MarginHead(8, 5, 1.0, 0.3)
    labels = torch.tensor([1, 4])

    def theirs(vectors):
        angles = functional.cosine_similarity(vectors[:, None], ours.directions[None], dim=2).acos()
        return (angles + 0.3 * functional.one_hot(labels, 5)).cos()

    return lambda vectors: ours(vectors, labels), theirs


def _vlad():
    """Of each position and centre by itself, as the paper's sums have it."""
    ours = NetVLAD(8, 3, 1.0)
    draw_constants(ours)
    weight, bias = ours.assignment.weight[:, :, 0], ours.assignment.bias

    def theirs(maps):
        rows = []
        for each in maps.flatten(2).transpose(1, 2):
            parts = []
            for k in range(3):
                shares = [
                    torch.softmax(weight @ (x / x.norm()) + bias, dim=0)[k] * (x / x.norm() - ours.centres[k])
                    for x in each
                ]
                parts.append(sum(shares) / sum(shares).norm())
            rows.append(torch.cat(parts) / torch.cat(parts).norm())
        return torch.stack(rows)

    return ours, theirs


EQUALITIES = [
    Equality("NetVLAD", "torch.softmax", _vlad, ((2, 8, 3, 2),), note="written out, a position and a centre at a time"),
    Equality("ClassificationHead", "timm.layers.ClassifierHead", _classifier, ((2, 8, 3, 4),)),
    Equality("CosineHead", "torch.nn.functional.cosine_similarity", _cosine, ((2, 8),)),
    Equality("MarginHead", "torch.nn.functional.cosine_similarity", _margin, ((2, 8),), note="of angles larger by m"),
]
