"""`RowStore`: rows of items in files of a folder, kept as they come, so that a run that was killed has them still.

``rows.json`` says what is there. ``column-N.bin`` holds the numbers of the N-th array of each row, one row behind the
other. ``index.bin`` says of each row which item it is of (a digest of what that holds), and its shapes. The index is
written last: rows that it does not speak of were being written when all ended. Several processes may add rows to one
folder; whoever writes holds a lock, and takes up first what others have written.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from junco.errors import DataError, MissingExtraError, TargetBusyError, TargetError
from junco.store.durable import replacing, writing
from junco.train.task import Row
from junco.tuning.rows import RaggedRows, StackedRows, Stored

DIGEST_BYTES = 32
_PENDING_BYTES, _PENDING_S = 32_000_000, 5.0
"""So much is written at once, or what came in so many seconds."""
_LOCK_S = 300.0
_MOST_AXES = 8
_VERSION = 1


class RowStore:
    """Rows of items by what these hold. Rows are added behind those that are there.

    Args:
        folder: of its own; made where it is not there. What another kind of work left in it is removed.
        identity: of what makes the rows; empty: nobody can tell, and nothing that is there is trusted.

    Raises:
        TargetError: the folder cannot be written, or another process does not let go of it.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self._dtypes: list[np.dtype[Any]] = []
        self._axes: list[int] = []
        self._index: list[npt.NDArray[np.void]] = []
        self._there = set[bytes]()
        self._pending: list[tuple[bytes, Row]] = []
        self._pending_bytes, self._sizes = 0, list[int]()
        self._generation = ""
        self._written_s = time.monotonic()
        with self._locked():
            if not (identity and self._is_taken_up()):
                self._clear()

    @property
    def digests(self) -> list[bytes]:
        """Of the item of each row that is kept, in the order of the rows."""
        return [bytes(each) for part in self._index for each in part["item"]]

    @property
    def size(self) -> int:
        """Bytes of all rows, those that are not written yet among them."""
        return self.num_bytes + self._pending_bytes

    @property
    def num_bytes(self) -> int:
        """Bytes of all rows that are written."""
        return sum(self._sizes)

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
        """Write what was added, but for what others have written meanwhile.

        Raises:
            TargetError: it cannot be written; what was written before is kept.
        """
        self._written_s = time.monotonic()
        if not self._pending:
            return
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        with self._locked():
            is_new = not self._generation
            if not self._is_taken_up():
                if not is_new or (self.folder / "rows.json").exists():
                    raise TargetError(f"{self.folder} was changed by another run meanwhile: run the same again")
                self._write_head()
            self._append([each for each in pending if each[0] not in self._there])

    def rows(self) -> Stored:
        """All rows, mapped into memory: stacked where they are of one shape."""
        self.flush()
        index = np.concatenate(self._index) if self._index else np.zeros(0, self._entries())
        shapes = [self._shapes(index, number) for number in range(len(self._axes))]
        flat = [self._mapped(number) for number in range(len(self._dtypes))]
        if len(index) and all((each == each[0]).all() for each in shapes):
            return StackedRows(
                tuple(array.reshape(len(index), *map(int, each[0])) for array, each in zip(flat, shapes, strict=True))
            )
        return RaggedRows(tuple(flat), tuple(shapes))

    def clear(self) -> None:
        """Remove all that is there."""
        with self._locked():
            self._clear()

    def _clear(self) -> None:
        with writing(str(self.folder)):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
        self._dtypes, self._axes, self._index, self._sizes, self._generation = [], [], [], [], ""
        self._pending, self._pending_bytes, self._there = [], 0, set()

    def _check(self, row: Row) -> None:
        dtypes, axes = [array.dtype for array in row], [array.ndim for array in row]
        if not self._dtypes:
            if any(dtype.hasobject for dtype in dtypes) or max(axes, default=0) > _MOST_AXES:
                raise DataError(f"a row is made of arrays of numbers, not of {', '.join(map(str, dtypes))}")
            self._dtypes, self._axes, self._sizes = dtypes, axes, [0] * len(row)
        elif (dtypes, axes) != (self._dtypes, self._axes):
            raise DataError(
                f"rows of one kind have the same arrays, and this one has {_told(dtypes, axes)} where those before it "
                f"have {_told(self._dtypes, self._axes)}"
            )

    def _append(self, rows: Sequence[tuple[bytes, Row]]) -> None:
        part = np.array([self._entry(*each) for each in rows], self._entries())
        with writing(str(self.folder)), ExitStack() as files:
            for number in range(len(self._dtypes)):
                file = files.enter_context(self._opened(f"column-{number}.bin"))
                for _, row in rows:
                    self._sizes[number] += file.write(row[number].tobytes())
                _synced(file)
            index = files.enter_context(self._opened("index.bin"))
            index.write(part.tobytes())
            _synced(index)
        self._know(part)

    def _know(self, part: npt.NDArray[np.void]) -> None:
        if len(part):
            self._index.append(part)
            self._there.update(bytes(each) for each in part["item"])

    def _entries(self) -> np.dtype[Any]:
        shapes = [(f"shape-{number}", "<u4", (max(1, axes),)) for number, axes in enumerate(self._axes)]
        return np.dtype([("item", f"V{DIGEST_BYTES}"), *shapes])

    def _entry(self, digest: bytes, row: Row) -> tuple[Any, ...]:
        return (np.void(digest), *((array.shape or (1,)) for array in row))

    def _shapes(self, index: npt.NDArray[np.void], number: int) -> npt.NDArray[np.int64]:
        return np.asarray(index[f"shape-{number}"])[:, : self._axes[number]].astype(np.int64)

    def _opened(self, name: str) -> BinaryIO:
        return (self.folder / name).open("ab")

    def _mapped(self, number: int) -> npt.NDArray[Any]:
        """The numbers of a column, of the rows that are known: others may be writing more."""
        dtype = self._dtypes[number]
        if not self._sizes[number]:
            return np.zeros(0, dtype)
        count = self._sizes[number] // dtype.itemsize
        return np.memmap(self.folder / f"column-{number}.bin", dtype, "r", shape=(count,))

    def _write_head(self) -> None:
        self._generation = os.urandom(8).hex()
        head = {"junco": _VERSION, "identity": self.identity, "generation": self._generation, "axes": self._axes}
        with writing(str(self.folder)), replacing(self.folder / "rows.json") as file:
            file.write(json.dumps(head | {"dtypes": [each.str for each in self._dtypes]}).encode())

    def _is_taken_up(self) -> bool:
        """Take up what lies there; whether it is of the same work, whole, and goes on what is known."""
        try:
            head = json.loads((self.folder / "rows.json").read_text("utf-8"))
            dtypes, axes = [np.dtype(str(each)) for each in head["dtypes"]], [int(each) for each in head["axes"]]
            is_ours = (head["junco"], head["identity"]) == (_VERSION, self.identity)
            is_plain = not any(dtype.hasobject for dtype in dtypes) and 0 <= min(axes) <= max(axes) <= _MOST_AXES
            if not (is_ours and is_plain and len(dtypes) == len(axes)):
                return False
            if self._generation not in ("", head["generation"]) or (self._dtypes and (dtypes, axes) != self._kinds):
                return False
            self._dtypes, self._axes, self._generation = dtypes, axes, str(head["generation"])
            return self._is_read()
        except (OSError, ValueError, TypeError, KeyError):
            return False

    @property
    def _kinds(self) -> tuple[list[np.dtype[Any]], list[int]]:
        return self._dtypes, self._axes

    def _is_read(self) -> bool:
        """Read the index from where it is known, and cut files off behind its last row; whether all that is there."""
        entry, known = self._entries(), sum(map(len, self._index))
        path = self.folder / "index.bin"
        path.touch()
        with path.open("rb") as file:
            file.seek(known * entry.itemsize)
            content = file.read()
        part = np.frombuffer(content[: len(content) // entry.itemsize * entry.itemsize], entry)
        sizes = self._sizes or [0] * len(self._dtypes)
        for number, dtype in enumerate(self._dtypes):
            more = int(self._shapes(part, number).prod(axis=1).sum()) * dtype.itemsize
            column = self.folder / f"column-{number}.bin"
            if (column.stat().st_size if column.exists() else 0) < sizes[number] + more:
                return False
            sizes[number] += more
        for number, size in enumerate(sizes):
            _cut(self.folder / f"column-{number}.bin", size)
        _cut(path, (known + len(part)) * entry.itemsize)
        self._sizes = sizes
        self._know(part)
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else writes meanwhile.

        Raises:
            TargetBusyError: somebody does, for a long time.
        """
        try:
            from filelock import FileLock, Timeout
        except ImportError:
            raise MissingExtraError("filelock", "train", "training") from None
        with writing(str(self.folder)):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder.with_name(f"{self.folder.name}.lock"), timeout=_LOCK_S)
            try:
                lock.acquire()
            except Timeout:
                raise TargetBusyError(f"another run is writing to {self.folder}, and does not end: end it") from None
        try:
            yield
        finally:
            lock.release()


def _cut(path: Path, size: int) -> None:
    if path.exists() and path.stat().st_size > size:
        os.truncate(path, size)


def _synced(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _told(dtypes: Sequence[Any], axes: Sequence[int]) -> str:
    return ", ".join(f"{dtype} of {count} axes" for dtype, count in zip(dtypes, axes, strict=True))
