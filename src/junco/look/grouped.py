"""Near-duplicates and clusters: sheets of groups, and one group whole."""

from __future__ import annotations

from collections.abc import Sequence

from junco.answers.cards import See, cards
from junco.answers.groups import Scored
from junco.errors import InputError
from junco.look.exchange import Request
from junco.look.frame import Frame, num_pages
from junco.look.looked import PAGE_ROWS, Looked
from junco.look.query import number_of
from junco.pages.letters import amount
from junco.pages.style import words

PAGE_GROUPS, SHEET_ROWS = 20, 12
ABOVE, COUNT, MOST_COUNT = 0.95, 12, 1_000
_MOST_PAGE = 1_000_000


def copies(looked: Looked, frame: Frame, request: Request, see: See) -> str:
    """Groups of near-duplicates as markup.

    Raises:
        InputError: an address that no page of ours leads to.
    """
    above = _cosine(request.get("above", f"{ABOVE:g}"))
    field = (
        f'<label>alike by a cosine of <input type="number" name="above" min="0.01" max="1" step="0.01" '
        f'value="{above:g}"></label>'
    )
    note = "groups of rows that are connected by cosines that high; a score is that to the row most like it"
    return _shown(
        frame, looked, request, see, looked.copies(above), _Sheets("copies", ("above", f"{above:g}"), field, note)
    )


def clusters(looked: Looked, frame: Frame, request: Request, see: See) -> str:
    """Clusters as markup.

    Raises:
        InputError: an address that no page of ours leads to.
        MissingExtraError: scikit-learn is not there.
    """
    count = number_of(request.get("count", str(COUNT)), 1, MOST_COUNT)
    field = f'<label>clusters <input type="number" name="count" min="1" max="{MOST_COUNT}" value="{count}"></label>'
    note = "by k-means; the most typical rows of each first, a score is the cosine to its middle"
    return _shown(
        frame, looked, request, see, looked.clusters(count), _Sheets("clusters", ("count", str(count)), field, note)
    )


class _Sheets:
    """What tells the two lists of groups apart."""

    def __init__(self, tab: str, pair: tuple[str, str], field: str, note: str) -> None:
        self.tab, self.pair, self.field, self.note = tab, pair, field, note


def _shown(frame: Frame, looked: Looked, request: Request, see: See, groups: Sequence[Scored], sheets: _Sheets) -> str:
    page = number_of(request.get("page", "1"), 1, _MOST_PAGE)
    form = f'<form class="of-groups" action="{frame.at(sheets.tab)}">{sheets.field} <button>show</button></form>'
    listing = _Listing(frame, looked, see, sheets)
    if which := request.get("group"):
        return form + listing.whole(groups, number_of(which, 1, max(1, len(groups))), page)
    return form + listing.all(groups, page)


class _Listing:
    """Groups on pages."""

    def __init__(self, frame: Frame, looked: Looked, see: See, sheets: _Sheets) -> None:
        self._frame, self._looked, self._see, self._sheets = frame, looked, see, sheets

    def all(self, groups: Sequence[Scored], page: int) -> str:
        """A sheet of each."""
        num_rows = sum(len(rows) for rows, _ in groups)
        alone = amount(len(self._looked.found) - num_rows, "row")
        told = (
            f"{amount(len(groups), 'group')} of {amount(num_rows, 'row')}; in none: {alone}" if groups else "no groups"
        )
        first = (page - 1) * PAGE_GROUPS
        shown = groups[first : first + PAGE_GROUPS]
        pager = self._frame.pager(self._sheets.tab, [self._sheets.pair], page, num_pages(len(groups), PAGE_GROUPS))
        contents = [
            f'<a class="chip" href="#group-{number}">{number} · {len(rows):,}</a>'
            for number, (rows, _) in enumerate(shown, first + 1)
        ]
        links = f'<nav class="contents" aria-label="groups">{" ".join(contents)}</nav>' if len(contents) > 1 else ""
        sections = [self._sheet(number, group) for number, group in enumerate(shown, first + 1)]
        return f'<p class="faint">{words(told)} · {self._sheets.note}</p>{pager}{links}{"".join(sections)}{pager}'

    def _sheet(self, number: int, group: Scored) -> str:
        rows, _ = group
        left = len(rows) - SHEET_ROWS
        address = self._frame.at(self._sheets.tab, [self._sheets.pair, ("group", str(number))])
        more = f'<p><a href="{address}">{amount(left, "more row")}</a></p>' if left > 0 else ""
        return (
            f'<section class="card" id="group-{number}"><header><span class="number">{number}</span>'
            f"<h2>{amount(len(rows), 'row')}</h2></header>{self._cards(group, 0, SHEET_ROWS)}{more}</section>"
        )

    def whole(self, groups: Sequence[Scored], number: int, page: int) -> str:
        """One group, on pages."""
        if not groups:
            raise InputError("there are no groups")
        group, first = groups[number - 1], (page - 1) * PAGE_ROWS
        pairs = [self._sheets.pair, ("group", str(number))]
        pager = self._frame.pager(self._sheets.tab, pairs, page, num_pages(len(group[0])))
        back = f'<a href="{self._frame.at(self._sheets.tab, [self._sheets.pair])}">all groups</a>'
        head = f"<h2>group {number}</h2><p>{back} · {amount(len(group[0]), 'row')}</p>"
        return f"{head}{pager}{self._cards(group, first, first + PAGE_ROWS)}{pager}"

    def _cards(self, group: Scored, first: int, last: int) -> str:
        rows, scores = group
        hits = self._looked.found.rows(rows[first:last].tolist(), scores[first:last].tolist())
        return cards(hits, self._see, lambda hit: self._frame.address(f"row/{hit.row}"))


def _cosine(text: str) -> float:
    try:
        return float(text[:20])
    except ValueError:
        raise InputError(f"{text[:40]!r} is no number") from None
