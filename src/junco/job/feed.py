"""`Feed`: reads a source once, passes over what is done, and gives what is to be worked on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from junco.job.inventory import Inventory
from junco.job.ledger import Ledger, digest_of
from junco.job.limit import RejectLimit
from junco.job.progress import Progress
from junco.job.source import Item

MARK_BYTES = 16


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
    ) -> None:
        self.items, self.ledger, self.inventory, self.progress, self.limit = items, ledger, inventory, progress, limit
        self.retry_rejects = retry_rejects
        self.num_new = self.num_changed = self.num_unmarked = 0
        self.is_over = False
        self._ahead: Todo | None = None
        self.error: Exception | None = None

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
        while not self.is_over:
            try:
                item = next(self.items)
            except StopIteration:
                self.is_over = True
            except Exception as error:  # kept until what came before it is sealed
                self.is_over, self.error = True, error
            else:
                if (todo := self._todo(item)) is not None:
                    return todo
        return None

    def _todo(self, item: Item) -> Todo | None:
        digest = digest_of(item.key, self._new_mark() if item.mark is None else item.mark)
        done = self.ledger.find(digest)
        if done >= 0 and (done not in self.ledger.rejects or not self.retry_rejects):
            self._pass_over(item.key, digest, done)
            return None
        is_known = done >= 0 or self.ledger.knows_key(digest)
        self.num_changed += is_known and done < 0
        self.num_new += 1
        return Todo(self.inventory.add(item.key, digest, -1), item.key, digest, item, is_known)

    def _pass_over(self, key: str, digest: bytes, done: int) -> None:
        number = self.inventory.add(key, digest, done)
        if (why := self.ledger.rejects.get(done)) is not None:
            self.inventory.rejects[number] = why
        self.progress.skipped(1)

    def _new_mark(self) -> bytes:
        """A new mark each time, where nobody can tell an input's content."""
        self.num_unmarked += 1
        return os.urandom(MARK_BYTES)
