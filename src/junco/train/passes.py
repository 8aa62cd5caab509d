"""`Passes`: examples → tensors → vectors, with gradients or without, on a device, in the arithmetic asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from junco.errors import TrainError
from junco.memory import is_out_of_memory, let_go
from junco.train.examples import BlockRows, Rows
from junco.train.parts import Part
from junco.train.task import Side, Tensors, TrainTask, stacked_tensors
from junco.types import Vectors

Places = npt.NDArray[np.int64]
_ROWS_IN_USE, _ROWS_OF_BLOCKS = 64, 8192
"""Examples of a pass that makes vectors for measures: through a network, and through a head."""


def device_of(name: str) -> torch.device:
    """``auto`` is a GPU where there is one.

    Raises:
        TrainError: it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise TrainError(f"device={name!r}: torch sees no GPU here: take device='cpu', or 'auto'")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TrainError(f"device={name!r} is none: take 'auto', 'cpu', 'cuda' or 'cuda:0'") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainError(f"device={name!r}: there are {torch.cuda.device_count()} GPUs, counted from 0")
    return device


def seed_of(*numbers: int) -> int:
    """A seed that differs wherever one of the numbers does."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


class Passes:
    """A task's ways in and through.

    Args:
        task: what the operator lends; its network is moved to the device.
        part: what of it is trained.
        device: where.
        is_bfloat16: whether passes with gradients compute in it, where that keeps what counts (autocast).
        is_changed: whether examples are changed at random before passes with gradients.
    """

    def __init__(self, task: TrainTask, part: Part, device: torch.device, is_bfloat16: bool, is_changed: bool) -> None:
        self.task, self.part, self.device = task, part, device
        self._is_bfloat16 = is_bfloat16
        self._change = task.augment if is_changed else None
        task.network.to(device)

    def learned(self, rows: Rows, places: Places, side: Side, seed: int) -> Tensor:
        """Vectors of examples for the loss, float32 (n, dim); all that is drawn follows from the seed."""
        tensors = self._tensors(rows, places, side)
        if self._change is not None:
            tensors = self._change(tensors, torch.Generator().manual_seed(seed))
        self._seed(seed)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_bfloat16):
            vectors = self._forward(tensors, side)
        return self._checked(vectors, len(places))

    @torch.no_grad()
    def embed(self, rows: Rows, side: Side) -> Vectors:
        """Vectors of all rows as in use, float32 (n, dim)."""
        self.part.as_in_use()
        size = _ROWS_OF_BLOCKS if self._is_block(rows) else _ROWS_IN_USE
        done: list[npt.NDArray[np.float32]] = []
        start = 0
        while start < len(rows):
            places = np.arange(start, min(start + size, len(rows)))
            try:
                done.append(
                    self._checked(self._forward(self._tensors(rows, places, side), side), len(places)).cpu().numpy()
                )
            except Exception as error:
                if not is_out_of_memory(error) or size == 1:
                    raise
                let_go(error)
                size = -(-size // 2)
                continue
            start += len(places)
        return np.concatenate(done) if done else np.zeros((0, 0), np.float32)

    @torch.no_grad()
    def some(self, rows: Rows, places: Places) -> Tensor:
        """Vectors of a few rows of the first column as in use, on the device."""
        self.part.as_in_use()
        size = _ROWS_OF_BLOCKS if self._is_block(rows) else _ROWS_IN_USE
        cuts = [places[i : i + size] for i in range(0, len(places), size)]
        return torch.cat(
            [self._checked(self._forward(self._tensors(rows, cut, "left"), "left"), len(cut)) for cut in cuts]
        )

    @contextmanager
    def statistics_kept(self) -> Iterator[None]:
        """Passes inside do not count in the statistics of BatchNorm, so that those made twice count once."""
        buffers = [*self.task.network.buffers()]
        kept = [buffer.clone() for buffer in buffers]
        yield
        with torch.no_grad():
            for buffer, before in zip(buffers, kept, strict=True):
                buffer.copy_(before)

    def inputs(self, rows: Rows, places: Places) -> Tensors:
        """What goes in of some rows of the first column, on the device."""
        return tuple(tensor.to(self.device) for tensor in self._tensors(rows, places, "left"))

    def _is_block(self, rows: Rows) -> bool:
        return self.task.collate is stacked_tensors and isinstance(rows, BlockRows)

    def _tensors(self, rows: Rows, places: Places, side: Side) -> Tensors:
        if self.task.collate is stacked_tensors and isinstance(rows, BlockRows):
            return tuple(torch.from_numpy(array) for array in rows.block(places))
        return self.task.collate(rows.take(places.tolist()), side)

    def _seed(self, seed: int) -> None:
        """What dropout draws; torch.manual_seed would also note for every GPU who asked."""
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _forward(self, tensors: Tensors, side: Side) -> Tensor:
        return self.task.forward(tuple(tensor.to(self.device) for tensor in tensors), side).float()

    def _checked(self, vectors: Tensor, num_rows: int) -> Tensor:
        if vectors.ndim != 2 or len(vectors) != num_rows:
            raise TrainError(
                f"{self.task.name!r}: its forward() gave {tuple(vectors.shape)} for {num_rows} rows, "
                f"not ({num_rows}, dim)"
            )
        return vectors
