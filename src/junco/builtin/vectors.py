"""The last steps of every embedding: leading numbers, unit length, one array for each row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from junco.errors import ParameterError
from junco.types import Vector, Vectors


def check_truncate_dim(truncate_dim: int | None, owner: str) -> int | None:
    """The parameter's value, if it can be one.

    Raises:
        ParameterError: it is neither ``None`` nor a positive whole number.
    """
    if truncate_dim is None:
        return None
    if not isinstance(truncate_dim, int) or isinstance(truncate_dim, bool) or truncate_dim < 1:
        raise ParameterError(f"{owner!r}: truncate_dim={truncate_dim!r} must be a positive whole number or None")
    return truncate_dim


def finished_rows(block: Vectors, *, normalize: bool, truncate_dim: int | None, owner: str) -> list[Vector]:
    """The rows of ``block`` (n, dim), truncated first and then scaled to length 1, as asked for.

    Raises:
        ParameterError: ``truncate_dim`` is more than the model gives.
    """
    if truncate_dim is not None:
        if truncate_dim > block.shape[1]:
            raise ParameterError(
                f"{owner!r}: truncate_dim={truncate_dim}, but its vectors have {block.shape[1]} numbers"
            )
        block = block[:, :truncate_dim]
    rows = unit_rows(block) if normalize else block
    # Each row gets memory of its own: one vector that somebody keeps must not keep its whole batch.
    return [np.array(row, np.float32) for row in rows]


def unit_rows(block: npt.NDArray[np.floating]) -> Vectors:
    """Each row of (n, dim) scaled to length 1; a row of zeros stays as it is."""
    # Squares of float32 numbers overflow and vanish within its range; those of float64 do not.
    exact = block.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Vectors = (exact / lengths).astype(np.float32)
    return unit
