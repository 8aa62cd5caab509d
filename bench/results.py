"""What a benchmark found: tables, charts, ratios against their targets; printed, and kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Rows of cells, already in words."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Chart:
    """Bars (``series`` has one point a name) or lines (points (x, y)) to draw on the results page."""

    title: str
    kind: Literal["bars", "lines"]
    x: str
    y: str
    series: dict[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Ratio:
    """A reading side by side with a yardstick, and what it has to be."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """The target in words."""
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )


@dataclass
class Report:
    """All that one script found, with its conditions."""

    name: str
    title: str
    quick: bool
    conditions: dict[str, Any]
    tables: list[Table] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Add a table."""
        self.tables.append(Table(title, columns, rows))

    def ratio(self, what: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> None:
        """Add a reading that has a target."""
        self.ratios.append(Ratio(what, value, at_least, at_most))

    def miss(self, name: str, why: object) -> None:
        """Say that a contestant could not run."""
        self.notes.append(f"{name} left out: {why}")

    def show(self) -> None:
        """Print it."""
        console = Console()
        console.rule(f"{self.title}{' (quick: not a measurement)' if self.quick else ''}")
        for table in self.tables:
            _print(console, table)
        if self.ratios:
            rows = [[r.what, number(r.value), r.target, "yes" if r.is_met else "NO"] for r in self.ratios]
            _print(console, Table("Targets", ["what", "reading", "target", "met"], rows))
        for note in self.notes:
            console.print(f"· {note}", markup=False)
        console.print(conditions_line(self.conditions), style="dim", markup=False)

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Report:
        """What `write` wrote."""
        kept = json.loads(path.read_text("utf-8"))
        kept["tables"] = [Table(**table) for table in kept["tables"]]
        kept["charts"] = [Chart(**chart) for chart in kept["charts"]]
        kept["ratios"] = [Ratio(**ratio) for ratio in kept["ratios"]]
        return cls(**kept)


def number(value: float) -> str:
    """Three significant figures, and no exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def conditions_line(conditions: dict[str, Any]) -> str:
    """The conditions in one line."""
    c = conditions
    versions = ", ".join(f"{name} {version}" for name, version in sorted(c["versions"].items()))
    return (
        f"{c['date']}, {c['cores']} cores of {c['cpu']}, {c['memory_gib']} GiB, {c['system']}, Python {c['python']}, "
        f"commit {c['commit']}, load {c['load_before']} before and {c.get('load_after', '?')} after; {versions}"
    )


def _print(console: Console, table: Table) -> None:
    shown = RichTable(title=table.title, title_justify="left")
    for place, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if place else "left")
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
