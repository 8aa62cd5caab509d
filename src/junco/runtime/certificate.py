"""The same-vector certificate: another way to compute vectors is used only if it gives the reference's vectors.

The reference is torch in float32 on the CPU. Both compute the golden rows, in one batch and each row alone; the
worst cosine of all of them decides. A row that comes out longer or shorter than the reference's, or differently beside
others than alone, is refused as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from junco.types import Vectors

LEAST_COSINE = {"auto": 0.9999, "float32": 0.99999, "int8": 0.9}
"""By the ``dtype`` that was asked for; any other one is held to that of ``auto``. Who asks for int8 knows that its
vectors differ: only what is broken is refused."""

_ROUNDING = 1e-6
"""Part of a vector's length that float32 gains or loses where sums are added up in another order."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the comparison found.

    Attributes:
        runtime, dtype, device: what was compared with the reference.
        worst_cosine: of a golden row with the reference's; 1 is equal.
        max_difference: the largest absolute difference of one number, vectors scaled to length 1.
        rows_per_s: golden rows a second, in throughput mode; 0 if it did not run.
        reason: why it must not be used; ``None`` says that it may.
    """

    runtime: str
    dtype: str
    device: str
    worst_cosine: float = 0.0
    max_difference: float = float("inf")
    rows_per_s: float = 0.0
    reason: str | None = None

    @property
    def is_faithful(self) -> bool:
        """Whether its vectors may stand for the reference's."""
        return self.reason is None

    @property
    def has_run(self) -> bool:
        """Whether there were vectors to compare."""
        return not np.isinf(self.max_difference)

    def to_json(self) -> dict[str, Any]:
        """As plain values; infinity, which JSON has not, is ``None``."""
        plain = asdict(self)
        plain["max_difference"] = None if np.isinf(self.max_difference) else self.max_difference
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            TypeError: a field is missing, is of another type, or is none.
        """
        difference = plain["max_difference"]
        made = cls(**{**plain, "max_difference": float("inf") if difference is None else difference})
        texts = (made.runtime, made.dtype, made.device, made.reason or "")
        numbers = (made.worst_cosine, made.max_difference, made.rows_per_s)
        if not all(isinstance(text, str) for text in texts) or not all(type(n) in (int, float) for n in numbers):
            raise TypeError(plain)
        return made


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near some vectors are to the reference's."""

    worst_cosine: float
    max_difference: float
    reason: str | None


def least_cosine(requested_dtype: str) -> float:
    """The cosine that has to be reached where this ``dtype`` was asked for and nothing else was said."""
    return LEAST_COSINE.get(requested_dtype, LEAST_COSINE["auto"])


def agreement(
    reference: Callable[[Sequence[Any]], Any],
    candidate: Callable[[Sequence[Any]], Any],
    golden: Sequence[Any],
    least: float = LEAST_COSINE["auto"],
) -> Agreement:
    """Compare two ways to compute vectors on the golden items: in one batch, turned round, and each alone.

    Args:
        reference: items → one vector each; called with one item at a time.
        candidate: the same; also called with all items at once.
        golden: a few items that differ.
        least: the worst cosine with the reference that is still accepted. A lower one does not excuse a row that
            comes out differently beside others: no arithmetic makes that.
    """
    expected = np.concatenate([np.asarray(reference([item]), np.float32) for item in golden])
    together = np.asarray(candidate(golden), np.float32)
    turned = np.asarray(candidate(golden[::-1]), np.float32)[::-1]
    alone = np.concatenate([np.asarray(candidate([item]), np.float32) for item in golden])
    ways = (together, turned, alone)
    for found in ways:
        if found.shape != expected.shape:
            return Agreement(0.0, float("inf"), f"its vectors have shape {found.shape[1:]}, not {expected.shape[1:]}")
        if not np.isfinite(found).all():
            return Agreement(0.0, float("inf"), "its vectors hold numbers that are not finite")
    worst = min(cosines(found, expected).min() for found in ways)
    difference = max(np.abs(unit(found) - unit(expected)).max() for found in ways)
    mates = min(cosines(together, alone).min(), cosines(turned, alone).min())
    stretch = _stretch(np.concatenate(ways), np.concatenate([expected] * len(ways)))
    reason, least_mates = None, max(least, LEAST_COSINE["auto"])
    if mates < least_mates:
        reason = (
            f"a vector depends on its batch mates: cosine {mates:.7f} with the same item alone, below {least_mates}"
        )
    elif worst < least:
        reason = f"worst cosine with the float32 reference {worst:.7f}, below {least}"
    elif abs(stretch - 1) > _most_stretch(least):
        reason = f"a vector is {stretch:.4f} times as long as the float32 reference's"
    return Agreement(float(worst), float(difference), reason)


def cosines(one: Vectors, other: Vectors) -> npt.NDArray[np.float64]:
    """The cosine of each row of (n, dim) with the same row of the other."""
    # 1 - |a - b|²/2 on unit vectors: near 1 it keeps the digits that a·b loses
    gaps: npt.NDArray[np.float64] = unit(one) - unit(other)
    found: npt.NDArray[np.float64] = 1 - (gaps**2).sum(axis=1) / 2
    return found


def _stretch(found: Vectors, expected: Vectors) -> float:
    """How many times as long as expected a row of (n, dim) is, where that is farthest from 1."""
    there, wanted = (np.linalg.norm(block.astype(np.float64), axis=1) for block in (found, expected))
    factors = there[wanted > 0] / wanted[wanted > 0]
    return float(max(factors, key=lambda factor: abs(factor - 1), default=1.0))


def _most_stretch(least: float) -> float:
    """How far from 1 that may be: as far as that cosine lets a vector go to the side, a 70th for 0.9999."""
    return float(np.sqrt(2 * (1 - least))) + _ROUNDING


def unit(block: Vectors) -> npt.NDArray[np.float64]:
    """Rows scaled to length 1 in float64; zeros stay zeros."""
    exact = block.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    scaled: npt.NDArray[np.float64] = exact / lengths
    return scaled
