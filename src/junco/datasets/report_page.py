"""A data report as a page: the verdict, figures, balance, what is wrong, and some items of each label to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from junco.datasets.facts import SOUND, TEXT
from junco.datasets.report_text import advice, figures, verdict
from junco.datasets.tiles import tile, tiles
from junco.pages.letters import amount
from junco.pages.style import words
from junco.pages.summary import listing
from junco.tuning.shown import Shown

if TYPE_CHECKING:
    from junco.datasets.data_report import DataReport

_MOST_LABELS, _MOST_TILES, _LEAST_TILES, _ALL_TILES = 40, 8, 3, 160
_MOST_GROUPS, _MOST_OF_GROUP, _MOST_LISTED = 12, 6, 50
_SIDE, _LARGER = 120, 150


def body(found: DataReport) -> str:
    """The markup of all of it."""
    shown = Shown()
    parts = [
        summary(found),
        _groups(found, shown, "In more than one part", found.leaks, "the same content, byte for byte"),
        _groups(found, shown, "Near copies in more than one part", found.near_leaks, found.near.how),
        _groups(found, shown, "Equal items, different labels", found.clashes, "nothing can be learned of these"),
        _unreadable(found),
        _groups(found, shown, "Near copies", _others(found.near.groups, found.near_leaks), found.near.how),
        _groups(found, shown, "Copies", _others(found.copies, [*found.leaks, *found.clashes]), "byte for byte"),
        _sheet(found, shown),
        _told(found),
    ]
    return "\n".join(filter(None, parts))


def summary(found: DataReport) -> str:
    """The markup of its numbers, as a notebook shows it: no item is read."""
    first, *rest = verdict(found)
    head, _, said = first.partition(": ")
    look = "lead" if found.is_clean else "lead doubt"
    lines = "".join(f'<p class="faint">{words(line)}</p>' for line in rest)
    listed = "".join(f"<li>{words(line)}</li>" for line in advice(found))
    advised = f'<ul class="advice">{listed}</ul>' if listed else ""
    rows = "".join(f"<tr><td>{words(name)}</td><td>{words(value)}</td></tr>" for name, value in figures(found))
    return (
        f'<h1 dir="auto">{words(found.seen.name)}</h1><p class="faint">{words(head)}</p>'
        f'<p class="{look}"><b>{words(said)}</b></p>{lines}{advised}'
        + _card("What there is", "", f'<table class="facts">{rows}</table>')
        + _balance(found)
    )


def _card(title: str, said: str, inner: str) -> str:
    about = f'<span class="faint">{words(said)}</span>' if said else ""
    return f'<section class="card"><header><h2>{words(title)}</h2>{about}</header>{inner}</section>' if inner else ""


def _balance(found: DataReport) -> str:
    """A bar for each label, and how many items of it each part has."""
    if len(found.labels) < 2:
        return ""
    most = max(found.labels.values())
    by_part = found.labels_by_part()
    head = "".join(f'<th class="figure">{words(name)}</th>' for name in ("items", *by_part))
    rows = []
    for label, count in found.labels.most_common(_MOST_LABELS):
        cells = [count, *(counts.get(str(label), 0) for counts in by_part.values())]
        numbers = "".join(f'<td class="figure{" bad" if not each else ""}">{each:,}</td>' for each in cells)
        bar = '<td class="amount"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        bar += f'<rect width="{100 * count / most:.2f}" height="8"/></svg></td>'
        rows.append(f"<tr><td><b>{words(str(label))}</b></td>{bar}{numbers}</tr>")
    hidden = len(found.labels) - len(rows)
    more = f'<p class="faint">… {amount(hidden, "more label")}</p>' if hidden > 0 else ""
    table = f'<table class="balance"><tr><th>label</th><th></th>{head}</tr>{"".join(rows)}</table>'
    return _card("Labels", f"{len(found.labels):,}", f'<div class="scroll">{table}</div>{more}')


def _others(groups: Sequence[list[int]], shown: Sequence[list[int]]) -> list[list[int]]:
    """The groups that do not stand on the page already."""
    there = {tuple(rows) for rows in shown}
    return [rows for rows in groups if tuple(rows) not in there]


def _groups(found: DataReport, shown: Shown, title: str, groups: Sequence[list[int]], said: str) -> str:
    """Groups of items side by side, each on a line of its own."""
    if not groups:
        return ""
    parts, look = [], _look(found)
    for rows in groups[:_MOST_GROUPS]:
        inner = [_tile(found, row, shown, _SIDE) for row in rows[:_MOST_OF_GROUP]]
        more = f'<p class="faint">… {len(rows) - _MOST_OF_GROUP:,} more</p>' if len(rows) > _MOST_OF_GROUP else ""
        parts.append(f'<div class="together">{tiles(inner, look)}{more}</div>')
    hidden = len(groups) - _MOST_GROUPS
    more = f'<p class="faint">… {amount(hidden, "more group")}; .to_dict() lists them</p>' if hidden > 0 else ""
    return _card(title, f"{amount(len(groups), 'group')}: {said}", "".join(parts) + more)


def _tile(found: DataReport, row: int, shown: Shown, side: int) -> str:
    seen = found.seen
    label = str(seen.labels[row]) if seen.labels is not None else ""
    said = " · ".join(filter(None, (seen.parts[row], label, seen.keys[row].rpartition("/")[2])))
    return tile(seen.items[row], said, seen.said(row), shown, side)


def _unreadable(found: DataReport) -> str:
    lost = found.unreadable
    rows = [[found.seen.said(row), found.seen.facts[row].problem] for row in lost[:_MOST_LISTED]]
    more = f'<p class="faint">… {len(lost) - _MOST_LISTED:,} more</p>' if len(lost) > _MOST_LISTED else ""
    return _card("Cannot be read", amount(len(lost), "item"), listing(["item", "why"], rows) + more if rows else "")


def _sheet(found: DataReport, shown: Shown) -> str:
    """Some items of each label, evenly spaced; of data without labels of all."""
    seen = found.seen
    lost = set(found.unreadable)
    rows_of: dict[str, list[int]] = {}
    for row in range(len(seen)):
        if row not in lost:
            rows_of.setdefault(str(seen.labels[row]) if seen.labels is not None else "", []).append(row)
    look = _look(found)
    labels = sorted(rows_of, key=lambda label: -len(rows_of[label]))
    count = max(_LEAST_TILES, min(_MOST_TILES, _ALL_TILES // max(1, len(labels)))) if seen.labels is not None else 48
    parts = []
    for label in labels[:_MOST_LABELS]:
        rows = rows_of[label]
        chosen = [rows[at * len(rows) // min(count, len(rows))] for at in range(min(count, len(rows)))]
        inner = tiles((_plain(found, row, shown) for row in chosen), look)
        title = f'<h3>{words(label)} <span class="faint">{len(rows):,}</span></h3>' if label else ""
        parts.append(f'<div class="class">{title}{inner}</div>')
    hidden = len(labels) - _MOST_LABELS
    more = f'<p class="faint">… {amount(hidden, "more label")}</p>' if hidden > 0 else ""
    return _card("Some of each label" if seen.labels is not None else "Some of them", "", "".join(parts) + more)


def _look(found: DataReport) -> str:
    """How items are laid out: texts beneath each other, players wide, pictures side by side."""
    if found.is_mostly(TEXT):
        return "texts"
    return "tiles wide" if found.is_mostly(SOUND) else "tiles"


def _plain(found: DataReport, row: int, shown: Shown) -> str:
    key = found.seen.keys[row].rpartition("/")[2]
    said = "" if found.is_mostly(TEXT) or key.startswith("item ") else key
    return tile(found.seen.items[row], said, found.seen.said(row), shown, _LARGER)


def _told(found: DataReport) -> str:
    told = [*found.seen.told, *found.near.told]
    return _card("What was found out on the way", "", "".join(f'<p class="faint">{words(line)}</p>' for line in told))
