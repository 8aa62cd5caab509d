"""`Ledger`: what a journal knows to be done, found by what identifies an input.

A `Sealed` is what the journal says of some inputs: a shard's, or a piece of the published target's. In the ledger an
input takes some 30 bytes, so that a million of them are no burden, and some 30 more once they are not met in their
order.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.job.packed import (
    DIGEST_BYTES,
    KEY_BYTES,
    pack_counts,
    pack_digests,
    pack_keys,
    unpack_counts,
    unpack_digests,
)

MOST_OF_A_KEY = 200
"""So many characters of an input's name are kept for reports."""


def named(key: str) -> str:
    """What reports call an input: its key, cut to a length."""
    return key if len(key) <= MOST_OF_A_KEY else f"{key[: MOST_OF_A_KEY - 1]}…"


def digest_of(key: str, mark: str | bytes) -> bytes:
    """What identifies an input: 8 bytes from its key, 8 from the mark of its content."""
    content = mark if isinstance(mark, bytes) else mark.encode("utf-8", "surrogatepass")
    name = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES)
    if not content:
        return name.digest() + _NO_MARK
    return name.digest() + hashlib.blake2b(content, digest_size=DIGEST_BYTES - KEY_BYTES).digest()


_AT_ONCE = 4096
_NO_MARK = hashlib.blake2b(b"", digest_size=DIGEST_BYTES - KEY_BYTES).digest()
Rejects = dict[int, tuple[str, list[tuple[str, str]]]]
"""For the number of an input, its full key and what was put aside: stage and reason."""


@dataclass(slots=True)
class Sealed:
    """Some inputs that are done, and their rows safe.

    Attributes:
        shard: where their rows are, the last of them where they are in several; 0 for the published target.
        digests: 16 bytes each.
        counts: how many rows each has; -1 where an input failed.
        rejects: by the places of the inputs among these.
        first: the first of several shards; 0 where there is one.
        checksum: of the shard, where its target can tell.
    """

    shard: int
    digests: bytes
    counts: npt.NDArray[np.int32]
    rejects: Rejects = field(default_factory=dict)
    first: int = 0
    checksum: str = ""

    @property
    def numbers(self) -> range:
        """The numbers of all its shards."""
        return range(self.first or self.shard, self.shard + 1)

    @property
    def has_rows(self) -> bool:
        """Whether any of them gave one."""
        return bool((self.counts > 0).any())

    def as_record(self, keys: list[str]) -> dict[str, Any]:
        """For the journal, with what reports call the inputs."""
        digests = [self.digests[at : at + DIGEST_BYTES] for at in range(0, len(self.digests), DIGEST_BYTES)]
        record = inputs_record(keys, digests) | done_record(self.shard, self.counts, self.rejects)
        record |= {"checksum": self.checksum}
        return record | ({"first": self.first} if self.first not in (0, self.shard) else {})

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Sealed:
        """From the journal.

        Raises:
            ValueError: what is packed in it does not belong together.
        """
        rejects = {index: (key, [(stage, reason) for stage, reason in why]) for index, key, why in record["rejects"]}
        digests = unpack_digests(record["digests"], record["inputs"])
        counts = unpack_counts(record["counts"], record["inputs"])
        return cls(record["shard"], digests, counts, rejects, record.get("first", 0), record.get("checksum", ""))


def inputs_record(keys: list[str], digests: list[bytes]) -> dict[str, Any]:
    """What a record says of inputs, whether or not they are done."""
    return {"inputs": len(keys), "keys": pack_keys(keys), "digests": pack_digests(digests)}


def done_record(shard: int, counts: npt.NDArray[Any], rejects: Rejects) -> dict[str, Any]:
    """What it says of them when they are."""
    why = [[index, key, reasons] for index, (key, reasons) in rejects.items()]
    return {"shard": shard, "counts": pack_counts(counts), "rejects": why}


