"""What an inspection notes of one step, and the end that it sets to rows that never end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.filters import FilterStage
from junco.engine.group import GroupStage
from junco.engine.look import Look, names_of, num_bytes
from junco.engine.rows import Block, both
from junco.engine.stage import Stage, WorkStage, reason_of
from junco.graph.levels import Level
from junco.graph.nodes import fn_name
from junco.pages.inspection import SeenFailure, SeenRow, SeenStep
from junco.pages.letters import amount, duration, size
from junco.pages.spans import Span
from junco.plan.program import Mask


class Failures:
    """The rows that failed in a stage: how many, and the first of them."""

    def __init__(self, stage: Stage, look: Look) -> None:
        self.num_rows = 0
        self.first: list[SeenFailure] = []
        self._look = look
        stage.on_failed = self.add

    def add(self, block: Block, level: Level, rows: Sequence[tuple[int, BaseException, str]]) -> None:
        """Note rows that fail, before they go."""
        self.num_rows += len(rows)
        for row, error, given in rows[: max(0, self._look.limits.rows - len(self.first))]:
            self.first.append(SeenFailure(self._look.place(block, level, row), reason_of(error), given))


class Record:
    """What a step was given and what it made; its stage's rows are bounded where it opens a level.

    Attributes:
        stage: the one whose rows are looked at: of a step with two, the second.
        seconds: what they took.
    """

    def __init__(self, stage: WorkStage, look: Look) -> None:
        self.look = look
        self.seconds = 0.0
        self.num_in = self.num_out = 0
        self.rows: list[SeenRow] = []
        self.spans: list[Span] = []
        self.cut = ""
        self.num_drawn = self.num_bytes = 0
        self.takes_over(stage)

    def takes_over(self, stage: WorkStage) -> None:
        """Let the rows of a stage be those of the step."""
        self.stage = stage
        self.failures = Failures(stage, self.look)
        if stage.step.node.verb == "flat_map":
            stage.apply = _Bounded(stage.apply, self)

    def note_rows(self, blocks: Sequence[Block]) -> None:
        """Count what the stage is given."""
        stage = self.stage
        self.num_in += sum(len(_chosen(block, level, stage.masks)) for block in blocks for level in stage.step.levels)

    def seen(self) -> SeenStep:
        """What there is to show of the step."""
        step, stage = self.stage.step, self.stage
        shown = step.on if isinstance(stage, FilterStage) else step.writes
        return SeenStep(
            name=stage.name,
            verb=step.node.verb,
            operator=fn_name(step.node.fn),
            level=step.level.depth,
            out_level=step.out_level.depth,
            seconds=self.seconds,
            num_in=self.num_in,
            num_out=self.num_out,
            columns=names_of(shown),
            rows=tuple(self.rows),
            failures=tuple(self.failures.first),
            num_failed=self.failures.num_rows,
            cut=self.cut,
            spans=tuple(self.spans),
        )

    def see(self, block: Block) -> None:
        """Look at what the stage has just made; the rows that an earlier filter or failure hides are no part of it."""
        self.look.number(block)
        stage, step, level = self.stage, self.stage.step, self.stage.step.out_level
        masks = [*stage.masks, *([stage.fault] if stage.fault is not None else [])]
        rows = _chosen(block, level, masks)
        if isinstance(stage, GroupStage) and level is stage.scope:
            sees = stage.takes_part(block)
            rows = [row for row in rows if sees[row] and stage.is_complete(block, row)]
        first = rows[: max(0, self.look.limits.rows - len(self.rows))]
        if not isinstance(stage, FilterStage):
            self.num_out += len(rows)
            self.rows += self.look.rows(block, step.writes, level, first) if step.writes else []
            self.spans += self.look.spans(block, step.writes, level, rows)
            return
        kept = block.tables[level].masks[stage.name]
        self.num_out += sum(kept[row] for row in rows)
        self.spans += self.look.spans(block, step.on, level, [row for row in rows if kept[row]])
        seen = self.look.rows(block, step.on, level, first)
        self.rows += [replace(one, is_kept=kept[row]) for one, row in zip(seen, first, strict=True)]

    def may_draw(self, value: Any) -> bool:
        """Whether there is room for one more row of a ``flat_map``; says why where there is none."""
        limits = self.look.limits
        self.num_drawn += 1
        self.num_bytes += num_bytes(value)
        if self.num_drawn > limits.most_rows:
            self.cut = f"ended after {amount(limits.most_rows, 'row')}: there are more (most_rows={limits.most_rows})"
        elif self.num_bytes > limits.most_bytes:
            self.cut = f"ended after {amount(self.num_drawn - 1, 'row')}, {size(limits.most_bytes)}: there are more"
        elif time.monotonic() - self.look.started_s > limits.within_s:
            self.cut = (
                f"ended after {amount(self.num_drawn - 1, 'row')}, {duration(limits.within_s)}: there are more "
                f"(within_s={limits.within_s:g})"
            )
        return not self.cut


def _chosen(block: Block, level: Level, masks: Sequence[Mask]) -> Sequence[int]:
    """The rows of a level that masks keep and that have not failed."""
    chosen = both(block.kept(level, [mask for mask in masks if mask.level.is_above(level)]), block.fine(level))
    return range(block.rows(level)) if chosen is None else [row for row, choose in enumerate(chosen) if choose]


class _Bounded(Applier):
    """The callable of a ``flat_map``, whose rows end where there is no room for more."""

    MOST_AT_ONCE = 64

    def __init__(self, applier: Applier, record: Record) -> None:
        self._applier, self._record = applier, record

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._applier.batch_rows

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        if self._record.cut:
            return [()] * num_rows, []
        return self._applier(columns, num_rows, stop=stop)

    def draw(self, values: Iterator[Any], most: int) -> tuple[list[Any], BaseException | None]:
        """As many as there is room for, few at first: they may be large or slow."""
        taken: list[Any] = []
        wanted = 1
        while len(taken) < most:
            wanted = min(2 * wanted, self.MOST_AT_ONCE, most - len(taken))
            some, error = self._applier.draw(values, wanted)
            for value in some:
                if not self._record.may_draw(value):
                    _close(values)
                    return taken, None
                taken.append(value)
            if error is not None or len(some) < wanted:
                return taken, error
        return taken, None


def _close(values: Iterator[Any]) -> None:
    with contextlib.suppress(Exception):  # what a generator says when it is ended early is nobody's result
        if hasattr(values, "close"):
            values.close()
