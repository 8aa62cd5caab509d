"""`Previous`: the rows of a target as it was, for the one that takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from junco.store.arrow import arrow
from junco.store.durable import replacing

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 1024


class Previous:
    """The rows of a target that an earlier job published."""

    schema: pa.Schema
    num_rows: int

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Rows ``start`` to ``start + count``, a piece at a time; cheap where each call begins after the last one."""
        raise NotImplementedError


class Unpacked(Previous):
    """The same rows in an Arrow file, where any row is as near as any other.

    Args:
        packed: the rows.
        path: where the file will be.
    """

    def __init__(self, packed: Previous, path: Path) -> None:
        pa = arrow()
        self.schema, self.num_rows = packed.schema, packed.num_rows
        with replacing(path) as file, pa.ipc.new_file(file, self.schema) as writer:
            for start in range(0, self.num_rows, _BATCH_ROWS):
                rows = pa.concat_tables(packed.rows(start, min(_BATCH_ROWS, self.num_rows - start)))
                writer.write_table(rows.combine_chunks(), _BATCH_ROWS)
        opened = pa.ipc.open_file(pa.memory_map(str(path)))
        self._batches = [opened.get_batch(number) for number in range(opened.num_record_batches)]

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Pieces of the batches that hold these rows."""
        while count > 0:
            number, first = divmod(start, _BATCH_ROWS)
            piece = self._batches[number].slice(first, count)
            yield arrow().Table.from_batches([piece])
            start, count = start + piece.num_rows, count - piece.num_rows
