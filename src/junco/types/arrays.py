"""Annotations for arrays with the shapes that their names promise."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt

from junco.types.array_type import IMAGE, VECTOR, VECTORS

Image = Annotated[npt.NDArray[np.uint8], IMAGE]
Vector = Annotated[npt.NDArray[np.float32], VECTOR]
Vectors = Annotated[npt.NDArray[np.float32], VECTORS]
