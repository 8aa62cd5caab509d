"""`Evaluation`: what was measured of some ways to make vectors, side by side, and what is noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.evaluate.circumstances import Circumstances
from junco.metrics.interval import Estimate
from junco.pages.letters import amount
from junco.wording import printable, printable_lines

_MOST_REJECTS = 5
LEVEL_WORDS = "in [ ] the interval in which 95 % of such means lie when items are drawn anew"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one way.

    Attributes:
        name: of the way.
        space: the id of its vectors' space; ``None`` where it is unknown.
        dim: numbers of a vector.
        vector_bytes: of a vector, as the pipeline gives it.
        model_bytes: of the files that its weights lie in.
        items_per_s: embedded, without loading.
        estimates: by the measure's name.
        gains: by how much each is more than that of the first way.
        pipeline: its name; empty for one that has none.
        operators: each operator in it, with the values of all its parameters; those that are no plain values in words.
    """

    name: str
    space: str | None
    dim: int
    vector_bytes: int
    model_bytes: int
    items_per_s: float
    estimates: dict[str, Estimate]
    gains: dict[str, Estimate]
    pipeline: str = ""
    operators: tuple[tuple[str, dict[str, Any]], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        kept = ("name", "pipeline", "space", "dim", "vector_bytes", "model_bytes", "items_per_s")
        plain: dict[str, Any] = {name: getattr(self, name) for name in kept}
        plain["operators"] = [{"name": name, "params": dict(params)} for name, params in self.operators]
        return plain | {
            kind: {name: _plain(each) for name, each in getattr(self, kind).items()} for kind in ("estimates", "gains")
        }


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {name: getattr(estimate, name) for name in ("mean", "low", "high", "num_items")}


@dataclass(frozen=True)
class Evaluation:
    """Ways to make vectors of some items, side by side; printing it shows the table and the verdict.

    Attributes:
        data: what was measured by, in words.
        main: the measure that decides.
        ways: the first is what the others are compared with.
        told: how the data was read.
        rejects: why items could not be embedded, by the item.
        circumstances: where and when; ``None``: nobody noted it.
        fingerprint: sha256 of what was measured by, contents with labels or scores, whatever their order; ``None``
            where nobody can tell what the items hold. Numbers of one fingerprint compare.
    """

    data: str
    main: str
    ways: tuple[Measured, ...]
    told: tuple[str, ...] = ()
    rejects: dict[str, str] | None = None
    circumstances: Circumstances | None = None
    fingerprint: str | None = None

    def __getitem__(self, measure: str) -> float:
        """The mean of a measure, of the first way: ``evaluation["recall@1"]``."""
        return self.ways[0].estimates[measure].mean

    @property
    def best(self) -> Measured:
        """The way with the highest mean of the measure that decides."""
        return max(self.ways, key=lambda way: way.estimates[self.main].mean)

    @property
    def verdict(self) -> list[str]:
        """What the intervals say of each other way beside the first, a line each."""
        first = self.ways[0].name
        return [f"{way.name} is {_compared(way.gains[self.main], self.main, first)}" for way in self.ways[1:]]

    def table(self) -> list[list[str]]:
        """Head and rows, as texts."""
        names = list(self.ways[0].estimates)
        head = ["", *names, "numbers", "bytes a vector", "MB of weights", "items/s"]
        return [head, *(self._row(way, names) for way in self.ways)]

    def _row(self, way: Measured, names: Sequence[str]) -> list[str]:
        shown = [str(way.estimates[name]) if name == self.main else f"{way.estimates[name].mean:.3f}" for name in names]
        weights = f"{way.model_bytes / 1e6:,.0f}" if way.model_bytes else "?"
        return [way.name, *shown, f"{way.dim:,}", f"{way.vector_bytes:,}", weights, f"{way.items_per_s:,.1f}"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        ways = [way.to_dict() for way in self.ways]
        rest = {"told": list(self.told), "rejects": self.rejects or {}, "verdict": self.verdict}
        around = self.circumstances.to_dict() if self.circumstances else {}
        return {"data": self.data, "fingerprint": self.fingerprint, "main": self.main, "ways": ways, **rest, **around}

    def save(self, path: str | Path) -> None:
        """Write it as a page that stands alone."""
        from junco.pages.style import page

        Path(path).write_text(page(f"Evaluation: {self.data}", self._body()), "utf-8")

    def __str__(self) -> str:
        rows = self.table()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(widths[0]) if at == 0 else cell.rjust(widths[at]) for at, cell in enumerate(row))
            for row in rows
        ]
        return printable_lines([self.data, *lines, *self._said()])

    def __repr__(self) -> str:
        best = self.best
        found = f"{best.name}: {self.main} {best.estimates[self.main]}"
        return printable(f"<evaluation of {amount(len(self.ways), 'way')} by {self.data}; {found}>")

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment

        return fragment(self._body())

    def _body(self) -> str:
        from junco.pages.summary import figures, titled

        head, *rows = self.table()
        return titled("Evaluation", self.data, (), figures(head, rows, self._said()))

    def _said(self) -> list[str]:
        rejects = self.rejects or {}
        lines = [*self.verdict, f"{self.main} decides; {LEVEL_WORDS}", *self.told]
        if rejects:
            lines.append(f"{amount(len(rejects), 'item')} could not be embedded, and left out of all numbers:")
            lines += [f"  {item}: {why}" for item, why in list(rejects.items())[:_MOST_REJECTS]]
            lines += [f"  and {len(rejects) - _MOST_REJECTS:,} more"] if len(rejects) > _MOST_REJECTS else []
        return lines


def _compared(gain: Estimate, measure: str, first: str) -> str:
    by = f"{measure} {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
    if gain.is_above_zero:
        return f"better than {first}: {by}"
    if gain.is_below_zero:
        return f"worse than {first}: {by}"
    return f"not told apart from {first} by these items: {by}"
