"""Array types with the shapes that their names promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Name, dtype and shape of an array on a port; a ``str`` in ``shape`` is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is such an array (or converts to one by ``__array__``, as a video frame does)."""
        array = np.asarray(value) if hasattr(value, "__array__") else None
        if array is None or array.dtype != self.dtype or array.ndim != len(self.shape):
            return False
        return all(isinstance(want, str) or want == got for want, got in zip(self.shape, array.shape, strict=True))

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.shape))}; {self.dtype}]"


Image = Annotated[npt.NDArray[np.uint8], ArrayType("image", "uint8", ("height", "width", 3))]
Vector = Annotated[npt.NDArray[np.float32], ArrayType("vector", "float32", ("dim",))]
Vectors = Annotated[npt.NDArray[np.float32], ArrayType("vectors", "float32", ("n", "dim"))]
