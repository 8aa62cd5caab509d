"""What was held out, on a page: confusions, the worst mistakes with their neighbours, maps before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from junco.labelled.sets import PairSet, TripletSet
from junco.metrics.pairs import cosines
from junco.pages.chart import legend, swatch
from junco.pages.colours import ON_PAGES
from junco.pages.letters import amount
from junco.pages.matrix import matrix
from junco.pages.plane import flattened
from junco.pages.scatter import OTHER, scatter
from junco.pages.style import words
from junco.pages.summary import listing
from junco.tuning.held_out import MOST_LABELS, HeldOut, SeenLabels, name_of
from junco.tuning.mistakes import Votes, misplaced, most_confused, num_confused
from junco.tuning.shown import Shown, is_pictured
from junco.types import Vectors
from junco.types.unit import unit_rows

MOST_MISTAKES, OPEN_MISTAKES = 12, 6
"""That are shown, and that are not folded up."""
_NEAR = 3
_SIDE, _NEAR_SIDE = 220, 110
_LISTED, _SIDE_BY_SIDE = 20, 10


def seen(held_out: HeldOut) -> list[str]:
    """The parts of the page on what was held out."""
    shown = Shown()
    if (labels := held_out.labels) is not None:
        return [_confusions(labels), _mistakes(labels, shown), _maps(labels)]
    return [_worst(held_out, shown)]


def _card(title: str, said: str, inner: str) -> str:
    about = f'<span class="faint">{words(said)}</span>' if said else ""
    return f'<section class="card"><header><h2>{words(title)}</h2>{about}</header>{inner}</section>'


def _confusions(found: SeenLabels) -> str:
    said = f"by a vote of the {found.after.near.shape[1]} nearest of the others"
    if len(found.names) <= MOST_LABELS:
        both = "".join(map(matrix, ("before", "after"), (found.names,) * 2, found.confusions))
        said += "; a row for each label, a column for what it is taken for"
        look = "side" if len(found.names) <= _SIDE_BY_SIDE else "stack"
        return _card("What is taken for what", said, f'<div class="{look}">{both}</div>')
    rows = []
    for one, other, count in most_confused(found.codes, found.after.taken, _LISTED):
        was = num_confused(found.codes, found.before.taken, one, other)
        rows.append([found.names[one], found.names[other], f"{was:,}", f"{count:,}"])
    listed = listing(["label", "taken for, or the other way", "before", "after"], rows)
    return _card("The labels that are confused most", said, listed if rows else _none("no two labels are confused"))


def _none(said: str) -> str:
    return f'<p class="faint">{words(said)}</p>'


def _mistakes(found: SeenLabels, shown: Shown) -> str:
    count, looked = len(found.wrong), len(found.data)
    part = f", of {found.num_items:,} of which a part was looked at" if looked < found.num_items else ""
    said = f"{count:,} of {looked:,} items{part}; {found.num_mended:,} mended, {found.num_broken:,} new"
    worst = [_mistake(found, row, shown) for row in found.wrong[:MOST_MISTAKES].tolist()]
    more = _none(f"… {amount(count - len(worst), 'more mistake')}") if count > len(worst) else ""
    return _card("The worst mistakes", said, _folded(worst) + more or _none("none of the items is mistaken"))


def _folded(cards: Sequence[str]) -> str:
    """Cards side by side, of which the first are open."""
    if not cards:
        return ""
    shown, rest = ("".join(each) for each in (cards[:OPEN_MISTAKES], cards[OPEN_MISTAKES:]))
    more = f"<summary>{len(cards) - OPEN_MISTAKES} more</summary>"
    folded = f'<details>{more}<div class="mistakes">{rest}</div></details>' if rest else ""
    return f'<div class="mistakes">{shown}</div>{folded}'


def _mistake(found: SeenLabels, row: int, shown: Shown) -> str:
    label, taken = (found.names[each[row]] for each in (found.codes, found.after.taken))
    before = found.names[found.before.taken[row]]
    was = "right before" if before == label else "as before" if before == taken else f"{before} before"
    suspect = ' <span class="chip">its label may be wrong</span>' if row in found.suspects else ""
    what = f'<b>{words(label)}</b> taken for <b>{words(taken)}</b> <span class="faint">({words(was)})</span>{suspect}'
    item = shown.item(found.data.items[row], _SIDE, found.name(row))
    near = "".join(_near(found, row, *each, shown) for each in ((found.before, "before"), (found.after, "after")))
    return f'<article class="mistake"><div class="what">{what}</div>{item}{near}</article>'


def _near(found: SeenLabels, row: int, votes: Votes, when: str, shown: Shown) -> str:
    """The nearest neighbours, each with its label: pictures side by side, all else in lines."""
    inner = ""
    for other, cosine in zip(votes.near[row, :_NEAR].tolist(), votes.cosines[row, :_NEAR].tolist(), strict=True):
        same = " same" if found.codes[other] == found.codes[row] else ""
        said = f'{words(found.names[found.codes[other]])} <span class="faint">{cosine:.3f}</span>'
        body = shown.small(found.data.items[other], _NEAR_SIDE)
        inner += f'<div class="one{same}" title="{words(found.name(other))}">{body}{said}</div>'
    look = "near" if is_pictured(found.data.items[row]) else "near lines"
    return f'<div class="{look}"><span class="faint">{when}</span>{inner}</div>'


def _maps(found: SeenLabels) -> str:
    """Both maps, the second turned so that it lies as the first does as far as it can."""
    if len(found.data) < 3:
        return ""
    before, after = (flattened(unit_rows(each)) for each in found.vectors)
    counts = np.bincount(found.codes, minlength=len(found.names))
    largest = np.argsort(-counts, kind="stable")[: len(ON_PAGES)]
    colours = {found.names[code]: ON_PAGES[number] for number, code in enumerate(sorted(largest.tolist()))}
    labels = [found.names[code] for code in found.codes]
    names = [found.name(row) for row in range(len(labels))]
    wrong = [set(np.flatnonzero(each.taken != found.codes).tolist()) for each in (found.before, found.after)]
    places = (before.places, turned_like(after.places, before.places))
    drawn = "".join(
        scatter(when, each, labels, names, colours, ringed)
        for when, each, ringed in zip(("before", "after"), places, wrong, strict=True)
    )
    keys = [swatch(name, colour) for name, colour in colours.items()]
    if (others := len(found.names) - len(colours)) > 0:
        keys.append(swatch(amount(others, "other label"), OTHER))
    said = f"the two directions in which items differ most: {before.share:.0%} of it before, {after.share:.0%} after"
    told = _none("a ring: it is taken for another label; crowded parts have more room")
    return _card("Map", said, f'<div class="side">{drawn}</div>{legend(keys)}{told}')


def turned_like(places: Any, like: Any) -> Any:
    """Places mirrored and with their axes swapped, so that they lie nearest to others: directions have no sign.

    Args:
        places: (n, 2), from 0 to 1.
        like: (n, 2), of the same items.
    """
    mirrored = np.array([[False, False], [False, True], [True, False], [True, True]])
    ways = [np.where(axes, 1 - each, each) for each in (places, places[:, ::-1]) for axes in mirrored]
    return min(ways, key=lambda each: float(((each - like) ** 2).sum()))


def _worst(held_out: HeldOut, shown: Shown) -> str:
    """Of pairs, triplets and searches the worst."""
    if held_out.searched is not None:
        title, said, cards = "The worst searches", *_searches(held_out, shown)
    elif isinstance(held_out.data, PairSet):
        title, said, cards = "The worst pairs", *_scored(held_out, held_out.data, shown)
    else:
        assert isinstance(held_out.data, TripletSet)
        title, said, cards = "The worst triplets", *_triplets(held_out, held_out.data, shown)
    return _card(title, said, _folded(list(cards)) or _none("none"))


def _searches(held_out: HeldOut, shown: Shown) -> tuple[str, Iterator[str]]:
    assert held_out.searched is not None
    assert held_out.gallery is not None
    before, after = held_out.searched
    queries, answers = held_out.columns
    found = [answers[row] for row in held_out.gallery.rows.tolist()]
    worst = np.argsort(-after.ranks, kind="stable")[:MOST_MISTAKES]
    relevant = held_out.gallery.relevant

    def cards() -> Iterator[str]:
        for row in worst[after.ranks[worst] > 1].tolist():
            said = f"an answer is number {after.ranks[row]:,} of {len(found):,}, and was number {before.ranks[row]:,}"
            best = found[relevant[row][0]]
            yield _lines(said, [("asked", queries[row]), ("answer", best), ("found", found[after.first[row]])], shown)

    return f"{int((after.ranks > 1).sum()):,} of {len(queries):,} find no answer first", cards()


def _scored(held_out: HeldOut, data: PairSet, shown: Shown) -> tuple[str, Iterator[str]]:
    before, after = (cosines(*_two(each)) for each in (held_out.before, held_out.after))
    off = misplaced(after, np.asarray(data.scores, np.float64))
    worst = np.argsort(-np.abs(off), kind="stable")[:MOST_MISTAKES].tolist()

    def cards() -> Iterator[str]:
        for row in worst:
            more = "more" if off[row] > 0 else "less"
            said = (
                f"told {data.scores[row]:g}; cosine {after[row]:.3f}, {before[row]:.3f} before: {abs(off[row]):.0%} of "
                f"all places {more} alike than told"
            )
            yield _lines(said, [("one", data.left[row]), ("other", data.right[row])], shown)

    return "by their place in the order of cosines, beside that of the scores", cards()


def _triplets(held_out: HeldOut, data: TripletSet, shown: Shown) -> tuple[str, Iterator[str]]:
    before, after = (_margins(each) for each in (held_out.before, held_out.after))
    worst = [row for row in np.argsort(after, kind="stable")[:MOST_MISTAKES].tolist() if after[row] <= 0]

    def cards() -> Iterator[str]:
        for row in worst:
            said = f"margin {after[row]:+.3f}, {before[row]:+.3f} before"
            items = [("anchor", data.anchors[row]), ("alike", data.positives[row]), ("not alike", data.negatives[row])]
            yield _lines(said, items, shown)

    return f"{int((after <= 0).sum()):,} of {len(data):,} anchors are no nearer to what is alike", cards()


def _two(columns: tuple[Vectors, ...]) -> tuple[Vectors, Vectors]:
    return columns[0], columns[1]


def _margins(columns: tuple[Vectors, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    anchors, positives, negatives = columns
    return cosines(anchors, positives) - cosines(anchors, negatives)


def _lines(said: str, items: Sequence[tuple[str, Any]], shown: Shown) -> str:
    inner = "".join(
        f'<div title="{words(name_of(item))}"><span class="place">{name}</span>{shown.item(item, _SIDE)}</div>'
        for name, item in items
    )
    return f'<article class="mistake"><div class="what">{words(said)}</div>{inner}</article>'
