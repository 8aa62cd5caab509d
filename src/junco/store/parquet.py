"""Parquet targets: one file, or a folder of files."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.durable import replacing, sync_folder
from junco.store.files import FileSink
from junco.store.large import large_in, with_large
from junco.store.previous import Previous

if TYPE_CHECKING:
    import pyarrow as pa


class ParquetFile(FileSink):
    """One Parquet file, a row group for each shard's worth of rows."""

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write the file group by group."""
        with replacing(self.staged(self.path)) as file:
            write_table(file, groups, schema)

    def published(self) -> Previous:
        """The file's rows."""
        return Files([self.path])


class ParquetFolder(FileSink):
    """A folder of Parquet files, ``part-00000.parquet`` and on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.target = f"{path}/"

    def check_replaceable(self) -> None:
        """Only a folder that holds nothing but such files may be replaced."""
        if not self.path.is_dir():
            raise TargetError(f"{self.path} is a file: give the folder another name")
        if self.path.is_mount():
            raise TargetError(f"{self.target} is a mount point, which cannot be replaced: name a folder in it")
        other = next((file for file in self.path.iterdir() if not file.match("part-*.parquet")), None)
        if other is not None:
            raise TargetError(f"the folder {self.target} holds other things ({other.name}): give another target")

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write a file for each group; one without rows if there is none."""
        folder = self.staged(self.path)
        folder.mkdir()
        number = -1
        for number, group in enumerate(groups):
            with replacing(folder / f"part-{number:05}.parquet") as file:
                write_table(file, iter([group]), schema)
        if number < 0:
            with replacing(folder / "part-00000.parquet") as file:
                write_table(file, iter(()), schema)
        sync_folder(folder)

    def published(self) -> Previous:
        """The rows of all files."""
        return Files(sorted(self.path.glob("part-*.parquet")))


def write_table(
    file: BinaryIO, groups: Iterator[pa.Table], schema: pa.Schema, later: Callable[[], dict[str, str]] = dict
) -> None:
    """Write tables as row groups. The same rows give the same bytes.

    Args:
        file: what takes them.
        groups: the tables.
        schema: of each.
        later: more for the file's metadata, asked for at the end.
    """
    import pyarrow.parquet as pq

    texts = [field.name for field in schema if arrow().types.is_string(field.type)]
    with pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=texts) as writer:
        for group in groups:
            writer.write_table(group.replace_schema_metadata(schema.metadata), row_group_size=max(1, group.num_rows))
        writer.add_key_value_metadata(later())


MOST_ROWS = 16_384
"""Rows of a piece: a row group may have a million."""


class Files(Previous):
    """Parquet files one after the other; the row group that was read last is kept."""

    def __init__(self, paths: list[Path]) -> None:
        import pyarrow.parquet as pq

        self._groups: list[tuple[int, Any, int]] = []
        first = 0
        for path in paths:
            file = pq.ParquetFile(path)
            schema = file.schema_arrow
            self.schema, self.metadata = with_large(schema, large_in(schema)), schema.metadata or {}
            for number in range(file.num_row_groups):
                self._groups.append((first, file, number))
                first += file.metadata.row_group(number).num_rows
        self.num_rows = first
        self._held: tuple[int, pa.Table | None] = (-1, None)

    def groups(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns, some rows at a time, whatever the size of row groups is."""
        for _, file, number in self._groups:
            for batch in file.iter_batches(MOST_ROWS, row_groups=[number], columns=list(columns)):
                yield arrow().Table.from_batches([batch])

    def taken(self, numbers: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """Some columns of some rows, in the order in which these are asked for; a row group is read once."""
        found: list[dict[str, Any]] = [{}] * len(numbers)
        places = sorted(range(len(numbers)), key=numbers.__getitem__)
        for index, inside in groupby(places, key=lambda place: self._group_of(numbers[place])):
            first, file, number = self._groups[index]
            asked = list(inside)
            group = file.read_row_group(number, columns=list(columns))
            rows = group.take([numbers[place] - first for place in asked]).to_pylist()
            for place, row in zip(asked, rows, strict=True):
                found[place] = row
        return found

    def rows(self, start: int, count: int) -> Iterator[pa.Table]:
        """Pieces of the row groups that hold these rows."""
        index = self._group_of(start)
        while count > 0:
            first = self._groups[index][0]
            piece = self._group(index).slice(start - first, count)
            yield piece
            start, count, index = start + piece.num_rows, count - piece.num_rows, index + 1

    def _group_of(self, row: int) -> int:
        return bisect.bisect_right(self._groups, row, key=lambda group: group[0]) - 1

    def _group(self, index: int) -> pa.Table:
        if self._held[0] != index:
            _, file, number = self._groups[index]
            self._held = (index, file.read_row_group(number))
        return self._held[1]
