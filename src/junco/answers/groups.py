"""Rows of a set that belong together: near-duplicates, and clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from junco.answers.hits import Hit, Hits, said
from junco.answers.products import pairs_above
from junco.answers.units import row_digest
from junco.errors import InputError, MissingExtraError
from junco.pages.letters import amount, cut
from junco.settings import user_path
from junco.types import Vectors
from junco.wording import printable

MOST_DIM = 50
"""Numbers of a row that are clustered by density: in more, distances tell little and take long."""
_SHOWN, _PIECE = 3, 24
_AT_ONCE = 200
"""Rows that are read together where a group is gone through."""

Numbers = npt.NDArray[np.intp]
Scored = tuple[Numbers, npt.NDArray[np.float32]]
"""Rows of a group, and a score for each."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Group(Sequence[Hit]):
    """Rows that belong together, the most typical first. However large it is, no more is read than is looked at.

    Attributes:
        numbers: (n,) of the rows in their set.
        scores: (n,) the cosine to the row that is most like it, of near-duplicates; to the middle of the group, of
            clusters.
        read: gives rows by their numbers, with these scores.
    """

    numbers: Numbers
    scores: npt.NDArray[np.float32]
    read: Callable[[Sequence[int], Sequence[float]], Hits] = field(repr=False)

    @classmethod
    def of(cls, hits: Iterable[Hit]) -> Group:
        """Rows that are there already."""
        held = list(hits)
        scores = np.asarray([hit.score for hit in held], np.float32)
        return cls(np.arange(len(held)), scores, lambda numbers, _: Hits([held[number] for number in numbers]))

    @property
    def hits(self) -> Hits:
        """All rows, which are read now."""
        return self.read(self.numbers.tolist(), self.scores.tolist())

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return _as_json(self.hits)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Group: ...
    def __getitem__(self, index: int | slice) -> Hit | Group:
        if isinstance(index, slice):
            return replace(self, numbers=self.numbers[index], scores=self.scores[index])
        return self.read([int(self.numbers[index])], [float(self.scores[index])])[0]

    def __iter__(self) -> Iterator[Hit]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE].hits

    def __str__(self) -> str:
        return _line(self, self[:_SHOWN].hits)

    def __repr__(self) -> str:
        return f"<group of {amount(len(self), 'row')}: {cut(', '.join(map(_shown, self[:_SHOWN])), 3 * _PIECE)}>"


def read_together(groups: Sequence[Group]) -> list[Hits]:
    """The rows of several groups, of one set at once: a file is not gone through for each of a thousand groups."""
    if not groups or any(each.read != groups[0].read for each in groups):
        return [each.hits for each in groups]
    numbers, scores = (np.concatenate([getattr(each, name) for each in groups]) for name in ("numbers", "scores"))
    hits, edges = groups[0].read(numbers.tolist(), scores.tolist()), accumulate(map(len, groups), initial=0)
    return [hits[start:end] for start, end in pairwise(edges)]


def _as_json(hits: Hits) -> dict[str, Any]:
    return {"count": len(hits), "rows": hits.to_dict()}


def _line(group: Group, first: Hits) -> str:
    """A group, of which the first rows are read."""
    shown = ", ".join(map(_shown, first))
    more = f", … {len(group) - len(first):,} more" if len(group) > len(first) else ""
    return printable(f"{len(group):6,}  {group.scores.min():.3f}–{group.scores.max():.3f}  {shown}{more}")


def _shown(hit: Hit) -> str:
    """A row by its key and, of a piece, which one it is."""
    about = " ".join(filter(None, map(said, hit.columns.values())))
    return f"{hit.key} ({cut(' '.join(about.split()), _PIECE)})" if about else hit.key


class Groups(list[Group]):
    """Groups of rows, the largest first.

    Attributes:
        num_alone: rows of the set that are in none.
    """

    def __init__(self, groups: Iterable[Group], num_alone: int) -> None:
        super().__init__(groups)
        self.num_alone = num_alone

    def save(self, path: str | Path, *, sources: bool = False) -> None:
        """Write a page that stands alone: a sheet of each group; else as ``Hits.save``.

        Raises:
            TargetError: the file cannot be written.
        """
        from junco.answers.page import write_groups

        write_groups(user_path(path), "", self, sources=sources)

    def _repr_html_(self) -> str:
        from junco.answers.page import groups_body
        from junco.pages.style import fragment

        return fragment(groups_body("", self))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"groups": [_as_json(hits) for hits in read_together(self)], "num_alone": self.num_alone}

    @overload
    def __getitem__(self, index: SupportsIndex) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> Groups: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Group | Groups:
        found = super().__getitem__(index)
        return found if isinstance(found, Group) else Groups(found, self.num_alone)

    def __str__(self) -> str:
        first = read_together([group[:_SHOWN] for group in self])
        return "\n".join([self.headline, *map(_line, self, first)])

    def __repr__(self) -> str:
        return f"<{self.headline}>"

    @property
    def headline(self) -> str:
        """How many groups there are, and what is in none."""
        rows, alone = amount(sum(map(len, self)), "row"), amount(self.num_alone, "row")
        return f"{amount(len(self), 'group')} of {rows}; in none: {alone}" if self else f"no groups among {alone}"


