"""A data report in words: a verdict, figures, what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from junco.pages.letters import amount, duration, size
from junco.wording import some_listed

if TYPE_CHECKING:
    from junco.datasets.data_report import DataReport

_EVEN, _UNEVEN = 1.5, 10
_SHOWN = 5
_NAMED = {"picture": "picture", "sound": "sound", "video": "video", "text": "text", "other": "other file"}


def verdict(found: DataReport) -> list[str]:
    """What there is and what is wrong with it, a sentence each, the most important first."""
    what = amount(len(found.seen), "item")
    labels = f" of {amount(len(found.labels), 'label')}" if found.seen.labels is not None else ", without labels"
    parts = f" in {amount(len(found.parts), 'part')}" if len(found.parts) > 1 else ""
    wrong = [*_leaks(found), *_clashes(found), *_unreadable(found)]
    first = f"{what}{labels}{parts}: " + ("nothing is wrong" if found.is_clean else "; ".join(wrong))
    return list(filter(None, [first, balance(found), _copies(found)]))


def _leaks(found: DataReport) -> list[str]:
    said = []
    if found.leaks:
        said.append(f"{amount(len(found.leaks), 'group')} of equal items in more than one part")
    if found.near_leaks:
        said.append(f"{amount(len(found.near_leaks), 'group')} of near copies in more than one part")
    return said


def _clashes(found: DataReport) -> list[str]:
    return [f"{amount(len(found.clashes), 'group')} of equal items with different labels"] if found.clashes else []


def _unreadable(found: DataReport) -> list[str]:
    return [f"{amount(len(found.unreadable), 'item')} cannot be read"] if found.unreadable else []


def _copies(found: DataReport) -> str:
    count = sum(len(rows) - 1 for rows in found.copies)
    hold = "holds" if count == 1 else "hold"
    exact = f"{amount(count, 'item')} {hold} what another holds" if count else "no two items hold the same"
    if not found.near.how:
        return exact
    near = amount(len(found.near.groups), "group") if found.near.groups else "no groups"
    return f"{exact}; {near} of near copies, by {found.near.how}"


def balance(found: DataReport) -> str:
    """How evenly items are spread over labels; empty where there are none."""
    if found.seen.labels is None or len(found.labels) < 2:
        return "all items have one label: nothing can be told apart by it" if found.labels else ""
    counts = list(found.labels.values())
    ratio = max(counts) / min(counts)
    how = "balanced" if ratio <= _EVEN else "uneven" if ratio <= _UNEVEN else "very uneven"
    each = amount(counts[0], "item") if ratio == 1 else f"{min(counts):,} to {max(counts):,} items"
    return f"labels are {how}: {each} each"


def advice(found: DataReport) -> list[str]:
    """What to do, a line each."""
    said = []
    if found.leaks or found.near_leaks:
        said.append(
            "split anew by content ('junco data split'): what is measured by items that were learned says nothing"
        )
    if found.clashes:
        said.append("give equal items one label, or leave them out: nothing can be learned of them")
    if found.unreadable:
        said.append("mend what cannot be read, or take it out: training and jobs leave it out, and say so")
    rare = [str(label) for label, count in found.labels.items() if count < 4]
    if rare and len(found.labels) > 1:
        said.append(f"labels of fewer than four items cannot be measured well: {some_listed(rare)}")
    if missing := _missing(found):
        said.append(missing)
    return said


def _missing(found: DataReport) -> str:
    """Labels that stand in one part alone."""
    by_part = found.labels_by_part()
    alone = [label for label in map(str, found.labels) if sum(label in counts for counts in by_part.values()) == 1]
    if len(by_part) < 2 or not alone:
        return ""
    return f"labels that stand in one part alone: {some_listed(alone)}"


def figures(found: DataReport) -> list[tuple[str, str]]:
    """Names with what is said of each."""
    facts = found.seen.facts
    bytes_ = [each.num_bytes for each in facts]
    kinds = ", ".join(amount(count, _NAMED[kind]) for kind, count in found.kinds.most_common())
    rows = [
        ("items", kinds),
        ("size", f"{_size(sum(bytes_))}; an item {_range([float(each) for each in bytes_], size_of=True)}"),
        ("parts", ", ".join(f"{name} {count:,}" for name, count in found.parts.items())),
        ("shapes", _most(found.shapes.most_common(_SHOWN), len(found.shapes))),
        ("lasting", _range([each.seconds for each in facts if each.seconds is not None])),
        ("letters", _range([float(each.letters) for each in facts if each.letters is not None], plain=True)),
        ("scripts", _most(found.scripts.most_common(_SHOWN), len(found.scripts))),
    ]
    return [(name, said) for name, said in rows if said]


def _size(num_bytes: float) -> str:
    return size(int(num_bytes)) if num_bytes >= 1000 else amount(int(num_bytes), "byte")


def _range(values: Sequence[float], *, size_of: bool = False, plain: bool = False) -> str:
    if not values:
        return ""
    low, middle, high = min(values), median(values), max(values)
    if size_of:
        return f"{_size(low)} to {_size(high)}, {_size(middle)} in the middle"
    if plain:
        return f"{low:,.0f} to {high:,.0f}, {middle:,.0f} in the middle"
    return f"{duration(low)} to {duration(high)}, {duration(middle)} in the middle"


def _most(counts: Sequence[tuple[str, int]], number: int) -> str:
    more = f", {number - len(counts):,} more" if number > len(counts) else ""
    return ", ".join(f"{name} ({count:,})" for name, count in counts) + more


def lines(found: DataReport) -> list[str]:
    """All of it for a terminal."""
    said = [found.seen.name, *(f"  {line}" for line in verdict(found)), ""]
    rows = figures(found)
    width = max(len(name) for name, _ in rows)
    said += [f"  {name.ljust(width)}  {value}" for name, value in rows]
    if found.labels:
        shown = [(str(label), count) for label, count in found.labels.most_common(12)]
        said.append(f"  {'labels'.ljust(width)}  {_most(shown, len(found.labels))}")
    for title, groups in (
        ("in more than one part", found.leaks),
        ("near copies in more than one part", found.near_leaks),
        ("equal items, different labels", found.clashes),
    ):
        said += _groups(found, title, groups)
    leaks = {tuple(rows) for rows in found.near_leaks}
    said += _groups(found, "near copies", [rows for rows in found.near.groups if tuple(rows) not in leaks])
    if lost := found.unreadable:
        said += ["", "  cannot be read"]
        said += [f"    {found.seen.said(row)}: {found.seen.facts[row].problem}" for row in lost[:_SHOWN]]
        said += [f"    … {len(lost) - _SHOWN:,} more"] if len(lost) > _SHOWN else []
    said += ["", *(f"  → {line}" for line in advice(found))] if advice(found) else []
    told = [*found.seen.told, *found.near.told]
    return [*said, *(["", *(f"  {line}" for line in told)] if told else [])]


def _groups(found: DataReport, title: str, groups: Sequence[Sequence[int]]) -> list[str]:
    if not groups:
        return []
    said = ["", f"  {title}"]
    for rows in groups[:_SHOWN]:
        names = [found.seen.said(row) for row in rows[:3]]
        more = f" and {len(rows) - 3:,} more" if len(rows) > 3 else ""
        said.append(f"    {' = '.join(names)}{more}")
    return said + ([f"    … {amount(len(groups) - _SHOWN, 'more group')}"] if len(groups) > _SHOWN else [])
