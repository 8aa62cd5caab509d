"""`RowStore`: rows of items in files of a folder, kept as they come, so that a run that was killed has them still.

``rows.json`` says what is there. ``column-N.bin`` holds the numbers of the N-th array of each row, one row behind the
other. ``index.bin`` says of each row which item it is of (a digest of what that holds), and where rows differ in shape
the shapes. The index is written last: rows that it does not speak of were being written when all ended.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from junco.errors import DataError
from junco.store.durable import replacing, writing
from junco.train.task import Row
from junco.tuning.rows import RaggedRows, StackedRows, Stored

DIGEST_BYTES = 32
_PENDING_BYTES, _PENDING_S = 32_000_000, 5.0
"""So much is written at once, or what came in so many seconds."""
_MOST_AXES = 8
_VERSION = 1


class RowStore:
    """Rows of items by what these hold. Rows are added behind those that are there.

    Args:
        folder: of its own; made where it is not there. What another kind of work left in it is removed.
        identity: of what makes the rows; empty: nobody can tell, and nothing that is there is trusted.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self._dtypes: list[np.dtype[Any]] = []
        self._axes: list[int] = []
        self._index: list[npt.NDArray[np.void]] = []
        self._pending: list[tuple[bytes, Row]] = []
        self._pending_bytes = self.num_bytes = 0
        self._written_s = time.monotonic()
        self._read()

    @property
    def digests(self) -> list[bytes]:
        """Of the item of each row that is kept, in the order of the rows."""
        return [bytes(each) for part in self._index for each in part["item"]]

    @property
    def size(self) -> int:
        """Bytes of all rows, those that are not written yet among them."""
        return self.num_bytes + self._pending_bytes

    def add(self, digest: bytes, rows: Sequence[Row]) -> None:
        """Keep the rows of an item; all of them stay, or none.

        Raises:
            DataError: they have other arrays than the rows before them.
            TargetError: they cannot be written.
        """
        rows = [tuple(np.asarray(array, order="C") for array in row) for row in rows]
        for row in rows:
            self._check(row)
        self._pending += [(digest, row) for row in rows]
        self._pending_bytes += sum(array.nbytes for row in rows for array in row)
        if self._pending_bytes >= _PENDING_BYTES or time.monotonic() - self._written_s >= _PENDING_S:
            self.flush()

    def flush(self) -> None:
        """Write what was added.

        Raises:
            TargetError: it cannot be written; what was written before is kept.
        """
        self._written_s = time.monotonic()
        if not self._pending:
            return
        part = np.array([self._entry(*each) for each in self._pending], self._entries())
        with writing(str(self.folder)), ExitStack() as files:
            if not self._index:
                self._write_head()
            for number in range(len(self._dtypes)):
                file = files.enter_context(self._opened(f"column-{number}.bin"))
                for _, row in self._pending:
                    file.write(row[number].tobytes())
                _synced(file)
            index = files.enter_context(self._opened("index.bin"))
            index.write(part.tobytes())
            _synced(index)
        self._index.append(part)
        self.num_bytes += self._pending_bytes
        self._pending, self._pending_bytes = [], 0

    def rows(self) -> Stored:
        """All rows, mapped into memory: stacked where they are of one shape."""
        self.flush()
        index = np.concatenate(self._index) if self._index else np.zeros(0, self._entries())
        shapes = [index[f"shape-{n}"][:, :axes].astype(np.int64) for n, axes in enumerate(self._axes)]
        flat = [self._mapped(number) for number in range(len(self._dtypes))]
        if all(len(each) and (each == each[0]).all() for each in shapes):
            return StackedRows(
                tuple(array.reshape(len(index), *map(int, each[0])) for array, each in zip(flat, shapes, strict=True))
            )
        return RaggedRows(tuple(flat), tuple(shapes))

    def clear(self) -> None:
        """Remove all that is there."""
        with writing(str(self.folder)):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        self._dtypes, self._axes, self._index, self._pending = [], [], [], []
        self._pending_bytes = self.num_bytes = 0

    def _check(self, row: Row) -> None:
        dtypes, axes = [array.dtype for array in row], [array.ndim for array in row]
        if not self._dtypes:
            if any(dtype.hasobject for dtype in dtypes) or max(axes, default=0) > _MOST_AXES:
                raise DataError(f"a row is made of arrays of numbers, not of {', '.join(map(str, dtypes))}")
            self._dtypes, self._axes = dtypes, axes
        elif (dtypes, axes) != (self._dtypes, self._axes):
            raise DataError(
                f"rows of one kind have the same arrays, and this one has {_told(dtypes, axes)} where those before it "
                f"have {_told(self._dtypes, self._axes)}"
            )

    def _entries(self) -> np.dtype[Any]:
        shapes = [(f"shape-{number}", "<u4", (max(1, axes),)) for number, axes in enumerate(self._axes)]
        return np.dtype([("item", f"V{DIGEST_BYTES}"), *shapes])

    def _entry(self, digest: bytes, row: Row) -> tuple[Any, ...]:
        return (np.void(digest), *((array.shape or (1,)) for array in row))

    def _opened(self, name: str) -> BinaryIO:
        return (self.folder / name).open("ab")

    def _mapped(self, number: int) -> npt.NDArray[Any]:
        path = self.folder / f"column-{number}.bin"
        if not path.exists() or not path.stat().st_size:
            return np.zeros(0, self._dtypes[number])
        return np.memmap(path, self._dtypes[number], "r")

    def _write_head(self) -> None:
        head = {"junco": _VERSION, "identity": self.identity, "axes": self._axes}
        with replacing(self.folder / "rows.json") as file:
            file.write(json.dumps(head | {"dtypes": [each.str for each in self._dtypes]}).encode())

    def _read(self) -> None:
        """Take up what lies there, if it is of the same work and whole; else begin anew."""
        if not self._is_read():
            self.clear()

    def _is_read(self) -> bool:
        try:
            head = json.loads((self.folder / "rows.json").read_text("utf-8"))
            if not self.identity or (head["junco"], head["identity"]) != (_VERSION, self.identity):
                return False
            self._dtypes, self._axes = (
                [np.dtype(str(each)) for each in head["dtypes"]],
                [int(each) for each in head["axes"]],
            )
            if any(dtype.hasobject for dtype in self._dtypes) or max(self._axes) > _MOST_AXES or min(self._axes) < 0:
                return False
            entry = self._entries()
            content = (self.folder / "index.bin").read_bytes()
            index = np.frombuffer(content[: len(content) // entry.itemsize * entry.itemsize], entry)
            return self._cut(index)
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def _cut(self, index: npt.NDArray[np.void]) -> bool:
        """Cut files off behind the last row that the index speaks of; whether all that it speaks of is there."""
        num_bytes = 0
        for number, (dtype, axes) in enumerate(zip(self._dtypes, self._axes, strict=True)):
            shapes = index[f"shape-{number}"][:, :axes].astype(np.int64)
            size = int(shapes.prod(axis=1).sum()) * dtype.itemsize
            path = self.folder / f"column-{number}.bin"
            if path.stat().st_size < size:
                return False
            os.truncate(path, size)
            num_bytes += size
        os.truncate(self.folder / "index.bin", index.nbytes)
        self._index, self.num_bytes = ([index] if len(index) else []), num_bytes
        return True


def _synced(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _told(dtypes: Sequence[Any], axes: Sequence[int]) -> str:
    return ", ".join(f"{dtype} of {count} axes" for dtype, count in zip(dtypes, axes, strict=True))
