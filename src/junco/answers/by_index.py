"""Search by the index of a vector store, where it can tell all that was asked."""

from __future__ import annotations

from collections.abc import Sequence

from junco.answers.hits import Hit, Origin
from junco.answers.where import Where
from junco.store.content import Content
from junco.types import Vectors


def found_by_index(
    content: Content, wanted: Vectors, count: int, conditions: Sequence[Where], *, by_input: bool
) -> list[Hit] | None:
    """The best rows for any of several vectors, each once, best first; ``None`` where the store has no such answer.

    Args:
        content: of the set.
        wanted: (n, dim) of length 1.
        count: how many rows.
        conditions: that rows must meet.
        by_input: no more than one row of each input.
    """
    plain = [each for each in (one.plain(content.schema) for one in conditions) if each is not None]
    if not content.has_index or len(plain) < len(conditions):
        return None
    room, num_found, origin = count, -1, Origin.of(content)
    while (found := content.find(wanted, room, plain)) is not None:
        rows = sorted((row for each in found for row in each), key=lambda row: -row.score)
        firsts = {row.key if by_input else row.id: row for row in reversed(rows)}
        best = sorted(firsts.values(), key=lambda row: -row.score)[:count]
        if len(best) == count or len(rows) == num_found:
            return [Hit(row.key, row.score, row.columns, origin=origin) for row in best]
        num_found, room = len(rows), room * 4
    return None
