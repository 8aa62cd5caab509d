"""`Inventory`: the inputs of a source in their order, and where the rows of each are.

It makes the result independent of the way there: however often a job was stopped, the target is put together in the
source's order.

An input takes 8 bytes here, one that was not done some 30 more; names and digests go to a scratch file as they come.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.job.journal import Journal
from junco.job.ledger import MOST_OF_A_KEY, Ledger, Rejects, done_record, inputs_record, named
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
        ledger: what is done.
    """

    def __init__(self, scratch: Journal | None, ledger: Ledger) -> None:
        self.scratch, self.ledger = scratch, ledger
        self.rejects: Rejects = {}
        self._done = array("q")
        self._settled = tuple(array("q") for _ in range(4))
        self._keys: list[str] = []
        self._digests: list[bytes] = []

    def __len__(self) -> int:
        return len(self._done)

    def add(self, key: str, digest: bytes, done: int) -> int:
        """The next input, and its number in the ledger; -1 where it is not done."""
        self._done.append(done)
        self._take_down([key], [digest])
        return len(self._done) - 1

    def add_known(self, keys: list[str], digests: list[bytes], first: int) -> None:
        """The next inputs, which are done and follow each other in the ledger."""
        self._done.extend(range(first, first + len(keys)))
        self._take_down(keys, digests)

    def carry(self, numbers: Sequence[int], keys: Iterable[str]) -> None:
        """Inputs that are done and were not looked for: they come after those that were."""
        for number, key in zip(numbers, keys, strict=True):
            at = self.add(key, self.ledger.digest(number), number)
            if number in self.ledger.rejects:
                self.rejects[at] = self.ledger.rejects[number]

    def _take_down(self, keys: list[str], digests: list[bytes]) -> None:
        if self.scratch is not None:
            self._keys += [key if len(key) <= MOST_OF_A_KEY else named(key) for key in keys]
            self._digests += digests
            if len(self._keys) >= CHUNK:
                self._flush()

    def take_all(self) -> None:
        """All inputs of the ledger are what the source has."""
        self._done.frombytes(np.arange(self.ledger.size, dtype=np.int64).tobytes())
        self.rejects.update(self.ledger.rejects)

    def settle(self, number: int, shard: int, start: int, count: int) -> None:
        """Say where the rows of an input are that was not done."""
        for values, value in zip(self._settled, (number, shard, start, count), strict=True):
            values.append(value)

    @property
    def is_as_before(self) -> bool:
        """Whether the published target holds these inputs in this order, and no others."""
        is_same = len(self) == self.ledger.size and self.ledger.is_published
        return is_same and bool((np.array(self._done) == np.arange(len(self))).all())

    @property
    def num_rows(self) -> int:
        """Rows of all inputs."""
        return int(np.maximum(self._places()[2], 0).sum())

    @property
    def num_failed(self) -> int:
        """Inputs that gave nothing because they failed."""
        return int((self._places()[2] == FAILED).sum())

    def _places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of each input its shard, where its rows begin there, and how many there are."""
        done = np.array(self._done, np.int64)
        is_done = done >= 0
        numbers, *settled = (np.array(values, np.int64) for values in self._settled)
        places = []
        for known, new, blank in zip(
            (self.ledger.shards, self.ledger.starts, self.ledger.counts), settled, (0, 0, FAILED), strict=True
        ):
            values = np.full(len(done), blank, np.int64)
            values[is_done] = known[done[is_done]]
            values[numbers] = new
            places.append(values)
        return places[0], places[1], places[2]

    def spans(self) -> Iterator[Span]:
        """Where the rows are, in order, with what lies together in one piece."""
        shards, starts, counts = self._places()
        some = counts > 0
        shards, starts, counts = shards[some], starts[some], counts[some]
        if not len(counts):
            return
        breaks = (shards[1:] != shards[:-1]) | (starts[1:] != starts[:-1] + counts[:-1])
        firsts = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(counts)]])
        for first, stop in pairwise(firsts.tolist()):
            yield Span(int(shards[first]), int(starts[first]), int(counts[first:stop].sum()))

    def published(self) -> Iterator[dict[str, Any]]:
        """The whole source as the published target will hold it, for the journal."""
        self._flush()
        counts = self._places()[2]
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
