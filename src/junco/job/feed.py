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
        digest = digest_of(item.key, self._mark(item))
        done = self.ledger.find(digest)
        is_known = done is not None or self.ledger.knows_key(digest)
        if done is not None and self.retry_rejects and done.number in self.ledger.rejects:
            done = None
        elif done is None and is_known:
            self.num_changed += 1
        number = self.inventory.add(item.key, digest, done)
        if done is None:
            self.num_new += 1
            return Todo(number, item.key, digest, item, is_known)
        if (why := self.ledger.rejects.get(done.number)) is not None:
            self.inventory.rejects[number] = why
        self.progress.skipped(1)
        return None

    def _mark(self, item: Item) -> str | bytes:
        """The mark of an input; a new one each time where nobody can tell its content."""
        if item.mark is None:
            self.num_unmarked += 1
            return os.urandom(MARK_BYTES)
        return item.mark
