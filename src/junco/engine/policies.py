"""`SizePolicies`: how many rows go together in an engine: in its blocks, in pieces of them, in operators' batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from junco.engine.batching import START, BatchSize
from junco.engine.intake import IntakeSize
from junco.engine.learned import learned_rows, remember_rows
from junco.engine.pieces import RowSizes
from junco.operator.resident import Resident


def batch_size(resident: Resident) -> BatchSize:
    """As the operator's hints say, from the size that was found for it before."""
    operator, hints = resident.operator, resident.operator.hints
    known = None if hints.max_batch == 1 else learned_rows(operator)
    start = hints.first_batch or START
    return BatchSize(hints.max_batch, hints.max_cost, start, known, partial(remember_rows, operator))


@dataclass(frozen=True, slots=True)
class SizePolicies:
    """What makes the policies of an engine, and of those of pipelines in its steps.

    Attributes:
        intake: of the blocks that one run takes from its items.
        rows: of what a step makes or works on at once, in one run.
        batch: of the batches of an operator in memory, for all who share it there: the first engine decides.
    """

    intake: Callable[[], IntakeSize] = IntakeSize
    rows: RowSizes = field(default_factory=RowSizes)
    batch: Callable[[Resident], BatchSize] = batch_size
