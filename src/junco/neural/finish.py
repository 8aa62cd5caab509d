"""`Finish`: what becomes of the numbers that a model gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from junco.errors import InputError, ParameterError, warn_fidelity
from junco.types import Space, Vector, Vectors
from junco.types.space import DIM
from junco.types.unit import unit_rows

Precision = Literal["float32", "float16", "int8", "ubinary"]
"""The types that a finished vector may have."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What becomes of the numbers that a model gives: the leading ones, then length 1, then a smaller type.

    Attributes:
        owner: the operator's name, for messages.
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        precision: of the finished vector: ``float32``; ``float16``; ``int8``, where each vector is scaled so that its
            largest number is ±127, which keeps its direction; ``ubinary``, a bit for each number that is above zero,
            eight to a byte.
    """

    owner: str
    normalize: bool = False
    truncate_dim: int | None = None
    precision: str = "float32"

    def rows(self, block: Vectors) -> list[Vector]:
        """The finished rows of ``block`` (n, dim).

        Raises:
            ParameterError: ``truncate_dim`` is more than the model gives.
            InputError: the model gave a number that is not finite, or one that is too large for the precision.
        """
        self.check_room(block.shape[1])
        block = block[:, : self.truncate_dim]
        # before they become int8 or bits, which have no way to say so
        self._check_finite(block, "its model gave numbers that are not finite (NaN or infinite)")
        stored = _stored(unit_rows(block) if self.normalize else block, self.precision)
        if self.precision == "float16":
            self._check_finite(stored, "its model gave numbers too large for precision='float16'")
        # Each row gets memory of its own: one vector that somebody keeps must not keep its whole batch.
        return [np.array(row) for row in stored]

    def _check_finite(self, block: npt.NDArray[Any], problem: str) -> None:
        """Refuse a block with such a row; whoever gave the batch tries its rows apart and so finds which it was."""
        is_good = np.isfinite(block).all(axis=1)
        if not is_good.all():
            some = "for this input" if len(block) == 1 else f"for {int((~is_good).sum())} of {len(block)} inputs"
            raise InputError(f"{self.owner!r}: {problem} {some}: no vector can be made of it")

    def in_space(self, space: Space) -> Space:
        """The space of the finished vectors, given the model's own.

        Raises:
            ParameterError: ``truncate_dim`` is more than the model gives, as far as its space says that.
        """
        self.check_room(space.parts.get(DIM))
        if self.truncate_dim is not None:
            space = space.truncated(self.truncate_dim, renormalize=False)
        if self.normalize:
            space = space.normalized()
        return space if self.precision == "float32" else space.but(precision=self.precision)

    def check_truncation(self, model: str = "", dim: int | None = None, *, is_trained: bool = False) -> None:
        """Refuse a ``truncate_dim`` that the model cannot give; warn where it was not trained to have vectors cut.

        Args:
            model: its name, for the warning, where it is not the operator's.
            dim: how many numbers its vectors have, as far as that is known before it is loaded.
            is_trained: whether their leading numbers are a summary of the rest.

        Raises:
            ParameterError: ``truncate_dim`` is more than ``dim``.
        """
        self.check_room(dim)
        if self.truncate_dim not in (None, dim) and not is_trained:
            warn_fidelity(
                f"{self.owner!r}{f': {model}' if model else ''} was not trained for truncate_dim (Matryoshka): its "
                f"first {self.truncate_dim} numbers are no summary of the rest"
            )

    def check_room(self, dim: int | None) -> None:
        """Refuse a ``truncate_dim`` that is more than ``dim``, where that is known.

        Raises:
            ParameterError: with both.
        """
        if dim is not None and self.truncate_dim is not None and self.truncate_dim > dim:
            raise ParameterError(
                f"{self.owner!r}: truncate_dim={self.truncate_dim}, but its vectors have {dim} numbers"
            )


def _stored(block: Vectors, precision: str) -> npt.NDArray[np.generic]:
    if precision == "float16":
        with np.errstate(over="ignore"):
            return block.astype(np.float16)
    if precision == "int8":
        exact = block.astype(np.float64)  # in float32, 127 over a number near zero is infinite
        largest = np.abs(exact).max(axis=1, keepdims=True)
        return np.rint(exact * (127 / np.where(largest == 0, 1, largest))).astype(np.int8)
    if precision == "ubinary":
        return np.packbits(block > 0, axis=1)
    return block.astype(np.float32, copy=False)
