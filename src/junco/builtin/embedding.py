"""What every embedding operator can be asked for besides its model: how it is computed, what becomes of its numbers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from junco.builtin.devices import check_device, device_name
from junco.builtin.parameters import check_flag, check_whole
from junco.builtin.vectors import unit_rows
from junco.errors import FidelityWarning, ParameterError
from junco.runtime.certificate import least_cosine
from junco.runtime.load import check_dtype, check_least_cosine, check_runtime, load
from junco.runtime.source import Compiled, Source
from junco.types import Space, Vector, Vectors

PRECISIONS = ("float32", "float16", "int8", "ubinary")


@dataclass(frozen=True, slots=True)
class Compute:
    """How a model is run.

    Attributes:
        owner: the operator's name, for messages.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        runtime: ``auto``, ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: of the arithmetic.
        least_cosine: agreement with the reference's vectors that is asked for; ``None`` is that of the dtype.
        deterministic: passes of fixed shapes, so that a vector is the same bit for bit whatever is beside it.
    """

    owner: str
    device: str = "auto"
    runtime: str = "auto"
    dtype: str = "auto"
    least_cosine: float | None = None
    deterministic: bool = False

    def __post_init__(self) -> None:
        check_device(self.device, self.owner)
        check_runtime(self.runtime, self.owner)
        check_dtype(self.dtype, self.owner)
        check_least_cosine(self.least_cosine, self.owner)
        check_flag("deterministic", self.deterministic, self.owner)

    @property
    def accepted_cosine(self) -> float:
        """The cosine with the vectors of the same arithmetic on the usual way that is near enough."""
        return self.least_cosine or least_cosine("auto" if self.dtype == "int8" else self.dtype)

    @property
    def device_name(self) -> str:
        """The device that ``device`` means on this machine.

        Raises:
            ParameterError: it has no such device.
        """
        return device_name(self.device, self.owner)

    def load(self, source: Source) -> Compiled:
        """The model, ready to run."""
        return load(source, self.runtime, self.dtype, self.device_name, least_cosine=self.least_cosine)

    def in_space(self, space: Space) -> Space:
        """The space of what it computes: the model's own, unless less agreement than usual was asked for."""
        if self.dtype == "int8":
            return space.but(arithmetic="int8")
        if self.least_cosine is not None and self.least_cosine < least_cosine("auto"):
            return space.but(arithmetic=f"cosine with float32 from {self.least_cosine}")
        return space


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

    def __post_init__(self) -> None:
        check_flag("normalize", self.normalize, self.owner)
        if self.truncate_dim is not None:
            check_whole("truncate_dim", self.truncate_dim, self.owner)
        if self.precision not in PRECISIONS:
            known = ", ".join(map(repr, PRECISIONS))
            raise ParameterError(f"{self.owner!r}: precision={self.precision!r} is none of {known}")

    def rows(self, block: Vectors) -> list[Vector]:
        """The finished rows of ``block`` (n, dim).

        Raises:
            ParameterError: ``truncate_dim`` is more than the model gives.
        """
        self._check_room(block.shape[1])
        block = block[:, : self.truncate_dim]
        stored = _stored(unit_rows(block) if self.normalize else block, self.precision)
        # Each row gets memory of its own: one vector that somebody keeps must not keep its whole batch.
        return [np.array(row) for row in stored]

    def in_space(self, space: Space) -> Space:
        """The space of the finished vectors, given the model's own."""
        if self.truncate_dim is not None:
            space = space.truncated(self.truncate_dim, renormalize=False)
        if self.normalize:
            space = space.normalized()
        return space if self.precision == "float32" else space.but(precision=self.precision)

    def check_truncation(self, model: str, dim: int | None = None, *, is_trained: bool = False) -> None:
        """Refuse a ``truncate_dim`` that the model cannot give; warn where it was not trained to have vectors cut.

        Args:
            model: its name, for the warning.
            dim: how many numbers its vectors have, as far as that is known before it is loaded.
            is_trained: whether their leading numbers are a summary of the rest.

        Raises:
            ParameterError: ``truncate_dim`` is more than ``dim``.
        """
        if dim is not None:
            self._check_room(dim)
        if self.truncate_dim not in (None, dim) and not is_trained:
            warnings.warn(
                f"{self.owner!r}: {model} was not trained for truncate_dim (Matryoshka): its first {self.truncate_dim} "
                "numbers are no summary of the rest",
                FidelityWarning,
                stacklevel=2,
            )

    def _check_room(self, dim: int) -> None:
        if self.truncate_dim is not None and self.truncate_dim > dim:
            raise ParameterError(
                f"{self.owner!r}: truncate_dim={self.truncate_dim}, but its vectors have {dim} numbers"
            )


def _stored(block: Vectors, precision: str) -> npt.NDArray[np.generic]:
    if precision == "float16":
        with np.errstate(over="ignore"):
            return block.astype(np.float16)
    if precision == "int8":
        largest = np.abs(block).max(axis=1, keepdims=True)
        return np.rint(block * (127 / np.where(largest == 0, 1, largest))).astype(np.int8)
    if precision == "ubinary":
        return np.packbits(block > 0, axis=1)
    return block.astype(np.float32, copy=False)
