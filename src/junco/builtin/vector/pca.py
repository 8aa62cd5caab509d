"""``vector.pca``: a vector → fewer numbers that tell vectors apart, found on data (principal component analysis)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError, ParameterError, UnavailableError
from junco.neural.vectors import checked_vector
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.places.files import file_sha256
from junco.types import Space, Vector, Vectors
from junco.types.space import DIM, LENGTH
from junco.wording import picture

_LEAST_VARIANCE = 1e-10
"""Of a direction, as a share of the largest: with less it is but rounding."""


class Pca(Operator, family="vector", name="pca"):
    """Projects vectors on the directions in which the vectors of a data set differ most.

    ``ops.vector.pca(dim=64).fit(vectors, "pca.npy")`` finds these directions and gives the operator of the file that it
    writes: a float32 array (1 + dim, n) in NumPy's own format, the mean of the data, then the directions. Vectors of
    other files live in other spaces.

    Args:
        file: what `fit` has written.
        dim: how many directions to find, and to keep of those of a file; ``None``: all.

    Raises:
        UnavailableError: there is no such file.
        InputError: it holds something else, or a vector has another length than the data.
    """

    file: Path | None = None
    dim: int | None = option(None, least=1)

    hints = Hints(thread_safe=True)
    fitted_in = "file"

    def fit(self, vectors: Vectors | Iterable[Any], path: Path, *, whiten: bool = False) -> None:
        """Find the directions on data and write the file.

        Signs are chosen so that the largest number of each direction is positive.

        Args:
            vectors: (n, any); some ten thousand are enough.
            path: of the file.
            whiten: scale each so that the data vary by 1 in it, so that weak directions count as much as strong ones.

        Raises:
            InputError: there are none, or they are no vectors of one length with finite numbers.
            ParameterError: the data do not vary in so many directions.
        """
        data = self._checked(vectors)
        mean = data.mean(axis=0)
        _, scales, directions = np.linalg.svd(data - mean, full_matrices=False)
        variances = scales**2 / max(1, len(data) - 1)
        most = int((variances > _LEAST_VARIANCE * variances[0]).sum()) if variances[0] > 0 else 0
        dim = most if self.dim is None else self.dim
        if not 1 <= dim <= most:
            raise ParameterError(
                f"{self.name!r}: dim={dim}, but {len(data):,} vectors of {data.shape[1]:,} numbers vary in {most:,} "
                "directions: take from 1 to so many, or more data"
            )
        kept = directions[:dim]
        largest = np.abs(kept).argmax(axis=1)
        kept = kept * np.sign(kept[np.arange(dim), largest])[:, None]
        if whiten:
            kept = kept / np.sqrt(variances[:dim, None])
        _write(path, np.concatenate((mean[None], kept)).astype(np.float32))

    def _checked(self, vectors: Any) -> npt.NDArray[np.float64]:
        """The data (n, dim)."""
        if isinstance(vectors, (str, bytes)) or not isinstance(vectors, Iterable):
            raise InputError(f"{self.name!r} is fitted on many vectors, (n, dim), not on {picture(vectors)}")
        rows = [checked_vector(vector, self.name) for vector in vectors]
        if not rows:
            raise InputError(f"{self.name!r} is fitted on vectors, and there are none")
        if (other := next((row for row in rows if row.shape != rows[0].shape), None)) is not None:
            raise InputError(
                f"{self.name!r} is fitted on vectors of one length, and some have {len(rows[0])} numbers, others "
                f"{len(other)}"
            )
        return np.stack(rows).astype(np.float64)

    def files(self) -> Iterable[Path]:
        return [self.file] if self.file is not None else []

    def space(self, *inputs: Space | None) -> Space | None:
        if inputs[0] is None or inputs[0].is_packed or self.file is None or not self.file.is_file():
            return None
        parts = {"pca": f"sha256 {file_sha256(self.file)}", DIM: len(self._read()) - 1, LENGTH: False}
        return inputs[0].as_floats().into(**parts)

    def open(self) -> None:
        found = self._read()
        self._mean, self._directions = found[0], found[1:]

    def batch(self, vectors: Sequence[Vector]) -> Sequence[Vector]:
        return [self._projected(checked_vector(vector, self.name)) for vector in vectors]

    def _projected(self, vector: Vector) -> Vector:
        if vector.shape != self._mean.shape:
            raise InputError(
                f"{self.name!r}: a vector of {len(vector)} numbers, and {str(self.file)!r} was fitted on vectors of "
                f"{len(self._mean)}"
            )
        projected: Vector = self._directions @ (vector - self._mean)
        return projected

    def _read(self) -> npt.NDArray[np.float32]:
        if self.file is None or not self.file.is_file():
            missing = "no file of directions is named" if self.file is None else f"there is no file {str(self.file)!r}"
            raise UnavailableError(f"{self.name!r}: {missing}: fit() writes it")
        try:
            found: npt.NDArray[np.float32] = np.load(self.file, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{self.name!r}: {str(self.file)!r} is no file that fit() wrote: {error}") from error
        if getattr(found, "dtype", None) != np.float32 or found.ndim != 2 or len(found) < 2:
            raise InputError(f"{self.name!r}: {str(self.file)!r} is no file that fit() wrote: no array (1 + dim, n)")
        if self.dim is not None and self.dim >= len(found):
            raise ParameterError(
                f"{self.name!r}: dim={self.dim} is more than the {len(found) - 1} directions in {str(self.file)!r}"
            )
        return found if self.dim is None else found[: 1 + self.dim]


def _write(path: Path, array: npt.NDArray[np.float32]) -> None:
    """The array into a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fitting-", dir=path.parent) as folder:
        made = Path(folder) / "fitted.npy"
        np.save(made, array, allow_pickle=False)
        made.replace(path)
