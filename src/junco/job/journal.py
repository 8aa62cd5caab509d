"""The journal of a job: lines that are only ever appended, each with its checksum, each on the disk before the next.

A process that is killed leaves at most one torn line, the last; reading stops there.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from junco.store.durable import writing

VERSION = 2
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

    def records(self) -> Iterator[dict[str, Any]]:
        """The records that are whole, in order; none where there is no file."""
        return (record for record, _ in self._good())

    def cut(self) -> None:
        """Remove a torn end, so that what is appended next can be read."""
        if self.path.exists() and self.path.stat().st_size > (end := self._end()):
            os.truncate(self.path, end)

    @property
    def is_damaged(self) -> bool:
        """Whether there are good lines after one that is not: no kill leaves such a file."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            file.seek(self._end())
            return any(_text(line) is not None for line in file)

    def append(self, record: dict[str, Any], *, durable: bool = True) -> None:
        """Add a record; with ``durable`` it is on the disk when this returns.

        Raises:
            TargetError: there is no room, or it may not be written.
        """
        text = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode()
        with writing(self.target), self.path.open("ab") as file:
            file.write(b"%08x %s\n" % (zlib.crc32(text), text))
            file.flush()
            if durable:
                os.fsync(file.fileno())

    def _good(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each record with the position after it."""
        if not self.path.exists():
            return
        end = 0
        with self.path.open("rb") as file:
            for line in file:
                if (text := _text(line)) is None or (record := _record(text)) is None:
                    return
                end += len(line)
                yield record, end

    def _end(self) -> int:
        """The position after the last record that can be read."""
        return max((end for _, end in self._good()), default=0)


def _text(line: bytes) -> bytes | None:
    """The record on a line, if it is whole."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    return text if line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(text) else None


def _record(text: bytes) -> dict[str, Any] | None:
    """What the text of a line says, if it is a record."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
