"""Look at what a pipeline does: its stages one after the other on one item, in the caller's thread.

A block of the item goes through all stages before the next piece of it is drawn, so that a long item is bounded here as
it is in a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from junco.engine.apply import Applier, Columns, Failure
from junco.engine.expand import FlatMapStage
from junco.engine.filters import FilterStage
from junco.engine.group import GroupStage
from junco.engine.look import Limits, Look, names_of, num_bytes
from junco.engine.rows import Block, both, source_block
from junco.engine.stage import Stage, StageOptions, WorkStage, reason_of
from junco.graph.levels import Flow, Level, Slot
from junco.graph.nodes import fn_name
from junco.operator.residents import residents
from junco.pages.inspection import Inspection, SeenFailure, SeenRow, SeenStep
from junco.pages.letters import amount, duration, size
from junco.plan.program import Mask


def inspect_item(stages: Sequence[Stage], flow: Flow, item: tuple[Any, ...], limits: Limits) -> Inspection:
    """What each stage makes of an item; rows that fail are shown, and the stages after see what is left.

    Args:
        stages: fresh ones that skip what fails.
        flow: the columns and levels that they work on.
        item: a value for each input column.
        limits: how much is looked at.
    """
    look = Look(flow, limits)
    block = source_block(0, 0, [[value] for value in item], flow.inputs, flow.levels[0])
    look.number(block)
    inputs = look.rows(block, flow.inputs, flow.levels[0], range(1))
    chain = [part for stage in stages for part in _watched(stage, look)]
    outputs: list[SeenRow] = []
    num_outputs = 0
    try:
        for last in _pushed(chain, block):
            level = flow.out_level
            rows = _whole_rows(last, level)
            num_outputs += len(rows)
            outputs += look.rows(last, flow.outputs, level, rows[: limits.rows - len(outputs)])
    finally:
        for stage in stages:
            stage.close()
    by_name = {part.name: part.seen() for part in chain if isinstance(part, _Watched)}
    return Inspection(
        title=flow.graph.name,
        inputs=_end("input", flow.levels[0], 1, flow.inputs, inputs),
        steps=tuple(by_name[step.node.name] for step in flow.steps),
        outputs=_end("output", flow.out_level, num_outputs, flow.outputs, outputs),
    )


def _end(verb: str, level: Level, num_rows: int, slots: Sequence[Slot], rows: Sequence[SeenRow]) -> SeenStep:
    """What goes in or comes out, in the form of a step."""
    return SeenStep(
        name=verb,
        verb=verb,
        operator="",
        level=level.depth,
        out_level=level.depth,
        seconds=0.0,
        num_in=num_rows,
        num_out=num_rows,
        columns=names_of(slots),
        rows=tuple(rows),
    )


def _pushed(chain: Sequence[Stage | _Watched], block: Block) -> Iterator[Block]:
    """The blocks that come out at the end; each goes all the way before the next is made."""
    waiting = [iter([block])]
    while waiting:
        made = next(waiting[-1], None)
        if made is None:
            waiting.pop()
        elif len(waiting) > len(chain):
            yield made
        else:
            waiting.append(chain[len(waiting) - 1].run([made]))


def _watched(stage: Stage, look: Look) -> list[Stage | _Watched]:
    """A stage that is watched, then what tidies up after it: in between, nothing is dropped yet."""
    tidy = Stage("tidy", StageOptions("skip"))
    tidy.after, stage.after = stage.after, []
    return [_Watched(stage, look) if isinstance(stage, WorkStage) else stage, tidy]


def _whole_rows(block: Block, level: Level) -> Sequence[int]:
    """The rows of a level that do not go on in the next block."""
    table = block.tables[level]
    return range(table.num_rows - (table.is_open and table.num_rows > 0))


class _Watched:
    """A stage of a step, with what it was given and what it made."""

    def __init__(self, stage: WorkStage, look: Look) -> None:
        self.stage, self.look = stage, look
        self.name = stage.step.node.name
        self.seconds = self.load_seconds = 0.0
        self.is_loaded = False
        self.num_in = self.num_out = self.num_failed = 0
        self.rows: list[SeenRow] = []
        self.failures: list[SeenFailure] = []
        self.cut = ""
        self.num_drawn = self.num_bytes = 0
        stage.on_failed = self._failed
        if isinstance(stage, FlatMapStage):
            stage.apply = _Bounded(stage.apply, self._may_draw)

    def run(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """The stage's own blocks, each looked at before anything else is done with it."""
        self.num_in += sum(len(_chosen(block, self.stage.step.level, self.stage.masks)) for block in blocks)
        if self.num_in and not self.is_loaded:
            self._load()
        made = self.stage.run(blocks)
        while True:
            started = time.perf_counter()
            block = next(made, None)
            self.seconds += time.perf_counter() - started
            if block is None:
                return
            self._see(block)
            yield block

    def seen(self) -> SeenStep:
        """What there is to show of the step."""
        step, stage = self.stage.step, self.stage
        shown = step.on if isinstance(stage, FilterStage) else step.writes
        return SeenStep(
            name=self.name,
            verb=step.node.verb,
            operator=fn_name(step.node.fn),
            level=step.level.depth,
            out_level=step.out_level.depth,
            seconds=self.seconds,
            load_seconds=self.load_seconds,
            num_in=self.num_in,
            num_out=self.num_out,
            columns=names_of(shown),
            rows=tuple(self.rows),
            failures=tuple(self.failures),
            num_failed=self.num_failed,
            cut=self.cut,
        )

    def _load(self) -> None:
        """Open the step's operator, if it is not yet, so that this is no part of the time that its rows take."""
        callee = self.stage.step.node.callee
        self.is_loaded = True
        for resident in residents:
            if callee is not None and resident.spec == callee.spec and not resident.operator.is_open:
                started = time.perf_counter()
                with resident:
                    self.load_seconds += time.perf_counter() - started

    def _see(self, block: Block) -> None:
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
            return
        kept = block.tables[level].masks[stage.name]
        self.num_out += sum(kept[row] for row in rows)
        seen = self.look.rows(block, step.on, level, first)
        self.rows += [replace(one, is_kept=kept[row]) for one, row in zip(seen, first, strict=True)]

    def _failed(self, block: Block, level: Level, rows: Sequence[tuple[int, BaseException, str]]) -> None:
        self.num_failed += len(rows)
        for row, error, given in rows[: max(0, self.look.limits.rows - len(self.failures))]:
            self.failures.append(SeenFailure(self.look.place(block, level, row), reason_of(error), given))

    def _may_draw(self, value: Any) -> bool:
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


class _Bounded:
    """The callable of a ``flat_map``, whose rows end where there is no room for more."""

    def __init__(self, applier: Applier, may_draw: Callable[[Any], bool]) -> None:
        self._applier, self._may_draw = applier, may_draw
        self.one = applier.one

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._applier.batch_rows

    def __call__(self, columns: Columns, num_rows: int, *, stop: bool) -> tuple[list[Any], list[Failure]]:
        results, failures = self._applier(columns, num_rows, stop=stop)
        failed = {failure.row for failure in failures}
        return [rows if i in failed else self._some(rows) for i, rows in enumerate(results)], failures

    def _some(self, rows: Any) -> Iterator[Any]:
        try:
            for row in rows:
                if not self._may_draw(row):
                    return
                yield row
        finally:
            if hasattr(rows, "close"):
                rows.close()
