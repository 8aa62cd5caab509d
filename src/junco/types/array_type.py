"""`ArrayType`: name, dtype and shape of the arrays on a port. To speak of arrays takes no numpy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Name, dtype and shape of an array on a port.

    A ``str`` in ``shape`` is a free dimension; ``…`` by itself stands for any number of them.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is such an array (or converts to one by ``__array__``, as a video frame does)."""
        if not hasattr(value, "__array__"):
            return False
        import numpy as np

        array = np.asarray(value)
        if self.shape == ("…",):
            return bool(array.dtype == self.dtype)
        if array.dtype != self.dtype or array.ndim != len(self.shape):
            return False
        return all(isinstance(want, str) or want == got for want, got in zip(self.shape, array.shape, strict=True))

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.shape))}; {self.dtype}]"


IMAGE = ArrayType("image", "uint8", ("height", "width", 3))
VECTOR = ArrayType("vector", "float32", ("dim",))
VECTORS = ArrayType("vectors", "float32", ("n", "dim"))
MAP = ArrayType("feature_map", "float32", ("…",))
"""What a layer of a network gives, whatever axes it has."""
