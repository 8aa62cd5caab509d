"""`Verdict`: whether a set is what it says: its vectors are numbers, and a sample embedded anew is the same."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.units import floats, row_digest, unit
from junco.errors import JuncoError
from junco.job.kinds import is_url
from junco.job.wanted import Wanted
from junco.job.whole_texts import text_in
from junco.pages.letters import amount
from junco.store.content import Content, place_of
from junco.types import Space, Vectors
from junco.wording import printable_lines

if TYPE_CHECKING:
    from junco.api import Pipeline

LEAST_COSINE = 0.99
"""Between a stored vector and the same input embedded anew: runtimes and devices differ by less."""
_SHOWN = 5
_UNLIKE = -np.inf
"""Of vectors that cannot be compared: there are more, fewer, or longer ones than before."""
_LIKE_A_PLACE = re.compile(r"[^\n]{1,4096}\.[A-Za-z]\w{0,4}|\S*/\S*")


@dataclass(frozen=True, slots=True, repr=False)
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
        missing: sampled inputs that could not be embedded anew, each with the reason.
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
    def outcome(self) -> str:
        """``right``, ``wrong``, or ``not checked``: nothing is wrong, but not all could be embedded anew."""
        if self.num_not_finite or self.foreign or self.is_same_space is False:
            return "wrong"
        is_checked = not (self.problem or self.missing) and (self.num_sampled or not self.num_rows)
        return "right" if is_checked else "not checked"

    @property
    def is_right(self) -> bool:
        """Whether the set is what it says, as far as was looked; ``False`` also where that could not be checked."""
        return self.outcome == "right"

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        missing = [{"input": key, "reason": reason} for key, reason in self.missing]
        told = {"outcome": self.outcome, "is_right": self.is_right}
        return {**told, **fields, "foreign": list(self.foreign), "missing": missing}

    def __str__(self) -> str:
        return printable_lines(list(self._lines()))

    def __repr__(self) -> str:
        return f"<verdict: {self._lines()[0]}, {amount(self.num_sampled, 'input')} embedded anew>"

    def _lines(self) -> Sequence[str]:
        compared = self.num_sampled - len(self.missing)
        lines = [f"{self.outcome}: {self.num_rows:,} rows"]
        if self.problem:
            lines.append(f"  nothing was embedded anew: {self.problem}")
        if self.is_same_space is False:
            lines.append("  the pipeline makes vectors of another space by now")
        if self.lowest_cosine is not None:
            lines.append(f"  {amount(compared, 'input')} embedded anew: cosines of {self.lowest_cosine:.4f} and more")
        lines += [f"  another vector: {key}" for key in self.foreign[:_SHOWN]]
        if self.missing:
            lines.append(f"  {len(self.missing):,} of {self.num_sampled:,} inputs could not be embedded anew")
        lines += [f"  not checked: {key}: {reason}" for key, reason in self.missing[:_SHOWN]]
        hidden = max(0, len(self.foreign) - _SHOWN) + max(0, len(self.missing) - _SHOWN)
        if hidden:
            lines.append(f"  … {hidden:,} more of these")
        counts = {"not finite": self.num_not_finite, "zeros alone": self.num_zero}
        lines += [f"  rows that are {what}: {count:,}" for what, count in counts.items() if count]
        if self.num_repeated:
            lines.append(
                f"  rows with the very vector of another input, which need not be wrong: {self.num_repeated:,}"
            )
        return lines


def verified(content: Content, pipeline: Callable[[], Pipeline], count: int) -> Verdict:
    """Look through a set's vectors, and embed some of its inputs anew.

    Args:
        content: the set.
        pipeline: gives what made it, with the vectors alone as output; what keeps it from that is told as a problem.
        count: how many inputs.
    """
    keys = sampled_keys(content, count)
    found, stored = looked_through(content, (row for rows in keys.values() for row in rows))
    if content.named_by:
        why = f"the rows are named by the column {content.named_by!r} of a table, so the set does not hold its inputs"
        return replace(found, problem=why)
    try:
        sample = Sample(pipeline(), content.space, content.base)
        is_same = same_space(sample.pipeline, content.space)
    except JuncoError as error:
        return replace(found, problem=str(error))
    inputs = sample.pipeline.graph.inputs
    if len(inputs) > 1 and is_same is not False:
        why = f"the pipeline takes {', '.join(inputs)}, and the set holds the first of them alone"
        return replace(found, is_same_space=is_same, problem=why)
    for key, rows in keys.items() if is_same is not False else ():
        sample.compare(key, np.stack([stored[row] for row in rows]))
    return replace(
        found,
        is_same_space=is_same,
        num_sampled=0 if is_same is False else len(keys),
        lowest_cosine=sample.lowest,
        foreign=tuple(sample.foreign),
        missing=tuple(sample.missing),
    )


def looked_through(content: Content, kept: Iterable[int] = ()) -> tuple[Verdict, dict[int, Vectors]]:
    """What can be told of the vectors without the pipeline, and those of some rows: all are read once, in pieces."""
    not_finite = zero = repeated = start = 0
    keys, seen, taken = content.keys(), dict[bytes, int](), dict[int, Vectors]()
    wanted = frozenset(kept)
    for piece in content.pieces():
        if piece.dtype.kind == "f":
            not_finite += int((~np.isfinite(piece).all(axis=1)).sum())
        if content.space is None or not content.space.is_packed:
            zero += int((piece == 0).all(axis=1).sum())
        for number, row in enumerate(piece, start):
            first = seen.setdefault(row_digest(row), number)
            repeated += first != number and keys[first].as_py() != keys[number].as_py()
            if number in wanted:
                taken[number] = row.copy()  # and not the piece that it is a part of
        start += len(piece)
    return Verdict(content.num_rows, not_finite, zero, repeated), taken


@dataclass(slots=True)
class Sample:
    """Some inputs of a set, embedded anew and compared.

    Attributes:
        pipeline: what made the set.
        space: of the set's vectors.
        base: the folder that its inputs are named from; ``None`` where nobody knows.
        lowest: the lowest cosine so far; ``None``: nothing was compared.
        foreign: keys whose vectors are others.
        missing: keys that could not be embedded anew, and why.
    """

    pipeline: Pipeline
    space: Space | None
    base: Path | None = None
    lowest: float | None = None
    foreign: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)

    def compare(self, key: str, stored: Vectors) -> None:
        """Embed one input and compare all of its rows, which are in their order."""
        try:
            likeness = max(self._likeness(value, stored) for value in self._readings(key))
        except (JuncoError, OSError) as error:
            self.missing.append((key, str(error)))
            return
        if likeness < LEAST_COSINE and self._takes_texts and (why := _why_gone(key)):
            self.missing.append((key, why))
            return
        if likeness > _UNLIKE:
            self.lowest = likeness if self.lowest is None else min(self.lowest, likeness)
        if likeness < LEAST_COSINE:
            self.foreign.append(key)

    @property
    def _takes_texts(self) -> bool:
        return Wanted(self.pipeline.graph.inputs).is_text

    def _readings(self, key: str) -> list[str]:
        """What a key stands for: itself, or, where a job embeds texts, the content of the file of that name."""
        place = place_of(key, self.base)
        if not self._takes_texts or not os.path.isfile(place):  # noqa: PTH113  # false too for a text that no name can be
            return [place]
        return [text_in(Path(place).read_bytes(), Path(place).name), key]

    def _likeness(self, value: str, stored: Vectors) -> float:
        """The lowest cosine; an input that came several times has its rows as often."""
        made = np.asarray(self.pipeline(value))
        made = np.atleast_2d(made) if made.size else made.reshape(0, 0)
        if not len(made) or len(stored) % len(made) or made.shape[1] != stored.shape[1]:
            return _UNLIKE
        new, old = floats(np.tile(made, (len(stored) // len(made), 1)), self.space), floats(stored, self.space)
        cosines = (unit(new) * unit(old)).sum(axis=1)
        cosines[~new.any(axis=1) & ~old.any(axis=1)] = 1  # zeros have no direction, and are the same
        return float(cosines.min())


def _why_gone(key: str) -> str:
    """Why the vector of a text may be that of a file's content, which is not there any more; empty where it is not."""
    if is_url(key):
        return "the content of an address is not fetched again"
    if _LIKE_A_PLACE.fullmatch(key) and not os.path.exists(key):  # noqa: PTH110
        return "no such file; as a text it has another vector"
    return ""


def sampled_keys(content: Content, count: int) -> dict[str, list[int]]:
    """Some inputs, drawn in the same way each time, with the numbers of their rows."""
    rows: dict[str, list[int]] = {}
    for number, key in enumerate(content.keys().to_pylist()):
        rows.setdefault(key, []).append(number)
    chosen = random.Random(0).sample(list(rows), min(count, len(rows)))  # noqa: S311  # no secret
    return {key: rows[key] for key in chosen}


def same_space(pipeline: Pipeline, space: Space | None) -> bool | None:
    """Whether a pipeline makes vectors of the space that a set names; ``None``: it names none."""
    return None if space is None else pipeline.plan.space == space
