"""`MapStage`: one result for each row; and `Part`, the rows of a block that a stage works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from junco.engine.apply import Failure
from junco.engine.rows import Block, both
from junco.engine.stage import WorkStage, values_picture
from junco.graph.levels import Level, Slot


class MapStage(WorkStage):
    """One result for each row. Takes several blocks at once, so that batches fill across inputs."""

    @property
    def batch_rows(self) -> int:
        return self.apply.batch_rows

    def work(self, blocks: Sequence[Block]) -> Iterator[Block]:
        parts = [Part.of(block, self.step.level, self.step.reads, self) for block in blocks]
        self.announce(blocks[0], parts[0].places)  # with a state blocks come one by one
        columns = (
            parts[0].columns
            if len(parts) == 1
            else [[value for part in parts for value in part.columns[i]] for i in range(len(self.step.reads))]
        )
        num_rows = sum(part.num_rows for part in parts)
        results, failures = self.apply(columns, num_rows, stop=self.stops) if num_rows else ([], [])
        self.checked(results, failures)
        failures.sort(key=lambda failure: failure.row)
        start, error = 0, None
        for part in parts:
            own = [Failure(f.row - start, f.error) for f in failures if start <= f.row < start + part.num_rows]
            self._finish(part, results[start : start + part.num_rows], own)
            start += part.num_rows
            if error is not None:  # the run ends before this block: its rows were not worked on
                part.block.end_with(error, part.block.first)
            error = error or (part.block.error if own else None)
            yield part.block

    def _finish(self, part: Part, results: list[Any], failures: list[Failure]) -> None:
        results += [None] * (part.num_rows - len(results))
        failed = [(part.place(f.row), f.error, part.picture(f.row)) for f in failures]
        self.put(part.block, part.spread(results))
        self.fail(part.block, self.step.level, failed)

    def put(self, block: Block, results: list[Any]) -> None:
        """Write the results of all rows of the step's level."""
        self.written(block, self.step.writes, self.step.level, results)


@dataclass(slots=True)
class Part:
    """The rows of one block that a stage works on, as columns."""

    block: Block
    columns: list[list[Any]]
    num_rows: int
    places: list[int] | None
    """For each row worked on, its index in the block's table; ``None`` if all rows are."""
    all_rows: int

    @classmethod
    def of(cls, block: Block, level: Level, reads: Sequence[Slot], stage: WorkStage) -> Part:
        all_rows = block.rows(level)
        columns = [block.column(slot, level) for slot in reads]
        chosen = both(block.kept(level, stage.masks), block.fine(level, stage.faults))
        if chosen is None:
            return cls(block, columns, all_rows, None, all_rows)
        places = [i for i, choose in enumerate(chosen) if choose]
        return cls(block, [[column[i] for i in places] for column in columns], len(places), places, all_rows)

    def place(self, row: int) -> int:
        return row if self.places is None else self.places[row]

    def spread(self, results: list[Any]) -> list[Any]:
        """Results at the places of their rows."""
        if self.places is None:
            return results
        spread: list[Any] = [None] * self.all_rows
        for place, result in zip(self.places, results, strict=True):
            spread[place] = result
        return spread

    def picture(self, row: int) -> str:
        return values_picture([column[row] for column in self.columns])
