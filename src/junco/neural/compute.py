"""`Compute`: how a model is run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from junco.errors import ParameterError
from junco.neural.devices import device_name
from junco.runtime.certificate import least_cosine
from junco.runtime.load import load
from junco.runtime.source import Compiled, Source
from junco.types import Space


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

    def in_torch(self, model: str) -> Compute:
        """The same for a model that torch alone can run.

        Args:
            model: what it is and why, for messages.

        Raises:
            ParameterError: another runtime was asked for.
        """
        if self.runtime not in ("auto", "torch"):
            raise ParameterError(f"{self.owner!r}: runtime={self.runtime!r} cannot run {model}: 'auto' and 'torch' can")
        return replace(self, runtime="torch")

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
