"""`Read`: the fields of columns that leave, ``output("chunk.text")``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from junco.engine.fields import first_unread, read_fields
from junco.engine.rows import Block
from junco.engine.stage import Stage, StageOptions, operator_error
from junco.errors import OperatorError
from junco.graph.levels import Slot
from junco.plan.program import Read
from junco.wording import picture

OUTPUT = "output"
"""What stands in a step's place in errors of the output."""


class ReadStage(Stage):
    """Reads fields in time, so that a value without one is a row's failure like any other."""

    def __init__(self, instruction: Read, options: StageOptions) -> None:
        super().__init__(OUTPUT, options)
        self.slots, self.level = instruction.slots, instruction.level

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        for block in blocks:
            for slot in self.slots:
                columns = block.tables[slot.level].columns
                columns[slot.key] = read_fields(columns[slot.index], slot)
            read = [block.column(slot, self.level) for slot in self.slots]
            self.fail(
                block,
                self.level,
                [
                    (row, error, ", ".join(map(picture, values)))
                    for row, values in enumerate(zip(*read, strict=True))
                    if (error := first_unread(values)) is not None
                ],
            )
            yield block

    def operator_error(self, position: int, error: BaseException, value: str) -> OperatorError:
        """The error that a caller sees for a row of the output."""
        return output_error(self.slots, position, error, value)


def output_error(slots: Sequence[Slot], position: int, error: BaseException, value: str) -> OperatorError:
    """An error of the output; where others name an operator, it names the fields."""
    return operator_error(OUTPUT, ", ".join(slot.name for slot in slots), position, error, value)
