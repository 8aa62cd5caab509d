"""Look at what a pipeline does: its stages one after the other on one item, in the caller's thread.

A block of the item goes through all stages before the next piece of it is drawn, so that a long item is bounded here as
it is in a run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from junco.engine.look import Look, LookLimits, names_of
from junco.engine.record import Failures, Record
from junco.engine.rows import Block, source_block
from junco.engine.stage import Stage, StageOptions, WorkStage
from junco.graph.levels import Flow, Level, Slot
from junco.pages.inspection import Inspection, SeenRow, SeenStep
from junco.pages.spans import Span


def inspect_item(stages: Sequence[Stage], flow: Flow, item: tuple[Any, ...], limits: LookLimits) -> Inspection:
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
    records: dict[str, Record] = {}
    ends = [Failures(stage, look) for stage in stages if not isinstance(stage, WorkStage)]
    chain = [part for stage in stages for part in _watched(stage, look, records)]
    outputs: list[SeenRow] = []
    spans: list[Span] = []
    num_outputs = 0
    try:
        for last in _pushed(chain, block):
            level = flow.out_level
            rows = _whole_rows(last, level)
            num_outputs += len(rows)
            outputs += look.rows(last, flow.outputs, level, rows[: limits.rows - len(outputs)])
            spans += look.spans(last, flow.outputs, level, rows)
    finally:
        for stage in stages:
            stage.close()
    return Inspection(
        title=flow.graph.name,
        inputs=_end("input", flow.levels[0], 1, flow.inputs, inputs),
        steps=tuple(records[step.node.name].seen() for step in flow.steps),
        outputs=replace(
            _end("output", flow.out_level, num_outputs, flow.outputs, outputs),
            failures=tuple(failure for one in ends for failure in one.first),
            num_failed=sum(one.num_rows for one in ends),
            spans=tuple(spans),
        ),
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


def _watched(stage: Stage, look: Look, records: dict[str, Record]) -> list[Stage | _Watched]:
    """A stage that is watched, then what tidies up after it: in between, nothing is dropped yet."""
    tidy = Stage("tidy", StageOptions("skip"))
    tidy.after, stage.after = stage.after, []
    if not isinstance(stage, WorkStage):
        return [stage, tidy]
    if stage.is_second_half:
        records[stage.name].takes_over(stage)
    else:
        records[stage.name] = Record(stage, look)
    return [_Watched(stage, records[stage.name]), tidy]


def _whole_rows(block: Block, level: Level) -> Sequence[int]:
    """The rows of a level that do not go on in the next block."""
    table = block.tables[level]
    return range(table.num_rows - (table.is_open and table.num_rows > 0))


class _Watched:
    """A stage whose blocks are looked at before anything else is done with them."""

    def __init__(self, stage: WorkStage, record: Record) -> None:
        self.stage, self.record = stage, record

    def run(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """The stage's own blocks."""
        if self.stage is self.record.stage:
            self.record.note_rows(blocks)
        made = self.stage.run(blocks)
        while True:
            started = time.perf_counter()
            block = next(made, None)
            self.record.seconds += time.perf_counter() - started
            if block is None:
                return
            if self.stage is self.record.stage:
                self.record.see(block)
            yield block
