"""Stages: one step of the program each. A stage takes blocks and gives blocks, and knows no thread and no queue.

``map`` is in ``maps``, ``filter`` in ``filters``, ``flat_map`` in ``expand``, the grouping steps in ``group``, `Settle`
in ``settle``. Whatever the program does with levels and slots after a step (`Drop`, `Forget`) is done by its
stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from junco.engine.apply import Applier, Failure, is_no_value, kinds_of
from junco.engine.fields import FieldApplier
from junco.engine.pieces import RowSizes
from junco.engine.rows import Block, Reject
from junco.engine.scoped import ScopedApplier
from junco.engine.stats import StageStats
from junco.errors import ContractError, OperatorError
from junco.graph.levels import Level, Slot, Step
from junco.graph.nodes import Node, fn_name
from junco.plan.program import Drop, Forget, Mask, Operation
from junco.wording import picture, reason

OnError = Literal["raise", "skip", "none"]


@dataclass(frozen=True, slots=True)
class StageOptions:
    """How a stage may be run, and what it does with failures.

    Attributes:
        on_error: as in `Pipeline.batch`.
        limit: how many of its tasks may run at once.
        is_ordered: whether blocks must reach it in their order.
        gains_from_threads: whether it spends its time outside the interpreter lock.
        sizes: makes what says how many rows go together in it.
    """

    on_error: OnError = "raise"
    limit: int = 1
    is_ordered: bool = True
    gains_from_threads: bool = False
    sizes: RowSizes = field(default_factory=RowSizes)


class Stage:
    """Base of all stages: blocks in, blocks out."""

    name: str
    may_split: bool = False
    """Whether a block may become several, so that the stage is run step by step."""
    fault: Mask | None = None
    """Where to note failed rows that another branch still sees."""
    on_failed: Callable[[Block, Level, Sequence[tuple[int, BaseException, str]]], None] | None = None
    """Told of failed rows (row, exception, picture of its value) while they are still in the block."""

    def __init__(self, name: str, options: StageOptions) -> None:
        self.name = name
        self.options = options
        self.after: list[Drop | Forget] = []
        self.is_second_half = False
        """Whether it goes on with what the stage before has begun, which has counted the rows."""

    @property
    def batch_rows(self) -> int:
        """Rows that the stage likes to get at once, from several blocks."""
        return 1

    def rows_of(self, block: Block) -> int:
        """How many rows of a block the stage will work on."""
        return 1

    def run(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """Work on blocks that follow each other in order, and tidy up after."""
        if not blocks[0].tables:  # a block that only carries an error
            yield from self._passed(blocks)
            return
        for block in self.work(blocks):
            for instruction in self.after:
                if isinstance(instruction, Drop):
                    as_failed = instruction.mask.is_fault and self.options.on_error == "none"
                    block.drop(instruction.mask, as_failed=as_failed)
                else:
                    block.forget(instruction.levels, instruction.slots)
            yield block

    def _passed(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            if self.may_split:
                block.key, block.ends = (*block.key, 0), (*block.ends, True)
            yield block

    def counts(self) -> StageStats:
        """What its work is counted in."""
        return StageStats(self.name, self.options.limit)

    def num_made(self, block: Block) -> int:
        """How many of a block's rows this stage has made."""
        return 0

    def bound(self, row_bytes: float) -> None:
        """Learn how large a row of its blocks becomes in a later stage."""

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """The stage's own work."""
        yield from blocks

    def close(self) -> None:
        """Let go of what the stage holds when a run ends early."""

    def fail(self, block: Block, level: Level, rows: Sequence[tuple[int, BaseException, str]]) -> None:
        """Do with failed rows of ``level`` what ``on_error`` says. Each is (row, exception, picture of its value)."""
        if not rows:
            return
        if self.on_failed is not None:
            self.on_failed(block, level, rows)
        root = level.path[0]
        lineage = block.lineage(level, root)
        wrapped = [self.operator_error(block.positions[lineage[row]], error, value) for row, error, value in rows]
        errors = [Reject(error.position, error.node, error.reason, level is root, error) for error in wrapped]
        if self.options.on_error == "raise":
            first = min(errors, key=lambda reject: reject.position)
            block.end_with(first.error, first.position)
            return
        block.rejects.extend(errors)
        if self.fault is not None and self.fault.level is level:
            block.mask(self.fault, [row for row, _, _ in rows])
        elif self.options.on_error == "none":
            block.mark_failed(level, [row for row, _, _ in rows])
        else:
            kept = [True] * block.rows(level)
            for row, _, _ in rows:
                kept[row] = False
            block.keep(level, kept)

    def operator_error(self, position: int, error: BaseException, value: str) -> OperatorError:
        """The error that a caller sees for a row that failed."""
        raise NotImplementedError


