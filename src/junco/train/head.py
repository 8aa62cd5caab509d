"""`head_task`: a linear map on vectors that are there already, as something to be trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import TrainError
from junco.train.task import Row, Side, Tensors, TrainTask, stacked_tensors
from junco.types import Vectors

if TYPE_CHECKING:
    import torch


def head_task(name: str, dim_in: int, dim_out: int, start: Vectors | None = None) -> TrainTask:
    """A map ``tuned = weight @ vector``, without bias, so that vectors of any length can go through it.

    Its rows are tuples of one float32 vector. After training ``weight`` of its network, (dim_out, dim_in), is the map.

    Args:
        name: of the operator whose vectors they are.
        dim_in: numbers of a vector.
        dim_out: numbers of a tuned one.
        start: (dim_out, dim_in), where it begins; ``None``: it gives the leading numbers as they are.

    Raises:
        TrainError: ``start`` has another shape, or a number that is not finite.
    """
    import torch

    from junco.train.head_network import Head

    first = np.eye(dim_out, dim_in, dtype=np.float32) if start is None else np.asarray(start, np.float32)
    if first.shape != (dim_out, dim_in) or not np.isfinite(first).all():
        raise TrainError(
            f"{name!r}: a head begins at finite numbers of shape ({dim_out}, {dim_in}), not at {first.shape} ones"
        )
    network = Head(torch.from_numpy(np.array(first)))

    def forward(tensors: Tensors, side: Side) -> torch.Tensor:
        vectors: torch.Tensor = network(tensors[0])
        return vectors

    return TrainTask(name=name, network=network, rows=_rows, collate=stacked_tensors, forward=forward)


def _rows(items: Sequence[Any], side: Side) -> list[Row]:
    return [(np.asarray(item, np.float32),) for item in items]
