"""`Feed`: reads a source once, passes over what is done, and gives what is to be worked on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from junco.job.inventory import Inventory
from junco.job.keeping import Keeping
from junco.job.ledger import Ledger, digest_of
from junco.job.limit import RejectLimit
from junco.job.progress import Progress
from junco.job.source import Item

MARK_BYTES = 16
PASSED_AT_ONCE = 256
"""So many inputs are passed over together."""


class Todo(NamedTuple):
    """An input to work on: its number in the source, its key, what identifies it, and the item itself.

    Of one that ``is_known`` the target may hold other rows.
    """

    number: int
    key: str
    digest: bytes
    item: Item
    is_known: bool = False


class Feed:
    """One reading of a source.

    Args:
        items: the source.
        ledger: what is done.
        inventory: takes down each input.
        retry_rejects: work on what was put aside once more.
        progress: is told of what is passed over.
        limit: says when too many inputs were put aside.
        keeping: what inputs bring with them of their table; ``None``: nothing.
    """

    def __init__(
        self,
        items: Iterator[Item],
        ledger: Ledger,
        inventory: Inventory,
        progress: Progress,
        limit: RejectLimit,
        *,
        retry_rejects: bool,
        keeping: Keeping | None = None,
    ) -> None:
        self.items, self.ledger, self.inventory, self.progress, self.limit = items, ledger, inventory, progress, limit
        self.retry_rejects, self.keeping = retry_rejects, keeping
        self.num_new = self.num_changed = self.num_unmarked = 0
        self.is_over = False
        self._ahead: Todo | None = None
        self.error: Exception | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns that inputs bring with them."""
        return () if self.keeping is None else self.keeping.names or ()

    @property
    def has_more(self) -> bool:
        """Whether there is an input to work on."""
        if self._ahead is None:
            self._ahead = self._find()
        return self._ahead is not None

    def next_todo(self) -> Todo | None:
        """The next input to work on; ``None`` when there are no more. An error of the source is kept in ``error``."""
        todo, self._ahead = self._ahead or self._find(), None
        return todo

    def _find(self) -> Todo | None:
        """Pass over what is done, most of which comes in the order in which it is known."""
        keys: list[str] = []
        digests: list[bytes] = []
        known = self.ledger.following()
        todo = None
        while todo is None and (item := self._next_item()) is not None:
            digest = digest_of(item.key, self._new_mark() if item.mark is None else item.mark)
            if digest == next(known, None):
                keys.append(item.key)
                digests.append(digest)
                if len(keys) == PASSED_AT_ONCE:
                    self._pass_over(keys, digests)
                continue
            self._pass_over(keys, digests)
            todo = self._todo(item, digest)
            known = self.ledger.following()
        self._pass_over(keys, digests)
        return todo

    def _next_item(self) -> Item | None:
        if not self.is_over:
            try:
                return next(self.items)
            except StopIteration:
                self.is_over = True
            except Exception as error:  # kept until what came before it is sealed
                self.is_over, self.error = True, error
        return None

    def _pass_over(self, keys: list[str], digests: list[bytes]) -> None:
        """Inputs that are done, in the ledger's order."""
        if keys:
            self.inventory.add_known(keys, digests, self.ledger.pass_over(len(keys)))
            self.progress.skipped(len(keys))
            keys.clear()
            digests.clear()

    def _todo(self, item: Item, digest: bytes) -> Todo | None:
        done = self.ledger.find(digest)
        if done >= 0 and (done not in self.ledger.rejects or not self.retry_rejects):
            number = self.inventory.add(item.key, digest, done)
            if done in self.ledger.rejects:
                self.inventory.rejects[number] = self.ledger.rejects[done]
            self.progress.skipped(1)
            return None
        is_known = done >= 0 or self.ledger.knows_key(digest)
        self.num_changed += is_known and done < 0
        self.num_new += 1
        return Todo(self.inventory.add(item.key, digest, -1), item.key, digest, item, is_known)

    def _new_mark(self) -> bytes:
        """A new mark each time, where nobody can tell an input's content."""
        self.num_unmarked += 1
        return os.urandom(MARK_BYTES)
