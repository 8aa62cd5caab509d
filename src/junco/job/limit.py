"""`RejectLimit`: when a job has put so many inputs aside that something else than the inputs is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from junco.errors import JobError
from junco.job.options import MaxRejects
from junco.job.reasons import reasons_of

if TYPE_CHECKING:
    from junco.job.inventory import Inventory
    from junco.job.shard import OpenShard
    from junco.store.sink import Rejected

FIRST = 100
"""If so many inputs fail before one does not, all will."""
_REASONS = 3


class RejectLimit:
    """Watches the rejects of one run.

    Args:
        most: so many inputs of the source may be put aside, those of earlier runs among them; "auto": any number,
            unless the first `FIRST` inputs all failed; ``None``: any number.
        inventory: of the source, with the rejects of what was sealed.
        has_done: whether earlier runs have done an input: then it is not everything that fails.
    """

    def __init__(self, most: MaxRejects, inventory: Inventory, *, has_done: bool) -> None:
        self.most, self.inventory = most, inventory
        self.num_failed = 0
        """Inputs of this run before the first that did not fail."""
        self._place = 0
        self._all_failed = not has_done

    def is_reached(self, shard: OpenShard) -> bool:
        """Whether there are too many now, with those of the shard that is worked on."""
        while self._all_failed and self._place < len(shard.todo):
            if self._place in shard.failed:
                self.num_failed += 1
            elif shard.is_done(self._place):
                self._all_failed = False
            else:  # nobody knows yet
                break
            self._place += 1
        return self._is_over(len(self.inventory.rejects) + len(shard.rejects))

    def check(self) -> None:
        """End the job, if there are too many.

        Raises:
            JobError: with the most common reasons and the cure.
        """
        self._place = 0
        if self._is_over(len(self.inventory.rejects)):
            raise JobError(_too_many(self.most, self.inventory.rejected()))

    def _is_over(self, num_rejects: int) -> bool:
        return self.num_failed >= FIRST if self.most == "auto" else self.most is not None and num_rejects > self.most


def _too_many(most: MaxRejects, rejects: Sequence[Rejected]) -> str:
    what = f"the first {FIRST} inputs all failed" if most == "auto" else f"more than {most:,} inputs were put aside"
    return (
        f"{what} and the job was ended. {_reasons(rejects)}. What is done is kept: mend the cause and run it again "
        "with retry_rejects=True (--retry-rejects), or go on in spite of it with max_rejects=None (--max-rejects none)"
    )


def _reasons(rejects: Sequence[Rejected]) -> str:
    """The most common reasons, and one input that failed for the first of them."""
    told = "; ".join(str(reason) for reason in reasons_of(rejects)[:_REASONS])
    first = rejects[0]
    return f"{told}. The first was {first.input[:80]!r}: {first.reason}"
