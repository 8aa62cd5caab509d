"""``filter``: a mask for the rows of a level, which later steps look through or which drops them at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from junco.engine.apply import Applier, Failure, is_no_value, kinds_of
from junco.engine.fields import first_unread
from junco.engine.maps import MapStage, Part
from junco.engine.rows import Block
from junco.engine.stage import StageOptions
from junco.errors import ContractError
from junco.plan.program import Operation
from junco.wording import picture


class FilterStage(MapStage):
    """Decides for each row; the rows are dropped by the `Drop` that follows, maybe much later."""

    def __init__(self, operation: Operation, applier: Applier, options: StageOptions) -> None:
        super().__init__(operation, _Truth(applier), options)
        self.scoped = applier

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        step = self.step
        for block in blocks:
            part = Part.of(block, step.level, step.on, self)
            self.announce(block, part.places)
            results, failures = self.apply(part.columns, part.num_rows, stop=self.stops) if part.num_rows else ([], [])
            self._finish(part, results, self._with_unread(part, results, failures))
            yield block

    def _with_unread(self, part: Part, results: list[Any], failures: list[Failure]) -> list[Failure]:
        """Let kept rows fail whose fields, that are to stand in new columns, could not be read."""
        columns = [part.block.column(slot, self.step.level) for slot in self.step.reads if slot.fields]
        if not columns:
            return failures
        wrong = [
            Failure(row, error)
            for row, keep in enumerate(results)
            if keep and (error := first_unread(column[part.place(row)] for column in columns)) is not None
        ]
        if self.stops and wrong:
            del results[wrong[0].row :]
            return [failure for failure in failures if failure.row < wrong[0].row] or wrong[:1]
        for failure in wrong:
            results[failure.row] = None
        return sorted([*failures, *wrong], key=lambda failure: failure.row)

    def put(self, block: Block, results: list[Any]) -> None:
        table = block.tables[self.step.level]
        # a failed row's None keeps its place
        table.masks[self.name] = [r is not False for r in results] if None in results else results
        for source, target in zip(self.step.reads, self.step.writes, strict=True):
            if target.index != source.index:
                table.columns[target.index] = block.column(source, self.step.level)


class _Truth(Applier):
    """An applier whose results are made booleans, where the result's own truth may fail too."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier

    @property
    def batch_rows(self) -> int:
        """Rows that make a full batch."""
        return self._applier.batch_rows

    def skip(self, rows: Container[int]) -> None:
        """Say which of the rows that come next will not be given to it after all."""
        self._applier.skip(rows)

    def __call__(
        self, columns: Sequence[Sequence[Any]], num_rows: int, *, stop: bool
    ) -> tuple[list[Any], list[Failure]]:
        results, failures = self._applier(columns, num_rows, stop=stop)
        if not failures and not any(map(is_no_value, kinds_of(results))):
            try:
                return list(map(bool, results)), failures
            except Exception:  # which row it was is found below
                failures = []
        failed = {failure.row for failure in failures}
        for row, result in enumerate(results):
            if row in failed:
                continue
            try:
                results[row] = _truth(result)
            except Exception as error:  # an array, say, has no single truth
                failures.append(Failure(row, error))
                results[row] = None
        failures.sort(key=lambda failure: failure.row)
        return results, failures


def _truth(result: Any) -> bool:
    if is_no_value(type(result)):
        raise ContractError(f"gave {picture(result)}, which is no yes or no: return the answer itself")
    return bool(result)
