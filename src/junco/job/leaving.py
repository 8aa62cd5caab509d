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
from junco.job.inventory import Inventory
from junco.job.kinds import is_url
from junco.job.ledger import Ledger, digest_of
from junco.job.source import items_of
from junco.job.state import JobState
from junco.job.wanted import Wanted


class Left(NamedTuple):
    """Inputs that a target had and the source has not: those that left, and how many stayed."""

    deleted: tuple[str, ...] = ()
    num_kept: int = 0


MOST = 0.5
"""More than this part of a target's inputs is most of them."""


def check_early(source: Any, wanted: Wanted, ledger: Ledger, state: JobState) -> None:
    """Refuse a source by its names alone, before any of it is worked on, where it can be read twice.

    Raises:
        JobError: it has not what most of the target was made of.
    """
    is_gone_once_read = isinstance(source, Iterator)
    is_afar = isinstance(source, (str, os.PathLike)) and is_url(os.fsdecode(source))
    if is_gone_once_read or is_afar or not ledger.size:
        return
    enough = ledger.num_keys if state.was_appended else ledger.num_keys - int(ledger.num_keys * MOST)
    num_staying = ledger.num_keys
    with suppress(Exception):  # whoever reads it in earnest will say why
        num_staying = ledger.num_among((digest_of(item.key, "") for item in items_of(source, wanted)), enough)
    if num_staying < enough:
        raise _asked(ledger.num_keys - num_staying, num_staying, state)


def check_leaving(ledger: Ledger, state: JobState) -> None:
    """Refuse a source that was read, if it has not what most of the target was made of; what is done is kept.

    Raises:
        JobError: it has not.
    """
    num_leaving = ledger.num_unseen
    if num_leaving > (0 if state.was_appended else ledger.num_keys * MOST):
        raise _asked(num_leaving, ledger.num_keys - num_leaving, state)


def keep(inventory: Inventory, ledger: Ledger, state: JobState) -> int:
    """Have the inputs stay that the source has not, after those that it has; how many they are."""
    numbers = list(ledger.unseen())
    for number, key in zip(numbers, state.keys_of(numbers), strict=True):
        place = inventory.add(key, ledger.digest(number), number)
        if number in ledger.rejects:
            inventory.rejects[place] = ledger.rejects[number]
    return len(numbers)


def _asked(num_leaving: int, num_staying: int, state: JobState) -> JobError:
    added = ", which was added to before" if state.was_appended else ""
    return JobError(
        f"{state.sink.target}{added} has {num_leaving + num_staying:,} inputs: {num_leaving:,} of them are not in this "
        f"source and would leave, {num_staying:,} would stay. To keep them beside the new ones say missing='append' "
        "(--append), to have them leave missing='prune' (--prune), or give another target"
    )
