"""A set on a plane: its two directions in which rows differ most (principal components; Pearson, 1901)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.types import Vectors

MOST_SAMPLED = 4_000
"""Rows that the directions are found in; all rows are laid on the plane."""
_ROWS = 16_384
_EDGE = 0.04
_CROWDED = 0.6
"""How far a row's place follows its rank: with 0 one row far away squeezes all others, with 1 there are no gaps."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where each row lies.

    Attributes:
        places: (rows, 2), from 0 to 1.
        share: of what tells the sampled rows from each other, how much the plane shows, from 0 to 1.
        num_sampled: rows that the directions were found in.
    """

    places: npt.NDArray[np.float32]
    share: float
    num_sampled: int


def flattened(units: Vectors) -> Plane:
    """A plane for the rows of a set.

    Args:
        units: (rows, dim) of length 1.
    """
    if len(units) < 3 or units.shape[1] < 2:
        return Plane(np.full((len(units), 2), 0.5, np.float32), 0.0, len(units))
    chosen = np.unique(np.linspace(0, len(units) - 1, min(len(units), MOST_SAMPLED)).astype(np.intp))
    sample = np.asarray(units[chosen], np.float64)
    mean = sample.mean(axis=0)
    axes, share = _axes(sample - mean)
    parts = (np.asarray(units[at : at + _ROWS] - mean) @ axes for at in range(0, len(units), _ROWS))
    return Plane(_framed(np.concatenate(list(parts))), share, len(sample))


def _axes(centred: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """The two directions (dim, 2), each pointing where its largest number is positive, and the share that they show."""
    if centred.shape[0] >= centred.shape[1]:
        values, vectors = np.linalg.eigh(centred.T @ centred)
    else:
        values, left = np.linalg.eigh(centred @ centred.T)
        vectors = centred.T @ left
        vectors /= np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)
    axes = vectors[:, ::-1][:, :2]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    total = float(values.clip(0).sum())
    return axes * np.where(signs == 0, 1, signs), float(values.clip(0)[-2:].sum()) / total if total else 0.0


def _framed(places: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Places from 0 to 1 in both directions, with a margin; where rows are crowded they have more room."""
    low, high = places.min(axis=0), places.max(axis=0)
    lines = (places - low) / np.where(high > low, high - low, 1)
    ranks = np.stack([_ranks(places[:, axis]) for axis in (0, 1)], axis=1)
    stretched = (1 - _CROWDED) * lines + _CROWDED * ranks
    return np.asarray(stretched * (1 - 2 * _EDGE) + _EDGE, np.float32)


def _ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """From 0 for the lowest value to 1 for the highest; equal ones have one rank."""
    _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
    lowest = np.cumsum(counts) - counts
    return np.asarray((lowest + (counts - 1) / 2)[number] / max(1, len(values) - 1))
