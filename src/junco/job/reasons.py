"""Why inputs were put aside, summed up: how many for each reason, and the first ones by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from junco.store.sink import Rejected

FIRST = 3
"""So many rejects are told by name."""
_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_BLANK = "…"


class Reason(NamedTuple):
    """A reason and how often it was met.

    Attributes:
        stage: the step that failed.
        reason: what it said, without what differs from input to input: names, quoted texts, numbers.
        number: of rejects.
    """

    stage: str
    reason: str
    number: int

    def __str__(self) -> str:
        return f"{self.number:,} in {self.stage}: {self.reason}"


def reasons_of(rejects: Iterable[Rejected]) -> tuple[Reason, ...]:
    """All reasons, the most common first."""
    counted = Counter((each.stage, _kind(each)) for each in rejects)
    return tuple(Reason(stage, reason, number) for (stage, reason), number in counted.most_common())


def _kind(reject: Rejected) -> str:
    """A reason without what differs from input to input."""
    whole = re.compile(rf"(?<!\w){re.escape(reject.input)}(?!\w)") if reject.input else _VARIES
    return _VARIES.sub(_BLANK, whole.sub(_BLANK, reject.reason))
