"""`Inventory`: the inputs of a source in their order, and where the rows of each are.

It makes the result independent of the way there: however often a job was stopped, the target is put together in the
source's order.

An input takes 16 bytes here; names and digests go to a scratch file as they come.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from junco.job.journal import Journal
from junco.job.ledger import Done, Ledger, Rejects, done_record, inputs_record, named
from junco.store.sink import Rejected, Span

CHUNK = 8192
"""Inputs of one record of a published target."""
FAILED = -1
"""The count of rows of an input that gave none because it failed."""

Why = tuple[str, list[tuple[str, str]]]
"""An input's full key, and stage and reason of each of its rejects."""


class Inventory:
    """Filled while a source is read.

    Args:
        scratch: takes names and digests; ``None`` where nobody will ask for them.
    """

    def __init__(self, scratch: Journal | None) -> None:
        self.scratch = scratch
        self.rejects: Rejects = {}
        self.is_as_before = True
        self._shards, self._starts, self._counts = array("i"), array("q"), array("i")
        self._keys: list[str] = []
        self._digests: list[bytes] = []

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, key: str, digest: bytes, done: Done | None) -> int:
        """The next input, and its rows if they are known."""
        number = len(self._counts)
        self.is_as_before = self.is_as_before and done is not None and done.shard == 0 and done.number == number
        self._shards.append(done.shard if done else 0)
        self._starts.append(done.start if done else 0)
        self._counts.append(done.num_rows if done else FAILED)
        if self.scratch is not None:
            self._keys.append(named(key))
            self._digests.append(digest)
            if len(self._keys) == CHUNK:
                self._flush()
        return number

    def take_all(self, ledger: Ledger) -> None:
        """All inputs of a ledger are what the source has, as they are in the published target."""
        self._counts.frombytes(ledger.counts.astype(self._counts.typecode).tobytes())
        self.rejects.update(ledger.rejects)

    def settle(self, number: int, shard: int, start: int, count: int) -> None:
        """Say where an input's rows are."""
        self._shards[number], self._starts[number], self._counts[number] = shard, start, count

    @property
    def num_rows(self) -> int:
        """Rows of all inputs."""
        return int(np.maximum(np.array(self._counts, np.int64), 0).sum())

    @property
    def num_failed(self) -> int:
        """Inputs that gave nothing because they failed."""
        return self._counts.count(FAILED)

    def spans(self) -> Iterator[Span]:
        """Where the rows are, in order, with what lies together in one piece."""
        counts = np.array(self._counts, np.int64)
        some = counts > 0
        counts, starts, shards = counts[some], np.array(self._starts, np.int64)[some], np.array(self._shards)[some]
        if not len(counts):
            return
        breaks = (shards[1:] != shards[:-1]) | (starts[1:] != starts[:-1] + counts[:-1])
        firsts = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(counts)]])
        for first, stop in pairwise(firsts.tolist()):
            yield Span(int(shards[first]), int(starts[first]), int(counts[first:stop].sum()))

    def published(self) -> Iterator[dict[str, Any]]:
        """The whole source as the published target will hold it, for the journal."""
        self._flush()
        counts = np.array(self._counts, np.int32)
        first = 0
        for record in self.scratch.records() if self.scratch is not None else ():
            stop = first + record["inputs"]
            rejects = {number - first: self.rejects[number] for number in range(first, stop) if number in self.rejects}
            yield record | done_record(0, counts[first:stop], rejects)
            first = stop

    def rejected(self) -> list[Rejected]:
        """What was put aside, in order."""
        found = (self.rejects[number] for number in sorted(self.rejects))
        return [Rejected(key, stage, reason) for key, why in found for stage, reason in why]

    def _flush(self) -> None:
        if self.scratch is not None and self._keys:
            self.scratch.append(inputs_record(self._keys, self._digests), durable=False)
            self._keys, self._digests = [], []
