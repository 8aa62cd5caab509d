"""What becomes of inputs that a target has and its source has not: a few leave, most are asked about first.

A file that was deleted leaves the target too. A source that has hardly anything of what the target holds is another
one, taken by mistake or to be added, so whoever runs the job says which is meant. Of a target that was added to, every
input that would leave is asked about: nobody can tell which of its sources has lost it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from junco.errors import JobError
from junco.job.first import First
from junco.job.inventory import Inventory
from junco.job.kinds import is_url
from junco.job.ledger import Ledger, digest_of
from junco.job.options import Missing
from junco.job.source import items_of
from junco.job.state import JobState
from junco.job.wanted import Wanted

MOST = 0.5
"""More than this part of a target's inputs is most of them."""


class Left(NamedTuple):
    """What became of inputs that a target had and that were not met in the source.

    Attributes:
        deleted: those that left, for the source has them no more.
        num_kept: how many stayed, though the source has them not.
        num_beyond: how many stayed, for the source was not read to its end.
        is_mixed: whether some that stayed may be of another source.
    """

    deleted: tuple[str, ...] = ()
    num_kept: int = 0
    num_beyond: int = 0
    is_mixed: bool = False


def check_early(source: Any, wanted: Wanted, limit: int | None, ledger: Ledger, state: JobState) -> None:
    """Refuse a source by its names alone, before any of it is worked on, where it can be read twice.

    Raises:
        JobError: it has not what most of the target was made of.
    """
    is_gone_once_read = isinstance(source, Iterator)
    is_afar = isinstance(source, (str, os.PathLike)) and is_url(os.fsdecode(source))
    if is_gone_once_read or is_afar or not ledger.num_filled:
        return
    enough = ledger.num_filled if state.was_appended else ledger.num_filled - int(ledger.num_filled * MOST)
    num_staying, first = ledger.num_filled, First(items_of(source, wanted), limit)
    with suppress(Exception):  # whoever reads it in earnest will say why
        num_staying = ledger.num_filled_among((digest_of(item.key, "") for item in first), enough)
    if num_staying < enough and not first.is_cut:
        raise _asked(ledger.num_filled - num_staying, num_staying, state)


def settle(missing: Missing, inventory: Inventory, ledger: Ledger, state: JobState, *, is_cut: bool) -> Left:
    """What was not met in the source leaves, or stays behind what was; ``is_cut``: there is more of the source.

    Raises:
        JobError: the source was read to its end and has not most of the target's inputs; what is done is kept.
    """
    if is_cut:  # what comes after the limit is not gone
        is_other = ledger.num_filled_unseen == ledger.num_filled
        num_beyond = _stay(inventory, ledger, state)
        return Left(num_beyond=num_beyond, is_mixed=missing == "append" or state.was_appended or is_other)
    if missing == "append":
        num_kept = _stay(inventory, ledger, state)
        return Left(num_kept=num_kept, is_mixed=num_kept > 0)
    if missing == "refuse":
        num_leaving = ledger.num_filled_unseen
        if num_leaving > (0 if state.was_appended else ledger.num_filled * MOST):
            raise _asked(num_leaving, ledger.num_filled - num_leaving, state)
    return Left(state.keys(ledger.unseen()))


def _stay(inventory: Inventory, ledger: Ledger, state: JobState) -> int:
    """Have the inputs stay that were not met, after those that were; how many they are."""
    others = ledger.others()
    inventory.carry(others, state.keys_of(others))
    return len(others)


def _asked(num_leaving: int, num_staying: int, state: JobState) -> JobError:
    added = ", which was added to before," if state.was_appended else ""
    return JobError(
        f"{state.sink.target}{added} has {num_leaving + num_staying:,} inputs with rows: {num_leaving:,} of them are "
        f"not in this source and would leave, {num_staying:,} would stay. To keep them beside the new ones say "
        "missing='append' (--append), to have them leave missing='prune' (--prune), or give another target"
    )
