"""`ShardFile`: a shard of a target that is a file, written as its rows come, and `ShardRows`, which reads it.

The file is a row of Arrow streams, each with the kinds of its columns; the journal keeps its checksum. What is not yet
to be kept, rows of an item that may still fail, stands at the end, where it can be cut off.
"""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import reduce
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from junco.store.arrow import arrow
from junco.store.durable import replacing, writing
from junco.store.fitting import fitted
from junco.store.kinds import wider
from junco.store.previous import Previous
from junco.store.shard import Shard
from junco.store.writer import ShardWriter

if TYPE_CHECKING:
    import pyarrow as pa

MOST_HELD_BYTES = 8_000_000
"""So many bytes of rows are held before they are written."""


class _NothingError(Exception):
    """No rows are left to be sealed."""


class Shards(Protocol):
    """What a shard's file asks of its target."""

    target: str
    schema: pa.Schema | None

    def check_rows(self, rows: Sequence[pa.Table], schema: pa.Schema) -> None:
        """Refuse rows, or columns of all so far, that the target cannot hold."""

    def shard_path(self, number: int) -> Path:
        """Where a shard lies until the target is put together."""


class ShardFile(ShardWriter):
    """One shard that is being written.

    Args:
        shards: the target; it knows the kinds of the columns so far.
        numbers: gives the number of the shard.
    """

    def __init__(self, shards: Shards, numbers: Callable[[], int]) -> None:
        self.shards, self.numbers = shards, numbers
        self.first = self.number = 0
        self.num_bytes = 0
        self._schema = shards.schema
        self._opened = ExitStack()
        self._file: BinaryIO | None = None
        self._crc = 0
        self._kept_place = self._kept_crc = self._kept_bytes = 0
        self._held: list[pa.Table] = []
        self._num_kept = 0

    def write(self, rows: Shard, num_bytes: int) -> None:
        """Take rows."""
        made, schema = fitted(self._schema, rows)
        self.shards.check_rows(made, schema)
        self._schema = schema
        self._held += made
        self.num_bytes += sum(piece.nbytes for piece in made)
        if sum(held.nbytes for held in self._held) > MOST_HELD_BYTES:
            self._spill()

    def keep(self) -> None:
        """Keep all rows so far, and what they made of the kinds of columns."""
        self.shards.schema = self._schema
        self._num_kept, self._kept_bytes = len(self._held), self.num_bytes
        self._mark()

    def undo(self) -> None:
        """Forget the rows since `keep`."""
        del self._held[self._num_kept :]
        self.num_bytes, self._schema = self._kept_bytes, self.shards.schema
        if self._file is not None and self._file.tell() > self._kept_place:
            with writing(self.shards.target):
                self._file.seek(self._kept_place)
                self._file.truncate()
            self._crc = self._kept_crc

    def seal(self) -> None:
        """Put the file in its place, if there are any rows."""
        self._spill()
        self._take_number()
        if self._file is not None and not self._file.tell():  # all its inputs failed after some rows
            self.abandon(_NothingError())
        elif self._file is not None:
            with writing(self.shards.target):
                self._opened.close()
            self.checksum = f"{self._crc:08x}"

    def abandon(self, error: BaseException) -> None:
        """Remove what was written."""
        with suppress(type(error)):
            self._opened.__exit__(type(error), error, error.__traceback__)

    def _spill(self) -> None:
        """Write what is held: first what is kept, so that the rest can be cut off."""
        kept, rest = self._held[: self._num_kept], self._held[self._num_kept :]
        if kept:
            self._append(kept)
            self._mark()
        if rest:
            self._append(rest)
        self._held, self._num_kept = [], 0

    def _append(self, tables: list[pa.Table]) -> None:
        pa = arrow()
        schema = reduce(wider, (rows.schema for rows in tables))
        whole = pa.concat_tables([rows.cast(schema) for rows in tables]).combine_chunks()
        content = pa.BufferOutputStream()
        with pa.ipc.new_stream(content, schema) as writer:
            writer.write_table(whole)
        with writing(self.shards.target):
            if self._file is None:
                self._take_number()
                self._file = self._opened.enter_context(replacing(self.shards.shard_path(self.number)))
            self._file.write(content.getvalue())
        self._crc = zlib.crc32(content.getvalue(), self._crc)

    def _take_number(self) -> None:
        if not self.number:
            self.first = self.number = self.numbers()

    def _mark(self) -> None:
        """Note the end of the file as what stays, unless rows that are to stay are still held."""
        if self._file is not None:
            self._kept_place, self._kept_crc = self._file.tell(), self._crc


class ShardRows(Previous):
    """The rows of a sealed shard; they stay on the disk until they are asked for."""

    def __init__(self, path: Path) -> None:
        content = _content(path)
        reader = arrow().BufferReader(content)
        self._tables = []
        while reader.tell() < content.size:
            self._tables.append(arrow().ipc.open_stream(reader).read_all())
        self.schema = reduce(wider, (rows.schema for rows in self._tables))
        self._ends = list(accumulate(rows.num_rows for rows in self._tables))
        self.num_rows = self._ends[-1]

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Pieces of the tables that hold these rows."""
        at = bisect.bisect_right(self._ends, start)
        while count > 0:
            first = self._ends[at] - self._tables[at].num_rows
            piece = self._tables[at].slice(start - first, count)
            yield piece
            start, count, at = start + piece.num_rows, count - piece.num_rows, at + 1


def is_whole(path: Path, checksum: str) -> bool:
    """Whether a shard's file is there as it was sealed."""
    try:
        return f"{zlib.crc32(_content(path)):08x}" == checksum
    except OSError:
        return False


def _content(path: Path) -> pa.Buffer:
    """A shard's streams, which stay on the disk until they are read."""
    return arrow().memory_map(str(path)).read_buffer()
