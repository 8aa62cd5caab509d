"""`FileSink`: targets that are files. Sealed shards lie in a hidden folder beside it until they are put together."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, reduce
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.columns import table
from junco.store.durable import exchanged, moved, removed, replacing, sizes_of, stamp_of, sums_of, sync_folder, writing
from junco.store.kinds import wider
from junco.store.large import large_in, large_metadata
from junco.store.previous import Previous, Unpacked
from junco.store.rejects import rejects_beside
from junco.store.shard import Shard
from junco.store.shard_file import ShardFile, ShardRows, is_whole
from junco.store.sink import Layout, Rejected, Sink, Span
from junco.store.weight import Weight
from junco.store.writer import ShardWriter
from junco.types import Space
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

_SHARDS_OPEN, _FEW_JUMPS = 8, 8
_T = TypeVar("_T")


class FileSink(Sink):
    """A target that is a file or a folder, made whole beside its place and then put there.

    Args:
        path: where it will be.
    """

    def __init__(self, path: Path) -> None:
        arrow()
        self.path = path
        self.target = str(path)
        self.folder = path.absolute().parent
        self.work = path.with_name(f".{path.name}.junco")
        self.rejects = rejects_beside(path)
        self.files = (path, self.rejects, *self.sides())
        self._schema: pa.Schema | None = None
        self._known: list[int] = []
        self._in_place: set[Path] = set()

    @property
    def rejects_place(self) -> str:
        """Where whoever reads the target finds why inputs were put aside."""
        return str(self.rejects)

    def sides(self) -> tuple[Path, ...]:
        """Files that belong to the target."""
        return ()

    def writer(self, numbers: Callable[[], int], space: Space | None) -> ShardWriter:
        """Writes a shard as an Arrow file."""
        return ShardFile(self, numbers)

    def seal(self, number: int, shard: Shard) -> None:
        """Write a whole shard."""
        with ShardFile(self, lambda: number) as writer:
            writer.write(shard, 0)
            writer.keep()
            writer.seal()

    def has(self, number: int, checksum: str) -> bool:
        """Whether the shard's file is there, and whole."""
        return is_whole(self.shard_path(number), checksum)

    def last_number(self) -> int:
        """From the names of the files."""
        found = self._shards.glob("*.arrow") if self._shards.exists() else ()
        return max((int(file.stem) for file in found if file.stem.isdecimal()), default=0)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Remove whatever else a run has left; the columns hold what the target and these do."""
        names = {self.shard_path(number).name for number in numbers}
        for left in (*self._shards.iterdir(), *self._staged.iterdir()):
            if left.parent != self._shards or left.name not in names:
                removed(left)
        self._known = [number for number in sorted(numbers) if not number or self.shard_path(number).exists()]

    @property
    def schema(self) -> pa.Schema | None:
        """The kinds of the columns so far; ``None`` before there are any rows."""
        if self._known:
            parts = (self.shard_rows(number).schema if number else self.published().schema for number in self._known)
            self._schema, self._known = reduce(wider, parts), []
        return self._schema

    @schema.setter
    def schema(self, schema: pa.Schema | None) -> None:
        self._schema = schema

    def check(self, *, is_ours: bool) -> None:
        """Make the folders, and refuse to replace what no job wrote."""
        if not is_ours and self.path.exists():
            self.check_replaceable()
        with writing(self.target):
            for folder in (self._shards, self._staged):
                folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.path.parent, os.W_OK):
                raise TargetError(f"{self.target} cannot be written: no permission to write in {self.path.parent}")

    def check_replaceable(self) -> None:
        """Refuse a target that must not be replaced."""
        if self.path.is_dir():
            raise TargetError(f"{self.target} is a folder: for a folder of Parquet files write {self.target}/")

    def check_rows(self, rows: Sequence[pa.Table], schema: pa.Schema) -> None:
        """Refuse rows, or columns of all so far, that the target cannot hold."""

    def stage(self, spans: Iterable[Span], rejects: Sequence[Rejected], layout: Layout) -> None:
        """Write the new target and its rejects into the work folder."""
        spans = list(spans)
        with writing(self.target), self._readable():
            self._empty(self._staged)
            schema = self._whole_schema(spans, layout.columns)
            groups = _regrouped(self._tables(spans, layout.rows), schema, layout.rows)
            self.write(
                groups,
                schema.with_metadata({**layout.metadata, **large_metadata(large_in(schema))}),
                sum(span.num_rows for span in spans),
            )
            if rejects:
                self._write_rejects(rejects)
            sync_folder(self._staged)

    def weight(self, number: int, layout: Layout) -> Weight | None:
        """By writing a row group of the shard once and twice: what the second adds is the rows' own."""
        if not self.shard_path(number).exists():
            return None  # its inputs gave no rows
        rows = self.shard_rows(number)
        schema = rows.schema.with_metadata(dict(layout.metadata))
        group = next(_regrouped(rows.rows(0, min(layout.rows, rows.num_rows)), schema, layout.rows))
        try:
            once, twice = (self._bytes_of([group] * count, schema) for count in (1, 2))
        except TargetError:
            return None  # the disk is full: the next shard says it
        return Weight(group.num_rows, max(0, 2 * once - twice), (twice - once) / max(1, group.nbytes))

    def _bytes_of(self, groups: Sequence[pa.Table], schema: pa.Schema) -> int:
        """Bytes of the target with these rows alone."""
        with writing(self.target), self._readable():
            self._empty(self._staged)
            self.write(iter(groups), schema, sum(group.num_rows for group in groups))
            sizes = self.sizes(is_staged=True)
            self._empty(self._staged)
        return sum(size for size, _ in sizes.values())

    @abstractmethod
    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write tables, all of the schema, to `staged` paths."""

    @abstractmethod
    def published(self) -> Previous:
        """The rows of the target as it is."""

    def publish(self, num_rejects: int) -> None:
        """Move what was staged to its place, the target itself last."""
        with writing(self.target):
            for path in (self.rejects, *self.sides(), self.path):
                if path not in self._in_place and (staged := self.staged(path)).exists():
                    self.put_in_place(staged, path)
            if not num_rejects:
                self.rejects.unlink(missing_ok=True)

    def put_in_place(self, staged: Path, path: Path) -> None:
        """Move one file or folder to its place; a file beside the target changes places with the one before."""
        if path in self.sides() and path.exists():
            exchanged(staged, path)
            sync_folder(path.parent)
        else:
            moved(staged, path)

    def can_publish(self, sums: Mapping[str, str]) -> bool:
        """Whether what was staged as these files is there, or in its place already: then what it displaced is there."""
        with writing(self.target):
            for path in (*self.sides(), self.path):
                wanted = {name: content for name, content in sums.items() if Path(name).parts[0] == path.name}
                if sums_of(self.staged(path)) == wanted:
                    continue
                if sums_of(path) != wanted:
                    return False
                self._in_place.add(path)
        return True

    def sums(self, *, is_staged: bool = False) -> dict[str, str]:
        """Of the target and what belongs to it."""
        return self._told(sums_of, is_staged=is_staged)

    def sizes(self, *, is_staged: bool = False) -> dict[str, list[int]]:
        """Of the same."""
        return self._told(sizes_of, is_staged=is_staged)

    def _told(self, of: Callable[[Path], dict[str, _T]], *, is_staged: bool) -> dict[str, _T]:
        paths = (*self.sides(), self.path)
        with writing(self.target):
            return {name: told for path in paths for name, told in of(self.staged(path) if is_staged else path).items()}

    def stamp(self) -> str | None:
        """From the target's size and both its ends."""
        return stamp_of(self.path)

    def discard(self) -> None:
        """Remove shards and what is staged."""
        for folder in (self._shards, self._staged):
            self._empty(folder)
        self._schema, self._known, self._in_place = None, [], set()

    def staged(self, path: Path) -> Path:
        """Where a file lies before it is put in its place."""
        return self._staged / path.name

    @property
    def _staged(self) -> Path:
        assert self.work is not None
        return self.work / "staged"

    @property
    def _shards(self) -> Path:
        assert self.work is not None
        return self.work / "shards"

    def shard_path(self, number: int) -> Path:
        """Where a shard lies until the target is put together."""
        return self._shards / f"{number:08}.arrow"

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except arrow().ArrowException as error:
            raise TargetError(
                f"{self.target} cannot be put together, since a part of it was damaged: {brief(error)}. "
                "Start over with resume=False (--no-resume)."
            ) from error

    def _empty(self, folder: Path) -> None:
        removed(folder)
        folder.mkdir(parents=True, exist_ok=True)

    def shard_rows(self, number: int) -> ShardRows:
        """The rows of a sealed shard."""
        return ShardRows(self.shard_path(number))

    def _whole_schema(self, spans: Sequence[Span], columns: Sequence[str]) -> pa.Schema:
        """What holds all rows; without any, the columns have no type."""
        schema: pa.Schema | None = None
        for number in sorted({span.shard for span in spans}):
            part = self.shard_rows(number).schema if number else self.published().schema
            schema = part if schema is None else wider(schema, part)
        pa = arrow()
        return schema or pa.schema([("input", pa.string()), *((name, pa.null()) for name in columns)])

    def _tables(self, spans: Sequence[Span], rows: int) -> Iterator[pa.Table]:
        opened = lru_cache(_SHARDS_OPEN)(self.shard_rows)
        previous = self._previous([span for span in spans if not span.shard], rows)
        for span in spans:
            if span.shard:
                yield from opened(span.shard).rows(span.start, span.num_rows)
            else:
                assert previous is not None
                yield from previous.rows(span.start, span.num_rows)

    def _previous(self, spans: Sequence[Span], rows: int) -> Previous | None:
        """The target as it was, where anything of it is kept; unpacked where its rows are all over the place."""
        if not spans:
            return None
        previous = self.published()
        num_jumps = sum(one.start > other.start for one, other in pairwise(spans))
        if num_jumps <= _FEW_JUMPS + previous.num_rows // rows:
            return previous
        return Unpacked(previous, self._staged / "previous.arrow")

    def _write_rejects(self, rejects: Sequence[Rejected]) -> None:
        import pyarrow.parquet as pq

        columns = {"stage": [r.stage for r in rejects], "reason": [r.reason for r in rejects]}
        with replacing(self.staged(self.rejects)) as file:
            pq.write_table(table([r.input for r in rejects], dict(columns)), file, compression="zstd")


def _regrouped(tables: Iterable[pa.Table], schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of ``rows`` each, whatever pieces they came in."""
    concat = arrow().concat_tables
    held: list[pa.Table] = []
    num_held = 0
    for piece in tables:
        piece = piece.cast(schema)
        while piece.num_rows:
            part = piece.slice(0, rows - num_held)
            piece = piece.slice(part.num_rows)
            held.append(part)
            num_held += part.num_rows
            if num_held == rows:
                yield concat(held).combine_chunks()
                held, num_held = [], 0
    if held:
        yield concat(held).combine_chunks()
