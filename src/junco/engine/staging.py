"""A program's stages for one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from junco.engine.crew import Crew
from junco.engine.fields import FieldApplier
from junco.engine.join import Counts, JoinStage
from junco.engine.output import ReadStage
from junco.engine.settle import SettleStage
from junco.engine.stage import Stage, StageOptions, WorkStage
from junco.plan.program import Drop, Forget, Instruction, Join, Read, Settle, operations_of


def staged(program: Sequence[Instruction], crews: Iterator[Crew], options: StageOptions, counts: Counts) -> list[Stage]:
    """Fresh stages; what the program does between steps is done by the stage before.

    Args:
        program: the instructions.
        crews: who works on its operations, in their order.
        options: what is the same for all of them.
        counts: where stages that supply others note what they do.
    """
    stages: list[Stage] = [Stage("input", options)]
    joined: Join | None = None
    for instruction in program:
        if isinstance(instruction, (Drop, Forget)):
            stages[-1].after.append(instruction)
        elif isinstance(instruction, Read):
            stages.append(ReadStage(instruction, options))
        elif isinstance(instruction, Settle):
            stages.append(SettleStage(instruction.level, options))
        elif isinstance(instruction, Join):
            joined = instruction
            stages.append(_join(joined, crews, options, counts))
        else:
            stages += next(crews).stages(options)
            if joined is not None:  # the callable of the windows comes next
                _check_lists(joined, stages[-1])
                joined = None
    return stages if stages[0].after else stages[1:] or stages


def _join(join: Join, crews: Iterator[Crew], options: StageOptions, counts: Counts) -> JoinStage:
    own = [(inner, [next(crews) for _ in operations_of(inner)]) for _, inner in join.supplies]
    makers = [partial(_supply, inner, crews_of_supply, options, counts) for inner, crews_of_supply in own]
    return JoinStage(join, makers, counts, options)


def _supply(
    program: Sequence[Instruction], crews: Sequence[Crew], options: StageOptions, counts: Counts
) -> list[Stage]:
    return staged(program, iter(crews), options, counts)


def _check_lists(join: Join, stage: Stage) -> None:
    """Let a window fail in which a field could not be read."""
    if isinstance(stage, WorkStage) and any(slot.fields for slot in join.window.reads):
        stage.apply = FieldApplier(stage.apply, in_lists=True)
