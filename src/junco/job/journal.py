"""The journal of a job: lines that are only ever appended, each with its checksum, each on the disk before the next.

A line also has its number, so that one that stands there twice, or not where it was, is seen. A process that is killed
leaves at most one torn line, the last; reading stops there.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from junco.store.durable import writing

VERSION = 4
"""Of what is written; 1 was that of junco 0.1.0."""


class Journal:
    """One journal file.

    Args:
        path: where it is, or will be.
        target: the job's target, for messages.
    """

    def __init__(self, path: Path, target: str) -> None:
        self.path = path
        self.target = target
        self._num_lines: int | None = None

    def records(self) -> Iterator[dict[str, Any]]:
        """The records that are whole and in their places, in order; none where there is no file."""
        return (record for record, _ in self._good())

    def cut(self) -> int:
        """Remove an end that cannot be read, so that what is appended next can be.

        Returns:
            How many lines it had, of which a kill leaves none.
        """
        self._num_lines, end = self._measured()
        if not self.path.exists() or self.path.stat().st_size == end:
            return 0
        with self.path.open("rb") as file:
            file.seek(end)
            num_cut = sum(line.endswith(b"\n") for line in file)
        os.truncate(self.path, end)
        return num_cut

    def remove(self) -> None:
        """Forget it all."""
        self.path.unlink(missing_ok=True)
        self._num_lines = 0

    @property
    def is_damaged(self) -> bool:
        """Whether there are whole lines after the last that can be read: no kill leaves such a file."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            file.seek(self._measured()[1])
            return any(_parts(line) is not None for line in file)

    def append(self, record: dict[str, Any], *, durable: bool = True) -> None:
        """Add a record; with ``durable`` it is on the disk when this returns.

        Raises:
            TargetError: there is no room, or it may not be written.
        """
        if self._num_lines is None:
            self._num_lines = self._measured()[0]
        text = b"%d %s" % (self._num_lines, json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode())
        with writing(self.target), self.path.open("ab") as file:
            file.write(b"%08x %s\n" % (zlib.crc32(text), text))
            file.flush()
            if durable:
                os.fsync(file.fileno())
        self._num_lines += 1

    def _good(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each record with the position after it."""
        if not self.path.exists():
            return
        end = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                parts = _parts(line)
                if parts is None or parts[0] != b"%d" % number or (record := _record(parts[1])) is None:
                    return
                end += len(line)
                yield record, end

    def _measured(self) -> tuple[int, int]:
        """How many records can be read, and the position after the last."""
        num_lines = last = 0
        for _, end in self._good():
            num_lines, last = num_lines + 1, end
        return num_lines, last


def _parts(line: bytes) -> tuple[bytes, bytes] | None:
    """Number and record of a line, if it is whole."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    if text.startswith(
        b"{"
    ):  # as version 2 wrote its lines: the first is read, so that it can be refused by its version
        return b"0", text
    number, _, record = text.partition(b" ")
    return number, record


def _record(text: bytes) -> dict[str, Any] | None:
    """What the text of a line says, if it is a record."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
