"""Which rows are held out: drawn by a seed and by what items hold, so that neither order nor names of files matter."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from junco.pages.letters import amount
from junco.wording import and_listed

Digests = Sequence[bytes]
_TO_BE_FOUND, _TO_HOLD_TWO = 2, 4
"""Contents that a label needs for one to find another, and to have two of them held out."""
_MOST_NAMED = 5
_NEAR = 0.05
"""By so much a share may be missed without a word."""
_BITS = 64


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows of each side.

    Attributes:
        train, held: numbers of rows, ascending.
        told: what was decided on the way, a line each.
    """

    train: list[int]
    held: list[int]
    told: list[str] = field(default_factory=list)


def drawn_by_label(labels: Sequence[Hashable], contents: Digests, share: float, seed: int) -> Drawn:
    """A share of each label's items; those of one content stay together.

    A label of at least two contents has one on each side, of at least four two that are held out, so that one can find
    the other. Where labels are too small for that, whole labels are held out.

    Args:
        labels: of each row.
        contents: of each row; equal ones have one label.
        share: of the rows.
        seed: of what is drawn.
    """
    groups: dict[Hashable, dict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (label, content) in enumerate(zip(labels, contents, strict=True)):
        groups[label][content].append(row)
    if all(len(each) < _TO_HOLD_TWO for each in groups.values()):
        whole = _whole_labels(groups, share, seed)
        if whole is not None:
            return _sides(len(labels), whole, [_whole_told(groups, whole, labels)])
    held = [row for each in groups.values() for row in _of_label(each, share, seed)]
    return _sides(len(labels), held, [*_alone(groups), *_told_share(len(held), len(labels), share)])


def _alone(groups: dict[Hashable, dict[bytes, list[int]]]) -> list[str]:
    """What is said of labels that cannot stand on both sides."""
    alone = [label for label, each in groups.items() if len(each) == 1]
    if not alone:
        return []
    some = and_listed(
        [*map(str, alone[:_MOST_NAMED]), *([f"{len(alone) - _MOST_NAMED:,} more"] if alone[_MOST_NAMED:] else [])]
    )
    return [f"{amount(len(alone), 'label')} of one content each, to train alone, and measured by nothing: {some}"]


def _of_label(groups: dict[bytes, list[int]], share: float, seed: int) -> list[int]:
    """The rows of a label that are held out."""
    order = sorted(groups.items(), key=lambda each: _number(each[0], seed))
    wanted = max(round(share * sum(map(len, groups.values()))), 1, 2 if len(order) >= _TO_HOLD_TWO else 1)
    taken = _taken([rows for _, rows in order], wanted)
    if not taken and len(order) > 1:  # each is there more often than is wanted
        taken = [min((rows for _, rows in order), key=len)]
    return [row for rows in taken[: len(order) - 1] for row in rows]


def _taken(groups: Sequence[list[int]], wanted: int) -> list[list[int]]:
    """Groups in their order that make as many rows as are wanted, and no more."""
    found: list[list[int]] = []
    left = wanted
    for rows in groups:
        if len(rows) <= left:
            found.append(rows)
            left -= len(rows)
    return found


def _whole_labels(groups: dict[Hashable, dict[bytes, list[int]]], share: float, seed: int) -> list[int] | None:
    """The rows of whole labels; ``None`` where too few labels have two contents to be told apart by them."""
    several = [label for label, each in groups.items() if len(each) >= _TO_BE_FOUND]
    wanted = max(2, round(share * len(several)))
    if len(several) < wanted + 2:
        return None
    chosen = sorted(several, key=lambda label: _number(min(groups[label]), seed))[:wanted]
    return [row for label in chosen for rows in groups[label].values() for row in rows]


def _whole_told(groups: dict[Hashable, dict[bytes, list[int]]], held: Sequence[int], labels: Sequence[Hashable]) -> str:
    chosen = len({labels[row] for row in held})
    return (
        f"labels have too few items each to stand on both sides and be measured: {chosen:,} of {len(groups):,} labels "
        "are held out whole"
    )


def drawn_by_group(columns: Sequence[Digests], share: float, seed: int, what: str) -> Drawn:
    """A share of the rows; rows that hang together through items of one content stay together.

    Where nearly all hang together, each item is given a side, and rows whose items are on both are left out.

    Args:
        columns: of each column of items what they hold.
        share: of the rows.
        seed: of what is drawn.
        what: rows are called, for messages: ``pairs``.
    """
    count = len(columns[0])
    groups: dict[int, list[int]] = defaultdict(list)
    for row, root in enumerate(_roots(columns)):
        groups[root].append(row)
    least = {root: min(column[row] for row in rows for column in columns) for root, rows in groups.items()}
    order = sorted(groups, key=lambda root: _number(least[root], seed))
    wanted = max(1, round(share * count))
    held = [row for rows in _taken([groups[root] for root in order], wanted) for row in rows]
    if len(held) * 2 >= wanted or len(columns) == 1:
        return _sides(count, held, _told_share(len(held), count, share))
    return _crossing(columns, share, seed, what)


def _crossing(columns: Sequence[Digests], share: float, seed: int, what: str) -> Drawn:
    """A side for each item: drawn for what asks; of others that of what they belong to, where it is all on one."""
    most = int(share * 2**_BITS)

    def is_drawn(content: bytes) -> bool:
        return _number(content, seed) < most

    asks = list(map(is_drawn, columns[0]))
    sides: dict[bytes, set[bool]] = defaultdict(set)
    for column in columns[1:]:
        for content, side in zip(column, asks, strict=True):
            sides[content].add(side)
    side_of = {content: next(iter(each)) if len(each) == 1 else is_drawn(content) for content, each in sides.items()}
    side_of.update(zip(columns[0], asks, strict=True))  # what asks somewhere is there as it is drawn
    kept: dict[bool, list[int]] = {True: [], False: []}
    for row, contents in enumerate(zip(*columns, strict=True)):
        if len(found := {side_of[content] for content in contents}) == 1:
            kept[found.pop()].append(row)
    left_out = len(columns[0]) - len(kept[True]) - len(kept[False])
    told = (
        f"nearly all {what} hang together through items that they share: {left_out:,} of {len(columns[0]):,} would "
        "stand on both sides, and are left out"
    )
    return Drawn(kept[False], kept[True], [told])


def _roots(columns: Sequence[Digests]) -> list[int]:
    """For each row a number that is the same for all that hang together: connected components of contents."""
    parents: list[int] = []
    numbers: dict[bytes, int] = {}

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = node = parents[parents[node]]
        return node

    first = []
    for contents in zip(*columns, strict=True):
        nodes = []
        for content in contents:
            if content not in numbers:
                numbers[content] = len(parents)
                parents.append(len(parents))
            nodes.append(root(numbers[content]))
        least = min(nodes)
        for node in nodes:
            parents[root(node)] = least
        first.append(nodes[0])
    return [root(node) for node in first]


def _number(content: bytes, seed: int) -> int:
    """A number below 2^64 that a content draws."""
    told = hashlib.blake2b(content, digest_size=_BITS // 8, key=str(seed).encode()[:64])
    return int.from_bytes(told.digest(), "big")


def _sides(count: int, held: Sequence[int], told: list[str]) -> Drawn:
    is_held = set(held)
    return Drawn([row for row in range(count) if row not in is_held], sorted(is_held), told)


def _told_share(num_held: int, count: int, share: float) -> list[str]:
    found = num_held / count
    if abs(found - share) <= _NEAR:
        return []
    return [f"{num_held:,} of {count:,} are held out, {found:.0%} where {share:.0%} was asked for: groups are not cut"]
