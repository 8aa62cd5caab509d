"""Copies among items: the same bytes, and what looks alike or has vectors that are nearly the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.groups import alike
from junco.errors import InputError
from junco.neural.dhash import BITS
from junco.pages.letters import amount
from junco.types import Vectors
from junco.types.unit import unit_rows

if TYPE_CHECKING:
    from junco.api import Pipeline

MOST_BITS = 3
"""By which the looks of two pictures differ at most that count as near copies."""
ABOVE = 0.95
MOST_COMPARED = 100_000
"""Items of which all pairs are compared: of more, so many are, evenly spaced."""


@dataclass(frozen=True, slots=True)
class Near:
    """Items that are nearly the same.

    Attributes:
        groups: rows that hang together, the largest group first; those of one content are in none of their own.
        how: what was compared, for people; empty: nothing was.
        told: what was left out, a line each.
    """

    groups: list[list[int]] = field(default_factory=list)
    how: str = ""
    told: tuple[str, ...] = ()


def exact_copies(digests: Sequence[bytes], ignored: frozenset[int] = frozenset()) -> list[list[int]]:
    """Rows of one content, those of the most first.

    Args:
        digests: of each row what it holds.
        ignored: rows of which nobody knows that.
    """
    found: dict[bytes, list[int]] = defaultdict(list)
    for row, digest in enumerate(digests):
        if row not in ignored:
            found[digest].append(row)
    return sorted((rows for rows in found.values() if len(rows) > 1), key=lambda rows: (-len(rows), rows))


def near_by_looks(looks: Sequence[int | None], digests: Sequence[bytes]) -> Near:
    """Pictures that look alike: whose 64 bits differ in `MOST_BITS` at most.

    Args:
        looks: of each row its bits; ``None``: it is no picture, or one that they tell nothing of.
        digests: of each row what it holds.
    """
    rows = [row for row, bits in enumerate(looks) if bits is not None]
    if len(rows) < 2:
        return Near()
    rows, told = _some(rows)
    bits = np.array([looks[row] for row in rows], np.uint64)
    signs = np.unpackbits(bits.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    units: Vectors = signs / np.float32(np.sqrt(BITS))
    return Near(_groups(units, rows, 1 - 2 * MOST_BITS / BITS, digests), "how pictures look", told)


def near_by_vectors(items: Sequence[Any], digests: Sequence[bytes], pipeline: Pipeline, above: float) -> Near:
    """Items whose vectors have a cosine of ``above`` or more.

    Args:
        items: what the pipeline takes.
        digests: of each row what it holds.
        pipeline: gives one vector for an item.
        above: the least cosine.

    Raises:
        InputError: the pipeline gives no vector for an item, or none of these can be embedded.
    """
    rows, told = _some([*range(len(items))])
    made = pipeline.batch((items[row] for row in rows), on_error="none")
    there = [number for number, vector in enumerate(made) if vector is not None]
    if not there:
        raise InputError(f"{pipeline.graph.name or 'the pipeline'} can embed none of the items: is it for such?")
    first = made[there[0]]
    if getattr(first, "ndim", 0) != 1:
        raise InputError(f"{pipeline.graph.name or 'the pipeline'} gives no single vector for an item: take another")
    if len(there) < len(rows):
        told = (*told, f"{amount(len(rows) - len(there), 'item')} cannot be embedded, and are not compared")
    units = unit_rows(np.stack([made[number] for number in there]))
    how = f"vectors of {pipeline.graph.name or 'the pipeline'}, cosine {above:g} and more"
    return Near(_groups(units, [rows[number] for number in there], above, digests), how, told)


def _some(rows: list[int]) -> tuple[list[int], tuple[str, ...]]:
    if len(rows) <= MOST_COMPARED:
        return rows, ()
    chosen = np.linspace(0, len(rows) - 1, MOST_COMPARED).astype(int)
    line = f"near copies: of {len(rows):,} items {MOST_COMPARED:,} are compared, evenly spaced"
    return [rows[at] for at in chosen], (line,)


def _groups(units: Vectors, rows: Sequence[int], above: float, digests: Sequence[bytes]) -> list[list[int]]:
    """Groups as numbers of rows; those of one content alone are exact copies, which are told elsewhere."""
    found = [sorted(rows[number] for number in numbers.tolist()) for numbers, _ in alike(units, above)]
    return [group for group in found if len({digests[row] for row in group}) > 1]
