"""A fingerprint by which the same data is known, and what is kept of one side of a split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from junco.labelled.content import contents_of
from junco.labelled.lazy import called
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TrainSet, columns_in

MOST_NAMED = 10_000
"""Of more items, or labels, names are not kept."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of one side.

    Attributes:
        num_items: items, pairs, triplets or queries.
        counts: how many items each label has.
        fingerprint: sha256 of all contents with their labels and scores, whatever their order.
        names: of the items; none where there are very many.
    """

    num_items: int
    counts: dict[str, int]
    fingerprint: str
    names: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; of very many labels their number and the extremes."""
        plain: dict[str, Any] = {"num_items": self.num_items, "fingerprint": self.fingerprint}
        if not self.counts:
            return plain
        plain |= {
            "num_labels": len(self.counts),
            "smallest": min(self.counts.values()),
            "largest": max(self.counts.values()),
        }
        return plain | ({"counts": self.counts} if len(self.counts) <= MOST_NAMED else {})

    def named(self) -> dict[str, Any]:
        """The items' names; of very many the fingerprint stands for them."""
        return {"names": list(self.names)} if self.names else {"sha256": self.fingerprint}


def side_of(data: TrainSet, contents: Sequence[Sequence[bytes]]) -> Side:
    """What is kept of a set.

    Args:
        data: the set.
        contents: of each column, what its items hold.
    """
    found = data.counts if isinstance(data, LabelledSet) else {}
    counts = {str(label): count for label, count in sorted(found.items())}
    names = _names(data) if len(data) <= MOST_NAMED else ()
    return Side(len(data), counts, fingerprint(contents, _extras(data)), names)


def _names(data: TrainSet) -> tuple[str, ...]:
    items, keys = columns_in(data)[0], getattr(data, "keys", ())
    return tuple(keys) if len(keys) == len(items) else tuple(called(item, at) for at, item in enumerate(items))


def fingerprint(contents: Sequence[Sequence[bytes]], extras: Sequence[Any] = ()) -> str:
    """A sha256 that is the same for the same rows in any order.

    Args:
        contents: of each column.
        extras: of each row a label or score; empty: there are none.
    """
    rows = [b"".join(each) for each in zip(*contents, strict=True)]
    told = [repr(each).encode("utf-8", "surrogatepass") for each in extras] or [b""] * len(rows)
    whole = hashlib.sha256()
    for row in sorted(map(bytes.__add__, rows, told)):
        whole.update(len(row).to_bytes(8, "big") + row)
    return whole.hexdigest()


def _extras(data: TrainSet) -> Sequence[Any]:
    if isinstance(data, LabelledSet):
        return data.labels
    return data.scores if isinstance(data, PairSet) else ()


def fingerprint_of(data: AnySet, *, are_texts: bool = False) -> str | None:
    """The fingerprint of a set by which something is measured, as training notes it of its sides.

    Of a retrieval set it holds what is searched and what answers, too.

    Args:
        data: the set.
        are_texts: texts are items themselves, and name no files.

    Returns:
        64 hexadecimal digits; ``None`` where nobody can tell what some items hold.
    """
    found = [contents_of(column, are_texts=are_texts) for column in columns_in(data)]
    if any(each.unknown or each.unreadable for each in found):
        return None
    digests = [each.digests for each in found]
    if not isinstance(data, RetrievalSet):
        return fingerprint(digests, _extras(data))
    of_answer = dict(zip(data.corpus, digests[1], strict=True))
    relevant = [data.relevant.get(query, {}) for query in data.queries]
    answers = [
        sorted((of_answer[name].hex(), gain) for name, gain in each.items() if name in of_answer) for each in relevant
    ]
    return fingerprint([[fingerprint([digests[1]]).encode()] * len(digests[0]), digests[0]], answers)
