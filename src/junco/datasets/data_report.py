"""`report`: what is in some data and what is wrong with it, in words, as JSON, and as a page with thumbnails."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from junco.datasets.copies import ABOVE, Near, exact_copies, near_by_looks, near_by_vectors
from junco.datasets.facts import PICTURE
from junco.datasets.inventory import Inventory, inventory
from junco.errors import ParameterError
from junco.labelled.content import Watch, unwatched
from junco.settings import user_path
from junco.wording import printable_lines

_MOST_LISTED = 10_000
"""Groups and items that JSON lists; the counts are of all."""


@dataclass(frozen=True, eq=False, repr=False)
class DataReport:
    """What is known of some data. Print it, look at it in a notebook, ``.save("page.html")``, ``.to_dict()``.

    Attributes:
        seen: the items, and what each is.
        copies: groups of rows of one content.
        near: groups of rows that are nearly the same.
    """

    seen: Inventory
    copies: list[list[int]]
    near: Near = field(default_factory=Near)

    @cached_property
    def labels(self) -> Counter[Any]:
        """How many items each label has, the most first."""
        return Counter(dict(Counter(self.seen.labels or ()).most_common()))

    @cached_property
    def parts(self) -> Counter[str]:
        """How many items each part has; none of one whole."""
        return Counter(part for part in self.seen.parts if part)

    @cached_property
    def kinds(self) -> Counter[str]:
        """How many items are pictures, sounds, videos, texts, others."""
        return Counter(each.kind for each in self.seen.facts)

    @cached_property
    def unreadable(self) -> list[int]:
        """Rows that cannot be read."""
        return [row for row, each in enumerate(self.seen.facts) if each.problem]

    @cached_property
    def leaks(self) -> list[list[int]]:
        """Groups of one content that stand in several parts."""
        return [rows for rows in self.copies if self._num_parts(rows) > 1]

    @cached_property
    def near_leaks(self) -> list[list[int]]:
        """Groups of near copies that stand in several parts."""
        return [rows for rows in self.near.groups if self._num_parts(rows) > 1]

    @cached_property
    def clashes(self) -> list[list[int]]:
        """Groups of one content that have several labels."""
        labels = self.seen.labels
        return [] if labels is None else [rows for rows in self.copies if len({labels[row] for row in rows}) > 1]

    @cached_property
    def shapes(self) -> Counter[str]:
        """How many pictures and videos are of each width and height."""
        return Counter(each.shape for each in self.seen.facts if each.shape)

    @cached_property
    def scripts(self) -> Counter[str]:
        """In which scripts texts are written."""
        return Counter(each.script for each in self.seen.facts if each.script)

    @property
    def is_clean(self) -> bool:
        """Whether nothing leaks between parts, no content has two labels, and all can be read."""
        return not (self.leaks or self.near_leaks or self.clashes or self.unreadable)

    def is_mostly(self, kind: str) -> bool:
        """Whether more than half of the items are of a kind."""
        return self.kinds[kind] * 2 > len(self.seen)

    def _num_parts(self, rows: Sequence[int]) -> int:
        return len({self.seen.parts[row] for row in rows})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them: counts of all, and the first ten thousand of each list."""
        from junco.datasets.report_text import advice, verdict

        def named(groups: Sequence[Sequence[int]]) -> list[list[str]]:
            return [[self.seen.said(row) for row in rows] for rows in groups[:_MOST_LISTED]]

        facts = self.seen.facts
        lost = self.unreadable
        return {
            "name": self.seen.name,
            "items": len(self.seen),
            "bytes": sum(each.num_bytes for each in facts),
            "is_clean": self.is_clean,
            "verdict": verdict(self),
            "advice": advice(self),
            "kinds": dict(self.kinds),
            "labels": {str(label): count for label, count in self.labels.items()},
            "parts": dict(self.parts),
            "labels_by_part": self.labels_by_part(),
            "shapes": dict(self.shapes.most_common(_MOST_LISTED)),
            "scripts": dict(self.scripts),
            "num_unreadable": len(lost),
            "unreadable": [{"item": self.seen.said(row), "problem": facts[row].problem} for row in lost[:_MOST_LISTED]],
            "num_copies": sum(len(rows) - 1 for rows in self.copies),
            "copies": named(self.copies),
            "leaks": named(self.leaks),
            "clashes": named(self.clashes),
            "near": {"how": self.near.how, "groups": named(self.near.groups), "leaks": named(self.near_leaks)},
            "told": [*self.seen.told, *self.near.told],
        }

    def labels_by_part(self) -> dict[str, dict[str, int]]:
        """By a part's name how many items of each label it has."""
        if not self.parts or self.seen.labels is None:
            return {}
        found: dict[str, Counter[str]] = {part: Counter() for part in self.parts}
        for part, label in zip(self.seen.parts, self.seen.labels, strict=True):
            found[part][str(label)] += 1
        return {part: dict(counts) for part, counts in found.items()}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a page that stands alone, with thumbnails.

        Raises:
            TargetError: it cannot be written.
        """
        from junco.datasets.report_page import body
        from junco.pages.style import page
        from junco.store.durable import replacing, writing

        place = user_path(path, "the page")
        with writing(str(place)):
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as file:
                file.write(page(self.seen.name, body(self)).encode())
        return place

    def _repr_html_(self) -> str:
        from junco.datasets.report_page import summary
        from junco.pages.style import fragment

        return fragment(summary(self))

    def __str__(self) -> str:
        from junco.datasets.report_text import lines

        return printable_lines(lines(self))

    def __repr__(self) -> str:
        from junco.datasets.report_text import verdict

        return f"<data report: {verdict(self)[0]}>"


def report(
    *sources: Any,
    near: Any = "looks",
    above: float = ABOVE,
    accept_licence: bool = False,
    watch: Watch = unwatched,
) -> DataReport:
    """Look some data through: what there is, copies, leaks between parts, labels that clash, what cannot be read.

    Args:
        sources: folders, tables, names of the catalogue, or rows of a data set. Several are compared as parts of one:
            ``report("train/", "test/")``. One that has parts of its own is compared within.
        near: how near copies are found: ``"looks"`` of pictures, by a hash; a pipeline or its name, by its vectors;
            ``None``: they are not.
        above: by vectors, the least cosine of near copies.
        accept_licence: that the terms of a data set of the catalogue were read.
        watch: is told how much is read.

    Raises:
        JuncoError: there is nothing to read, or it is no list of items.
        ParameterError: a cosine that is none.
    """
    if not 0 < above <= 1:
        raise ParameterError(f"above={above!r}: a cosine above 0, up to 1")
    seen = inventory(sources, looks=near == "looks", accept_licence=accept_licence, watch=watch)
    unknown = seen.contents.unknown | seen.contents.unreadable
    copies = exact_copies(seen.contents.digests, frozenset(unknown))
    return DataReport(seen, copies, _near(seen, near, above))


def _near(seen: Inventory, near: Any, above: float) -> Near:
    if near is None:
        return Near()
    if isinstance(near, str) and near == "looks":
        found = near_by_looks([each.looks for each in seen.facts], seen.contents.digests)
        unlike = sum(each.kind == PICTURE and each.looks is None and not each.problem for each in seen.facts)
        if not unlike:
            return found
        line = (
            f"near copies: of {unlike:,} pictures a hash tells nothing, as they are very small or nearly of one "
            "colour; near='image-embedding' (--near) compares vectors"
        )
        return Near(found.groups, found.how, (*found.told, line))
    from junco.api import Pipeline, pipeline

    return near_by_vectors(
        seen.items, seen.contents.digests, near if isinstance(near, Pipeline) else pipeline(near), above
    )
