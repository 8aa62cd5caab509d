"""`Ledger`: what a journal knows to be done, found by what identifies an input.

A `Sealed` is what the journal says of some inputs: a shard's, or a piece of the published target's. In the ledger an
input takes some 60 bytes, so that a million of them are no burden.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

KEY_BYTES, DIGEST_BYTES = 8, 16
MOST_OF_A_KEY = 200
"""So many characters of an input's name are kept for reports."""


def named(key: str) -> str:
    """What reports call an input: its key, cut to a length."""
    return key if len(key) <= MOST_OF_A_KEY else f"{key[: MOST_OF_A_KEY - 1]}…"


def digest_of(key: str, mark: str | bytes) -> bytes:
    """What identifies an input: 8 bytes from its key, 8 from the mark of its content."""
    content = mark if isinstance(mark, bytes) else mark.encode("utf-8", "surrogatepass")
    name = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES)
    return name.digest() + hashlib.blake2b(content, digest_size=DIGEST_BYTES - KEY_BYTES).digest()


@dataclass(slots=True)
class Sealed:
    """Some inputs that are done, and their rows safe.

    Attributes:
        shard: where their rows are, the last of them where they are in several; 0 for the published target.
        keys: what reports call them.
        digests: 16 bytes each.
        counts: how many rows each has; -1 where an input failed.
        rejects: for the number of an input, its full key and what was put aside: stage and reason.
        first: the first of several shards; 0 where there is one.
    """

    shard: int
    keys: list[str]
    digests: bytes
    counts: list[int]
    rejects: dict[int, tuple[str, list[tuple[str, str]]]]
    first: int = 0

    @property
    def numbers(self) -> range:
        """The numbers of all its shards."""
        return range(self.first or self.shard, self.shard + 1)

    def as_record(self) -> dict[str, Any]:
        """For the journal."""
        rejects = [[index, key, why] for index, (key, why) in self.rejects.items()]
        digests = base64.b64encode(self.digests).decode()
        record = {"shard": self.shard, "keys": self.keys, "digests": digests, "counts": self.counts, "rejects": rejects}
        return record | ({"first": self.first} if self.first not in (0, self.shard) else {})

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Sealed:
        """From the journal."""
        rejects = {index: (key, [(stage, reason) for stage, reason in why]) for index, key, why in record["rejects"]}
        digests = base64.b64decode(record["digests"])
        return cls(record["shard"], record["keys"], digests, record["counts"], rejects, record.get("first", 0))


class Done(NamedTuple):
    """An input that is done: its number in the ledger and where its rows are."""

    number: int
    shard: int
    start: int
    num_rows: int


class Ledger:
    """All inputs that are done."""

    def __init__(self, parts: Iterable[Sealed] = ()) -> None:
        digests, shards, starts, counts = [], [], [], []
        self.rejects: dict[int, tuple[str, list[tuple[str, str]]]] = {}
        ends: dict[int, int] = {}
        size = 0
        for part in parts:
            rows = np.maximum(np.array(part.counts, np.int64), 0)
            digests.append(part.digests)
            shards.append(np.full(len(rows), part.shard, np.int32))
            counts.append(np.array(part.counts, np.int64))
            starts.append(ends.get(part.shard, 0) + np.cumsum(rows) - rows)
            ends[part.shard] = ends.get(part.shard, 0) + int(rows.sum())
            self.rejects.update({size + index: why for index, why in part.rejects.items()})
            size += len(rows)
        self.size = size
        self._in_order = unsorted = np.frombuffer(b"".join(digests), f"S{DIGEST_BYTES}")
        # a stable order: of several entries for one input the latest stands last
        self._order: npt.NDArray[np.int64] = np.argsort(unsorted, kind="stable")
        self._digests = unsorted[self._order]
        self._keys = self._digests.astype(f"S{KEY_BYTES}")
        self._shards, self._starts, self._counts = (_joined(each) for each in (shards, starts, counts))
        self._is_seen = np.zeros(size, bool)

    @property
    def has_done(self) -> bool:
        """Whether an input is done that did not fail."""
        return bool((self._counts >= 0).any())

    def find(self, digest: bytes, place: int = 0) -> Done | None:
        """The input with this digest, if it is done; its key counts as seen in any case.

        Args:
            digest: what identifies the input.
            place: its place in the source. Of equal inputs of the published target the one at this place is given, so
                that a source with repetitions is seen to be what it was.
        """
        if not self.size:
            return None
        key = digest[:KEY_BYTES]
        first, stop = (int(np.searchsorted(self._keys, np.bytes_(key), side)) for side in ("left", "right"))
        if first < stop and not self._is_seen[first]:  # once, since a million inputs may be the same
            self._is_seen[first:stop] = True
        wanted = digest.rstrip(b"\0")  # as numpy gives its fixed-length bytes
        latest = int(np.searchsorted(self._digests, np.bytes_(wanted), "right")) - 1
        if latest < 0 or self._digests[latest] != wanted:
            return None
        number = int(self._order[latest])
        if not self._shards[number] and place < self.size and self._in_order[place] == wanted:
            number = place
        return Done(number, int(self._shards[number]), int(self._starts[number]), int(self._counts[number]))

    def knows_key(self, digest: bytes) -> bool:
        """Whether an input of that name is known, with whatever content."""
        if not self.size:
            return False
        key = np.bytes_(digest[:KEY_BYTES].rstrip(b"\0"))
        place = int(np.searchsorted(self._keys, key))
        return place < self.size and bool(self._keys[place] == key)

    def unseen(self) -> Iterator[int]:
        """Numbers of the inputs whose key nobody has looked for, in their order."""
        return iter(np.sort(self._order[~self._is_seen]).tolist())


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
