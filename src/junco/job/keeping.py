"""`Keeping`: what the rows of a target keep of the table that they came from: a key of its own, and other columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from junco.errors import JobError
from junco.job.options import Kept

_RECENT = 65_536


class Keeping:
    """What the rows of a job keep of the table that its inputs come from.

    Args:
        key: the column whose value is the row's ``input`` in the target; ``None``: the input itself is.
        asked: the columns that travel to the target.
        outputs: columns that the target has anyway.

    Attributes:
        names: of the columns that travel, in the target's order; ``None`` before the table's are known.
    """

    def __init__(self, key: str | None, asked: Kept, outputs: Sequence[str]) -> None:
        self.key, self.outputs = key, tuple(outputs)
        self.asked: Kept = "*" if asked == "*" else tuple(asked)
        self.names: tuple[str, ...] | None = None
        self._keys = _Keys()

    def note(self, names: Sequence[str], table: str) -> None:
        """Take down what the table calls the columns that travel; of several tables, those of the first.

        Raises:
            JobError: the target has another column of such a name, or another table has other columns.
        """
        if self.names is not None:
            if {*names} != {*self.names}:
                raise JobError(
                    f"{table} would give the columns {', '.join(names)}, and those before it gave "
                    f"{', '.join(self.names)}: name those to keep that all have"
                )
            return
        taken = next((name for name in names if name in ("input", *self.outputs)), None)
        if taken is not None:
            whose = "that names the inputs" if taken == "input" else "of the pipeline's output"
            cure = "name those to keep, one by one" if self.asked == "*" else "leave it out of keep= (--keep)"
            raise JobError(
                f"{table}: the column {taken!r} cannot be kept beside the target's column {taken!r} {whose}: "
                f"give it another name in the table, or {cure}"
            )
        self.names = tuple(names)

    def check_known(self) -> None:
        """Refuse a source of which not one row could be read by now, so that nobody knows its columns.

        Raises:
            JobError: this is one.
        """
        if self.names is None:
            raise JobError("the source begins with rows that are none, so its columns are not known: mend the first")

    def is_new(self, key: str) -> bool:
        """Whether no earlier row had this key."""
        return self._keys.add(key)

    def as_record(self) -> dict[str, Any]:
        """For the journal's first line."""
        asked = () if self.asked == "*" else self.asked
        return {"key": self.key, "columns": list(asked if self.names is None else self.names)}


def check_kept(keeping: Keeping | None, record: Mapping[str, Any] | None, target: str, cure: str) -> None:
    """Refuse to go on with rows that keep something else than this job's; the columns get the target's order.

    Raises:
        JobError: with what both keep, and the cure.
    """
    ours = keeping.as_record() if keeping is not None else None
    if ours is not None and record is not None and keeping is not None and keeping.names is None:
        ours["columns"] = record["columns"]  # of a source without rows nobody can tell, and none will be written
    if _same(ours) != _same(record):
        raise JobError(
            f"{target} holds rows that {_words(record)}, and those of this job would {_words(ours)}: "
            f"ask for the same, {cure}"
        )
    if keeping is not None and record is not None:
        keeping.names = tuple(record["columns"])


def _same(record: Mapping[str, Any] | None) -> tuple[Any, frozenset[str]]:
    return (None, frozenset()) if record is None else (record["key"], frozenset(record["columns"]))


def _words(record: Mapping[str, Any] | None) -> str:
    key, columns = (None, ()) if record is None else (record["key"], record["columns"])
    kept = f"keep {', '.join(columns)} of their table" if columns else "keep no columns of their table"
    return f"{kept} and have its {key!r} as their key" if key is not None else f"{kept} and no key"


class _Keys:
    """The keys so far, by 8 bytes of a hash of each."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted = np.zeros(0, np.uint64)

    def add(self, key: str) -> bool:
        """Take one down; whether it is new."""
        told = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8)
        number = int.from_bytes(told.digest(), "big")
        if number in self._recent or self._is_old(number):
            return False
        self._recent.add(number)
        if len(self._recent) >= _RECENT:
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted = np.sort(np.concatenate([self._sorted, recent]), kind="stable")
            self._recent.clear()
        return True

    def _is_old(self, number: int) -> bool:
        at = int(np.searchsorted(self._sorted, np.uint64(number)))
        return at < len(self._sorted) and int(self._sorted[at]) == number