class WorkStage(Stage):
    """A stage that calls a step's callable."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation.step.node.name, options)
        self.step = operation.step
        blanks = options.on_error == "none"
        self.masks = tuple(mask for mask in operation.selects if not (mask.is_fault and blanks))
        self.faults = tuple(mask for mask in operation.selects if mask.is_fault and blanks)
        self.fault = operation.fault
        self.scoped = applier
        has_fields = any(slot.fields for slot in (*operation.step.reads, *operation.step.on))
        if has_fields and self.step.node.verb != "reduce":  # which reads its rows while they come
            applier = FieldApplier(applier, in_lists=self.step.is_grouping)
        self.apply = applier
        self.stops = options.on_error == "raise"

    def rows_of(self, block: Block) -> int:
        return block.rows(self.step.level) if block.tables else 0

    def counts(self) -> StageStats:
        """The same, with what its operator knows to help against what it notes."""
        callee = self.step.node.callee
        cures = callee.operator.cures if callee is not None and callee.is_operator else {}
        return StageStats(self.name, self.options.limit, cures={str(word): cure for word, cure in cures.items()})

    def announce(self, block: Block, places: Sequence[int] | None) -> None:
        """Tell an operator with a state whose rows it is given next; ``places`` are theirs in the block."""
        if not isinstance(self.scoped, ScopedApplier):
            return
        level = self.step.level
        scope = self.step.scope
        lineage, table = block.lineage(level, scope), block.tables[scope]
        owners = lineage if places is None else [lineage[i] for i in places]
        self.scoped.begin(owners, table.num_rows, continues=table.continues, is_open=table.is_open)

    def close(self) -> None:
        if isinstance(self.scoped, ScopedApplier):
            self.scoped.end()

    def checked(self, results: list[Any], failures: list[Failure]) -> None:
        """Turn results that have not one value for each output column, or none that can stand there, into failures."""
        num_outputs = len(self.step.writes)
        failed = {failure.row for failure in failures}
        if num_outputs > 1:
            for row, result in enumerate(results):
                if row not in failed and not (isinstance(result, (tuple, list)) and len(result) == num_outputs):
                    failures.append(Failure(row, wrong_count(self.step, result)))
                    failed.add(row)
                    results[row] = None
            kinds = {type(value) for result in results if result is not None for value in result}
        else:
            kinds = kinds_of(results)
        if any(map(is_no_value, kinds)):
            self._refuse_iterators(results, failures)

    def _refuse_iterators(self, results: list[Any], failures: list[Failure]) -> None:
        for row, result in enumerate(results):
            values = result if len(self.step.writes) > 1 and result is not None else [result]
            if (wrong := next((value for value in values if is_no_value(type(value))), None)) is not None:
                failures.append(Failure(row, no_value(self.step.node, wrong)))
                results[row] = None

    def written(self, block: Block, slots: Sequence[Slot], level: Level, results: list[Any]) -> None:
        """Put results into their columns; a failed row has ``None`` in all of them."""
        columns = block.tables[level].columns
        if len(slots) == 1:
            columns[slots[0].index] = results
        elif slots:
            for i, slot in enumerate(slots):
                columns[slot.index] = [None if result is None else result[i] for result in results]

    def operator_error(self, position: int, error: BaseException, value: str) -> OperatorError:
        """The error that a caller sees for an exception in the step's callable."""
        return operator_error(self.name, fn_name(self.step.node.fn), position, error, value)


def wrong_count(step: Step, result: object) -> ContractError:
    """The error for a result that has not one value for each output column."""
    names = ", ".join(repr(slot.name) for slot in step.writes)
    return ContractError(
        f"{step.node} has the outputs {names} and must give a tuple of that length, not {picture(result)}"
    )


def no_value(node: Node, value: object) -> ContractError:
    """The error for a result that cannot stand in a column."""
    kind = type(value).__name__
    if hasattr(value, "__next__"):
        cure = "let flat_map make rows of it, or return a list"
        return ContractError(f"{node} gave an iterator ({kind}), which can be read only once: {cure}")
    return ContractError(f"{node} gave a {kind}, which nobody awaits: return what it gives")


def no_rows(node: Node, value: object) -> ContractError:
    """The error for a result that rows cannot be made of."""
    is_operator = node.callee is not None and node.callee.is_operator
    cure = "return a list of rows, or yield them"
    if is_operator:
        cure = "batch() gives a list of rows, or an iterator of them, for each item"
    return ContractError(f"{node} gave {picture(value)} for a row, which is no list of rows: {cure}")


def values_picture(values: Sequence[object]) -> str:
    """A short picture of what a callable was given."""
    return ", ".join(picture(value) for value in values)


def reason_of(error: BaseException) -> str:
    """An exception as one line."""
    return " ".join(str(error).split()) if issubclass(type(error), OperatorError) else reason(error)


def operator_error(node: str, operator: str, position: int, error: BaseException, value: str) -> OperatorError:
    """An `OperatorError` with its cause."""
    wrapped = OperatorError(node, operator, position, value, reason_of(error))
    wrapped.__cause__ = _from_the_users_line(error)
    return wrapped


def _from_the_users_line(error: BaseException) -> BaseException:
    """An exception whose traceback begins where junco calls what is not its own; one of our own keeps all of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("junco."):
        trace = trace.tb_next
    return error.with_traceback(trace) if trace is not None else error