class Ledger:
    """All inputs that are done. They are mostly asked for in their order, which costs next to nothing.

    Attributes:
        size: how many there are.
        shards: of each, where its rows are; 0 for the published target.
        starts: of each, the first of its rows there.
        counts: of each, how many there are; -1 of one that failed.
        rejects: by their numbers.
    """

    def __init__(self, parts: Iterable[Sealed] = ()) -> None:
        digests, shards, starts, counts = [], [], [], []
        self.rejects: Rejects = {}
        ends: dict[int, int] = {}
        size = 0
        for part in parts:
            rows = np.maximum(part.counts, 0).astype(np.int64)
            digests.append(part.digests)
            shards.append(np.full(len(rows), part.shard, np.int32))
            counts.append(part.counts)
            starts.append(ends.get(part.shard, 0) + np.cumsum(rows) - rows)
            ends[part.shard] = ends.get(part.shard, 0) + int(rows.sum())
            self.rejects.update({size + index: why for index, why in part.rejects.items()})
            size += len(rows)
        self.size = size
        self._digests = b"".join(digests)
        self.shards, self.starts, self.counts = (_joined(each) for each in (shards, starts, counts))
        self._is_seen = bytearray(size)
        self._next = 0

    @property
    def has_done(self) -> bool:
        """Whether an input is done that did not fail."""
        return bool((self.counts >= 0).any())

    @property
    def is_published(self) -> bool:
        """Whether all of them are in the published target."""
        return not self.shards.any()

    def following(self) -> Iterator[bytes]:
        """The digests after the last input that was found, as far as these can be passed over in their order.

        What was put aside is not among them, and nothing where an entry may take the place of an earlier one.
        """
        stop = self._rejected[bisect_left(self._rejected, self._next)] if self._is_plain else self._next
        all_of_them = self._digests  # no view: Python crashes where it collects one that something else still reads
        places = range(self._next * DIGEST_BYTES, stop * DIGEST_BYTES, DIGEST_BYTES)
        return (all_of_them[at : at + DIGEST_BYTES] for at in places)

    def pass_over(self, count: int) -> int:
        """The next inputs are found; the number of the first."""
        first, self._next = self._next, self._next + count
        self._is_seen[first : self._next] = b"\1" * count
        return first

    def find(self, digest: bytes) -> int:
        """The number of the input with this digest, if it is done, else -1; its key counts as seen in any case.

        Of several the latest is given, and of those of the published target the one that follows the last that was
        found, so that a source with repetitions is seen to be what it was.
        """
        number = self._latest(digest)
        if number < 0:
            return -1
        start = self._next * DIGEST_BYTES
        if not self.shards[number] and self._digests[start : start + DIGEST_BYTES] == digest:
            number = self._next
        self._is_seen[number] = 1
        self._next = number + 1
        return number

    def knows_key(self, digest: bytes) -> bool:
        """Whether an input of that name is known, with whatever content."""
        first, stop = self._of_key(digest)
        return first < stop

    def digest(self, number: int) -> bytes:
        """What identifies an input."""
        return self._digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]

    @cached_property
    def num_keys(self) -> int:
        """How many inputs there are, each counted once."""
        return len(np.unique(self._columns[0])) if self.size else 0

    @property
    def num_unseen(self) -> int:
        """How many of these nobody has looked for."""
        return len(np.unique(self._columns[0][list(self.unseen())])) if self.size else 0

    def num_among(self, digests: Iterable[bytes], enough: int) -> int:
        """How many of these are among some others, by their keys; counted up to ``enough``."""
        keys = np.unique(self._columns[0])
        is_there = np.zeros(len(keys), bool)
        digests = iter(digests)
        while (num_there := int(is_there.sum())) < enough and (some := list(islice(digests, _AT_ONCE))):
            asked = np.frombuffer(b"".join(some), np.uint64)[::2]
            places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
            is_there[places[keys[places] == asked]] = True
        return num_there

    def unseen(self) -> Iterator[int]:
        """Numbers of the inputs whose key nobody has looked for, in their order."""
        seen = np.frombuffer(self._is_seen, bool)
        unseen = np.flatnonzero(~seen)
        if not len(unseen):
            return iter(())
        order, keys, _ = self._index
        num_seen = np.concatenate([[0], np.cumsum(seen[order])])
        wanted = self._columns[0][unseen]
        alike = num_seen[np.searchsorted(keys, wanted, "right")] - num_seen[np.searchsorted(keys, wanted)]
        return iter(unseen[alike == 0].tolist())

    def others(self) -> list[int]:
        """The same, but of a name that was done several times since the target was published its latest entry alone."""
        unseen = list(self.unseen())
        keys = self._columns[0][unseen].tolist()
        latest = dict(zip(keys, unseen, strict=True))
        last = [latest[key] for key in keys]
        return [at for at, its_last in zip(unseen, last, strict=True) if at == its_last or not self.shards[its_last]]

    @cached_property
    def _rejected(self) -> list[int]:
        """The numbers of what was put aside, and the end."""
        return [*sorted(self.rejects), self.size]

    @cached_property
    def _is_plain(self) -> bool:
        """Whether no entry takes the place of an earlier one."""
        if self.is_published:
            return True
        _, keys, marks = self._index
        return not bool(((keys[1:] == keys[:-1]) & (marks[1:] == marks[:-1])).any())

    @cached_property
    def _columns(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """Keys and marks."""
        both = np.frombuffer(self._digests, np.uint64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    @cached_property
    def _index(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """All entries by key, then by mark, then as they came; and their keys and marks in that order."""
        keys, marks = self._columns
        order = np.lexsort((marks, keys))
        return order, keys[order], marks[order]

    def _of_key(self, digest: bytes) -> tuple[int, int]:
        """Where the entries of an input's name are in the index."""
        if not self.size:
            return 0, 0
        key = np.frombuffer(digest, np.uint64, 1)[0]
        keys = self._index[1]
        return int(np.searchsorted(keys, key)), int(np.searchsorted(keys, key, "right"))

    def _latest(self, digest: bytes) -> int:
        """The last entry with a digest; -1 without one. One of its key counts as seen."""
        first, stop = self._of_key(digest)
        if first == stop:
            return -1
        order, _, marks = self._index
        self._is_seen[order[first]] = 1
        mark = np.frombuffer(digest, np.uint64)[1]
        place = first + int(np.searchsorted(marks[first:stop], mark, "right")) - 1
        return int(order[place]) if place >= first and marks[place] == mark else -1


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
