"""`Verdict`: whether a set is what it says: its vectors are numbers, and a sample embedded anew is the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.units import floats, unit
from junco.errors import JuncoError, SpaceError
from junco.store.content import Content
from junco.types import Space, Vectors
from junco.wording import printable_lines

if TYPE_CHECKING:
    from junco.api import Pipeline

LEAST_COSINE = 0.99
"""Between a stored vector and the same input embedded anew: runtimes and devices differ by less."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is right and what is wrong with a set.

    Attributes:
        num_rows: of the set.
        num_not_finite: rows with a NaN or an infinite number.
        num_zero: rows of zeros alone, which are alike to nothing.
        num_repeated: rows whose vector is, bit for bit, that of a row of another input.
        is_same_space: whether the pipeline makes vectors of the space that the set names; ``None``: it names none.
        num_sampled: inputs that were embedded anew.
        lowest_cosine: between stored and new vectors, the lowest of all sampled rows.
        foreign: sampled inputs whose vectors are others.
        missing: sampled inputs that could not be embedded any more, each with the reason.
        problem: why nothing could be embedded anew; empty where it could.
    """

    num_rows: int
    num_not_finite: int = 0
    num_zero: int = 0
    num_repeated: int = 0
    is_same_space: bool | None = None
    num_sampled: int = 0
    lowest_cosine: float | None = None
    foreign: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the set is what it says, as far as was looked."""
        wrong = self.num_not_finite or self.foreign or self.problem or self.is_same_space is False
        return not wrong and (self.num_sampled > len(self.missing) or not self.num_rows)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        missing = [{"input": key, "reason": reason} for key, reason in self.missing]
        return {"is_right": self.is_right, **fields, "foreign": list(self.foreign), "missing": missing}

    def __str__(self) -> str:
        return printable_lines(list(self._lines()))

    def _lines(self) -> Sequence[str]:
        compared = self.num_sampled - len(self.missing)
        lines = [f"{'right' if self.is_right else 'wrong'}: {self.num_rows:,} rows"]
        if self.problem:
            lines.append(f"  nothing was embedded anew: {self.problem}")
        if self.is_same_space is False:
            lines.append("  the pipeline makes vectors of another space by now")
        if self.lowest_cosine is not None:
            lines.append(f"  {compared:,} inputs embedded anew: cosines of {self.lowest_cosine:.4f} and more")
        lines += [f"  another vector: {key}" for key in self.foreign[:_SHOWN]]
        lines += [f"  not there any more: {key}: {reason}" for key, reason in self.missing[:_SHOWN]]
        hidden = max(0, len(self.foreign) - _SHOWN) + max(0, len(self.missing) - _SHOWN)
        if hidden:
            lines.append(f"  … {hidden:,} more of these")
        counts = {"not finite": self.num_not_finite, "zeros alone": self.num_zero}
        lines += [f"  rows that are {what}: {count:,}" for what, count in counts.items() if count]
        if self.num_repeated:
            lines.append(f"  rows with the vector of another input: {self.num_repeated:,}")
        return lines


def looked_through(content: Content) -> Verdict:
    """What can be told of the vectors without the pipeline."""
    not_finite = zero = repeated = 0
    keys, seen, start = content.keys(), dict[bytes, Any](), 0
    for piece in content.pieces():
        if piece.dtype.kind == "f":
            not_finite += int((~np.isfinite(piece).all(axis=1)).sum())
        if content.space is None or not content.space.is_packed:
            zero += int((piece == 0).all(axis=1).sum())
        for number, row in enumerate(piece, start):
            key = keys[number].as_py()
            repeated += seen.setdefault(row.tobytes(), key) != key
        start += len(piece)
    return Verdict(content.num_rows, not_finite, zero, repeated)


@dataclass(slots=True)
class Sample:
    """Some inputs of a set, embedded anew and compared.

    Attributes:
        lowest: the lowest cosine so far.
    """

    content: Content
    pipeline: Pipeline
    lowest: float = 1.0
    foreign: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)

    def compare(self, key: str, stored: Vectors) -> None:
        """Embed one input and compare all of its rows, which are in their order."""
        try:
            made = np.asarray(self.pipeline(key))
        except JuncoError as error:
            self.missing.append((key, str(error)))
            return
        made = np.atleast_2d(made) if made.size else made.reshape(0, 0)
        space = self.content.space
        if made.shape != stored.shape:
            self.foreign.append(key)
            return
        cosines = (unit(floats(made, space)) * unit(floats(stored, space))).sum(axis=1)
        self.lowest = min(self.lowest, float(cosines.min()))
        if cosines.min() < LEAST_COSINE:
            self.foreign.append(key)


def sampled_keys(content: Content, count: int) -> dict[str, list[int]]:
    """Some inputs, drawn in the same way each time, with the numbers of their rows."""
    rows: dict[str, list[int]] = {}
    for number, key in enumerate(content.keys().to_pylist()):
        rows.setdefault(key, []).append(number)
    chosen = random.Random(0).sample(list(rows), min(count, len(rows)))  # noqa: S311  # no secret
    return {key: rows[key] for key in chosen}


def same_space(pipeline: Pipeline, space: Space | None) -> bool | None:
    """Whether a pipeline makes vectors of the space that a set names; ``None``: it names none."""
    if space is None:
        return None
    try:
        return pipeline.plan.space == space
    except SpaceError:
        return False
