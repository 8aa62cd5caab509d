"""`TrainTask`: what an operator lends to be trained: its network, and how items go in and come out as vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Side = Literal["left", "right"]
"""Of what belongs together: the query and its document, the picture and its caption. Labelled items are all left."""
Row = tuple[npt.NDArray[Any], ...]
"""What goes into the network of one item, without an axis of items: arrays that can be kept in a file."""
Tensors = tuple["torch.Tensor", ...]
Change = Callable[[Tensors, "torch.Generator"], Tensors]
"""Inputs of one pass, uint8 pixels say → the same changed at random."""


@dataclass(eq=False)
class TrainTask:
    """What the trainer gets of an operator.

    Attributes:
        name: of the operator, for messages.
        network: the float32 module on the CPU, with all weights that may be trained; names of its state dict are those
            of the module that the operator's `Source` builds, so that tuned weights find their places again.
        rows: items of a side → a `Row` for each: decoded, resized, made tokens; called in other threads too.
        collate: rows of a side → the tensors of one pass, on the CPU.
        forward: tensors of a pass, on the network's device, and their side → (n, dim) with gradients.
        augment: changes the tensors of a pass at random; ``None``: nothing is changed.
        inside: the part of ``network`` in which names of layers begin, as `Source.network` has it.
    """

    name: str
    network: torch.nn.Module
    rows: Callable[[Sequence[Any], Side], list[Row]]
    collate: Callable[[Sequence[Row], Side], Tensors]
    forward: Callable[[Tensors, Side], torch.Tensor]
    augment: Change | None = None
    inside: str = ""


def stacked_tensors(rows: Sequence[Row], side: Side = "left") -> Tensors:
    """Rows of one shape as the tensors of a pass."""
    import torch

    return tuple(torch.from_numpy(np.stack(arrays)) for arrays in zip(*rows, strict=True))
