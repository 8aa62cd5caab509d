"""What the engine has seen of its stages, and what that says: which stage binds, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from junco.cores import num_cores
from junco.operator.opening import Span
from junco.pages.letters import amount
from junco.wording import printable, printable_lines

if TYPE_CHECKING:
    from junco.graph.nodes import Graph

WARM_UP_TASKS = 1
"""The first task of a stage warms up, and a single call loads: it says nothing of the next ones."""

_HEAD = "stage", "rows", "ms a row", "busy", "waited", "at once", "batch", "MB"
_WIDTHS = 9, 9, 6, 9, 7, 6, 8

LONG_LOADING_S = 0.1
"""Loading that took less is not spoken of."""


@dataclass(slots=True, repr=False)
class StageStats:
    """Totals of one stage over all runs of a pipeline.

    Attributes:
        name: the step's name.
        limit: how many of its tasks may run at once.
        num_tasks: times that the stage was run.
        num_rows: rows that it worked on.
        num_items: input rows that they belong to.
        num_bytes: bytes of the rows that left it.
        seconds: time spent working, over all threads.
        wait_s: time that rows waited before it.
        loading_s: time in which tasks were loading operators, one or several at once; it is no part of ``seconds``.
        loading: from when to when the last of it went.
        first_s: time of the first task.
        batch_rows: rows in a full batch, at last.
        num_cut: inputs of which the operator has used only a part, as it noted itself. Of a step that holds a
            pipeline they are the inputs of its steps.
        num_empty: inputs in which there was nothing, as the operator noted.
        num_unknown: inputs of which the operator does not know a good part, as it noted.
        num_repeated: inputs that are like one before them, as it noted.
        num_assumed: inputs that do not say how they are to be read, so that the operator had to assume something.
        named: the first inputs of which something was noted, by the note's word, as they are shown; but for what is
            repeated.
        cures: what helps against what it notes, by the note's word, as the operator says.
    """

    name: str
    limit: int = 1
    num_tasks: int = 0
    num_rows: int = 0
    num_items: int = 0
    num_bytes: int = 0
    seconds: float = 0.0
    wait_s: float = 0.0
    loading_s: float = 0.0
    loading: Span = field(default=(0.0, 0.0), repr=False, compare=False)
    first_s: float = 0.0
    first_items: int = 0
    first_rows: int = 0
    batch_rows: int = 1
    num_cut: int = 0
    num_empty: int = 0
    num_unknown: int = 0
    num_repeated: int = 0
    num_assumed: int = 0
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)
    cures: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def observe(self, num_rows: int, num_items: int, seconds: float, wait_s: float = 0.0) -> None:
        """Count a task."""
        if self.num_tasks < WARM_UP_TASKS:
            self.first_s += seconds
            self.first_items += num_items
            self.first_rows += num_rows
        self.num_tasks += 1
        self.num_rows += num_rows
        self.num_items += num_items
        self.seconds += seconds
        self.wait_s += wait_s

    def observe_loading(self, span: Span) -> None:
        """Count when a task has loaded; what several have waited for together counts once."""
        since_s, until_s = self.loading
        if span[0] <= until_s and since_s <= span[1]:
            span = min(since_s, span[0]), max(until_s, span[1])
            self.loading_s -= until_s - since_s
        self.loading = span
        self.loading_s += span[1] - span[0]

    def observe_call(self, seconds: float) -> None:
        """Count a row of a single call; the first one also loads."""
        if not self.num_tasks:
            self.first_s, self.first_items, self.first_rows = seconds, 1, 1
        self.num_tasks += 1
        self.num_rows += 1
        self.num_items += 1
        self.seconds += seconds

    @property
    def notes(self) -> str:
        """How many inputs were cut, empty, partly unknown, repeated, read by assumption, and which were the first.

        Empty where none were.
        """
        told = [
            (self.num_cut, "cut", "cut"),
            (self.num_empty, "empty", "empty"),
            (self.num_unknown, "unknown", "partly unknown"),
            (self.num_repeated, "repeated", "repeated"),
            (self.num_assumed, "assumed", "read by assumption"),
        ]
        return ", ".join(self._told(number, word, what) for number, word, what in told if number)

    def _told(self, number: int, word: str, what: str) -> str:
        named = ", ".join(self.named.get(word, ()))
        rest = number - len(self.named.get(word, ()))
        named += f" and {rest:,} more" if named and rest > 0 else ""
        beside = "; ".join(text for text in (named, self.cures.get(word, "")) if text)
        return f"{number:,} {'input' if number == 1 else 'inputs'} {what}{f' ({beside})' if beside else ''}"

    def __repr__(self) -> str:
        return printable(f"<stage {self.name}: {amount(self.num_rows, 'row')}, {self.row_s * 1e3:,.3f} ms a row>")

    @property
    def is_warm(self) -> bool:
        """Whether it has run often enough to say what an item takes."""
        return self.num_items > self.first_items

    @property
    def item_s(self) -> float:
        """Seconds of work for an item, the first task left out where there are others."""
        if self.is_warm:
            return (self.seconds - self.first_s) / (self.num_items - self.first_items)
        return self.seconds / max(1, self.num_items)

    @property
    def row_s(self) -> float:
        """Seconds of work for a row, the first task left out where there are others."""
        if self.num_rows > self.first_rows:
            return (self.seconds - self.first_s) / (self.num_rows - self.first_rows)
        return self.seconds / max(1, self.num_rows)


@dataclass(slots=True)
class Totals:
    """What all runs of a pipeline add to: one entry for each stage of its program."""

    stages: list[StageStats]
    wall_s: float = 0.0
    num_items: int = 0
    _slowest: StageStats | None = field(default=None, init=False, repr=False)

    def slowest_item_s(self, changed: StageStats | None = None) -> float:
        """Seconds of work for an item in the stage where it takes longest.

        Args:
            changed: the only stage that has worked since this was asked last, where that is known.
        """
        if changed is None or self._slowest is None or changed is self._slowest:
            self._slowest = max(self.stages, key=lambda stage: stage.item_s)
        elif changed.item_s > self._slowest.item_s:
            self._slowest = changed
        return self._slowest.item_s


@dataclass(frozen=True, slots=True, repr=False)
class PipelineStats:
    """A pipeline's stages. Print it for a table and one sentence on what binds."""

    stages: tuple[StageStats, ...]
    wall_s: float
    num_items: int
    num_cores: int

    @property
    def binding(self) -> StageStats | None:
        """The stage that keeps the others waiting: the one that needs longest for an item, given its workers."""
        warm = [stage for stage in self.stages if stage.num_items]
        return max(warm, key=lambda s: s.item_s / min(s.limit, self.num_cores), default=None)

    @property
    def advice(self) -> str:
        """What binds and what would help, in one sentence."""
        stage = self.binding
        if stage is None:
            return "nothing has run yet"
        total_s = sum(other.item_s for other in self.stages)
        share = stage.item_s / total_s if total_s else 1.0
        says = f"{stage.name!r} binds: {share:.0%} of the work, {stage.item_s * 1e3:,.2f} ms an item"
        if stage.limit >= self.num_cores:
            return f"{says}, already on all {self.num_cores} cores; a smaller model or a faster device would help."
        return (
            f"{says}, {stage.limit} at a time; workers={self.num_cores} would use all cores, if its code allows that."
        )

    @property
    def notes(self) -> list[str]:
        """Which stages have cut inputs, or were given empty ones, and how many: a line each."""
        return [f"{stage.name!r}: {stage.notes}" for stage in self.stages if stage.notes]

    def predicted_s(self, num_items: int) -> float:
        """Seconds that so many items will take, from what was seen; the loading is not counted again."""
        work_s = sum(stage.item_s for stage in self.stages) / self.num_cores
        binding = self.binding
        slowest_s = binding.item_s / min(binding.limit, self.num_cores) if binding else 0.0
        return num_items * max(work_s, slowest_s)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        stages = [asdict(stage) | {"item_s": stage.item_s} for stage in self.stages]
        for plain in stages:
            del plain["cures"], plain["loading"]  # for people, and of a clock that only this process has
        return {"num_items": self.num_items, "wall_s": self.wall_s, "advice": self.advice, "stages": stages}

    def __str__(self) -> str:
        rows = [_HEAD, *map(self._figures, self.stages)]
        table = [f"{name[:20]:<20} {' '.join(map(str.rjust, figures, _WIDTHS))}" for name, *figures in rows]
        return printable_lines([*table, *self._loading(), *self.notes, self.advice])

    def __repr__(self) -> str:
        if not self.num_items:
            return "<stats: nothing has run yet>"
        stages = ", ".join(f"{stage.name} {stage.row_s * 1e3:,.2f} ms a row" for stage in self.stages)
        return printable(f"<stats: {amount(self.num_items, 'item')} in {self.wall_s:.1f} s; {stages}>")

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment

        return fragment(self.table())

    def table(self) -> str:
        """The same as print shows, as markup."""
        from junco.pages.summary import figures

        return figures(_HEAD, map(self._figures, self.stages), [*self._loading(), *self.notes, self.advice])

    def _loading(self) -> list[str]:
        """What is no part of the rows' time, where it is worth a line."""
        long = [stage for stage in self.stages if stage.loading_s >= LONG_LOADING_S]
        said = ", ".join(f"{stage.name[:20]} {stage.loading_s:.1f}s" for stage in long)
        return [f"besides, loading took: {said}"] if long else []

    def _figures(self, stage: StageStats) -> tuple[str, ...]:
        """What stands beneath the head of the table."""
        busy = stage.seconds / self.wall_s / min(stage.limit, self.num_cores) if self.wall_s else 0.0
        times = f"{stage.row_s * 1e3:.3f}", f"{min(busy, 1):.0%}", f"{stage.wait_s:.2f}s"
        counts = str(stage.limit), str(stage.batch_rows), f"{stage.num_bytes / 1e6:.1f}"
        return stage.name, f"{stage.num_rows:,}", *times, *counts


def stats_before_use(graph: Graph) -> PipelineStats:
    """Those of a pipeline that nobody has used yet."""
    stages = tuple(StageStats(node.name, 1) for node in graph.nodes if node.fn is not None)
    return PipelineStats(stages, 0.0, 0, num_cores())