def alike(units: Vectors, above: float) -> list[Scored]:
    """Groups of rows that are connected by cosines of ``above`` or more, the largest first.

    A row's score is its cosine to the row that is most like it. Rows of a chain are in one group even where its ends
    are less alike. No more than the products of two blocks are in memory, however many pairs there are.
    """
    distinct, number = _distinct(units)
    roots, scores = np.arange(len(distinct)), np.zeros(len(distinct), np.float32)
    for one, two, cosines in pairs_above(units if len(distinct) == len(units) else units[distinct], above):
        np.maximum.at(scores, one, cosines)
        np.maximum.at(scores, two, cosines)
        apart = roots[one] != roots[two]
        _join(roots, one[apart], two[apart])
    scores[np.bincount(number, minlength=len(distinct)) > 1] = 1
    of_row = np.minimum(scores[number], 1)
    return [(rows, of_row[rows]) for rows, _ in by_typical(units, _split(_settled(roots)[number], units))]


def _distinct(units: Vectors) -> tuple[Numbers, Numbers]:
    """The first row of each value, and for each row the place of its value among these: equal rows need no product."""
    places: dict[bytes, int] = {}
    number = np.fromiter((places.setdefault(row_digest(row), len(places)) for row in units), np.intp, len(units))
    return np.unique(number, return_index=True)[1], number


def clustered(units: Vectors, count: int | None, least: int) -> list[Scored]:
    """Groups of rows by k-means into ``count``, else by density (HDBSCAN), the largest first.

    A row's score is its cosine to the middle of its group.

    Args:
        units: (rows, dim) of length 1.
        count: how many clusters; ``None``: as many as there are regions of at least ``least`` rows.
        least: rows of the smallest cluster that is found by density.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        InputError: there are fewer rows than clusters.
    """
    try:
        from sklearn.cluster import HDBSCAN, MiniBatchKMeans
        from sklearn.decomposition import PCA
    except ImportError:
        raise MissingExtraError("scikit-learn", "clusters", "clusters()") from None
    if count is not None:
        if not 0 < count <= len(units):
            raise InputError(f"{len(units):,} rows make from 1 to {len(units):,} clusters, not {count:,}")
        labels = MiniBatchKMeans(count, random_state=0, n_init=3).fit_predict(units)
        return by_typical(units, _split(np.asarray(labels), units, least=1))
    if len(units) < max(2, least):
        return []
    dim = min(MOST_DIM, *units.shape)
    small = PCA(dim, random_state=0).fit_transform(units) if dim < units.shape[1] else units
    labels = HDBSCAN(min_cluster_size=max(2, least), copy=True).fit_predict(small)
    return by_typical(units, _split(np.asarray(labels), units))


def by_typical(units: Vectors, groups: Iterable[Numbers]) -> list[Scored]:
    """The rows of each group with their cosines to its mean, the most typical first."""
    return [_by_typical(units, rows) for rows in groups]


def _by_typical(units: Vectors, rows: Numbers) -> Scored:
    members = np.asarray(units[rows])
    mean = members.mean(axis=0)
    scores = members @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
    order = np.lexsort((rows, -np.round(scores, 6)))  # equals by their number
    return rows[order], scores[order]


def _join(roots: Numbers, one: Numbers, two: Numbers) -> None:
    """Let both rows of each pair have one root, the lowest."""
    while True:
        first, second = _settled(roots)[one], roots[two]
        apart = first != second
        if not apart.any():
            return
        low, high = np.minimum(first[apart], second[apart]), np.maximum(first[apart], second[apart])
        np.minimum.at(roots, high, low)


def _settled(roots: Numbers) -> Numbers:
    """Each row points to its root itself."""
    while True:
        further = roots[roots]
        if (further == roots).all():
            return roots
        roots[:] = further


def _split(labels: npt.NDArray[Any], units: Vectors, least: int = 2) -> list[Numbers]:
    """The rows of each label from 0 on that has so many, the largest group first.

    What has no direction is alike to nothing, and in no group.
    """
    labels = np.where(np.asarray(units).any(axis=1), labels, -1)
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    groups: Sequence[Numbers] = np.split(order, edges) if len(order) else []
    found = [rows for rows in groups if len(rows) >= least and labels[rows[0]] >= 0]
    return sorted(found, key=lambda rows: (-len(rows), int(rows[0])))
