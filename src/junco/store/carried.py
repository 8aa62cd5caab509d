"""`Carried`: the rows of a collection that is made anew, read back from it in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.durable import replacing
from junco.store.payload import as_written, schema_of_text
from junco.store.previous import Previous
from junco.store.row_ids import Ids, texts_of
from junco.vector_store.contract import ID, VectorStore

if TYPE_CHECKING:
    import pyarrow as pa

Places = np.ndarray[tuple[int], np.dtype[np.intp]]
_ROWS = 16_384


class Carried(Previous):
    """The rows of a collection. They are read when the first is asked for.

    Args:
        connect: gives the store.
        metadata: of the collection.
        ids: of the rows, in their order.
        path: where an Arrow file of them will be.
    """

    def __init__(self, connect: Callable[[], VectorStore], metadata: Mapping[str, str], ids: Ids, path: Path) -> None:
        self._connect, self._ids, self._path = connect, ids, path
        self._target = str(connect().address)
        self.schema = schema_of_text(metadata, self._target)
        self.num_rows = len(ids)

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Taken from the file, some ten thousand at a time."""
        batches, places = self._read
        for first in range(start, start + count, _ROWS):
            yield _gathered(batches, places[first : min(first + _ROWS, start + count)])

    @cached_property
    def _read(self) -> tuple[list[pa.RecordBatch], Places]:
        """All rows as the store gives them, in a mapped file, and where each of the ids is among them."""
        pa = arrow()
        found = []
        plain = self.schema.remove_metadata()
        with replacing(self._path) as file, pa.ipc.new_file(file, plain) as writer, self._connect() as store:
            for piece in store.scan([ID, *self.schema.names]):
                found.append(piece.column(ID).combine_chunks())
                writer.write_table(as_written(piece.select(self.schema.names), self.schema).cast(plain))
        ids = np.concatenate([np.asarray(part, "S32") for part in found] or [np.zeros(0, "S32")])
        return pa.ipc.open_file(pa.memory_map(str(self._path))).read_all().to_batches(), self._places(ids)

    def _places(self, there: np.ndarray[tuple[int], np.dtype[np.bytes_]]) -> Places:
        wanted = np.asarray(texts_of(self._ids), "S32")
        order = np.argsort(there)
        places = np.searchsorted(there, wanted, sorter=order)
        if len(there) < len(wanted) or not bool((there[order[np.minimum(places, len(order) - 1)]] == wanted).all()):
            raise TargetError(
                f"{self._target} lost rows: put back what was there, or make it anew with resume=False (--no-resume)"
            )
        return np.asarray(order[places], np.intp)


def _gathered(batches: list[pa.RecordBatch], places: Places) -> pa.Table:
    """Rows by their places among all, from the batches that they lie in: `take` of a table would copy all of it."""
    pa = arrow()
    starts = np.cumsum([0, *(batch.num_rows for batch in batches)])
    order = np.argsort(places)
    sorted_places = places[order]
    ends = np.searchsorted(sorted_places, starts)
    pieces = [
        batch.take(pa.array(sorted_places[first:end] - start))
        for batch, start, first, end in zip(batches, starts[:-1], ends[:-1], ends[1:], strict=True)
        if end > first
    ]
    return pa.Table.from_batches(pieces).combine_chunks().take(pa.array(np.argsort(order)))
