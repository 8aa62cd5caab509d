"""The frame of all pages that are served: what the set is, the question, tabs, conditions, the way to further pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from junco.errors import JuncoError
from junco.look.looked import PAGE_ROWS, Looked
from junco.look.query import Query
from junco.pages.letters import amount
from junco.pages.style import served, words

TABS = {"": "rows", "copies": "near-duplicates", "clusters": "clusters", "map": "map", "rejects": "rejects"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around each page.

    Args:
        looked: the set.
        base: the beginning of all addresses, with the token.
    """

    looked: Looked
    base: str

    def at(self, place: str = "", pairs: Sequence[tuple[str, str]] = ()) -> str:
        """The address of a page, as it stands in markup."""
        return words(self.address(place, pairs))

    def address(self, place: str = "", pairs: Sequence[tuple[str, str]] = ()) -> str:
        """The address of a page."""
        return f"{self.base}/{quote(place)}" + (f"?{urlencode(pairs)}" if pairs else "")

    def page(self, tab: str, body: str, query: Query | None = None) -> bytes:
        """A whole page.

        Args:
            tab: of `TABS`, which it belongs to.
            body: markup.
            query: what a page of rows looks for, which the boxes repeat; others have no conditions.
        """
        top = f'<div class="top">{self._head()}{self._tabs(tab)}{self._ask(query)}</div>'
        links = {name: self.address(name) for name in ("style.css", "look.css", "look.js")}
        title = f"{TABS[tab]} · {self.looked.title}" if tab else self.looked.title
        return served(title, f"{top}\n{body}", [links["style.css"], links["look.css"]], links["look.js"]).encode()

    def _head(self) -> str:
        found = self.looked.found
        told = [amount(len(found), "row")]
        told.append(str(found.space) if found.space is not None else "of an unknown space")
        name = f'<a href="{self.at()}"><bdi>{words(self.looked.title)}</bdi></a>'
        return f'<header><h1>{name}</h1><p class="faint">{words(" · ".join(told))}</p></header>'

    def _tabs(self, tab: str) -> str:
        shown = {place: name for place, name in TABS.items() if place != "rejects" or self.looked.rejects is not None}
        here = ' aria-current="page"'
        links = [
            f'<a href="{self.at(place)}"{here if place == tab else ""}>{name}</a>' for place, name in shown.items()
        ]
        return f'<nav class="tabs" aria-label="views">{"".join(links)}</nav>'

    def _ask(self, query: Query | None) -> str:
        why = self.looked.why_no_phrases()
        cannot = why and not why.startswith("its model")
        if cannot:
            return f'<p class="faint">rows can be asked with rows alone: {words(why)}</p>{self._filters(query, "")}'
        box = ""
        if not why:
            box = (
                f'<input type="search" name="q" value="{words(query.text if query else "")}" dir="auto" '
                'placeholder="what is looked for, in words" aria-label="what is looked for, in words">'
                "<button>search</button>"
            )
        send = (
            f'<form class="send" method="post" action="{self.at("ask")}" enctype="multipart/form-data">'
            '<label>or drop a file on the page, or choose one <input type="file" name="file" required></label>'
            "<button>search by it</button></form>"
        )
        return f"{self._filters(query, box)}{send}"

    def _filters(self, query: Query | None, box: str) -> str:
        """The form of the question with the conditions that go with it."""
        if query is None:
            return f'<form class="ask" role="search" action="{self.at()}">{box}</form>' if box else ""
        try:
            choices = self.looked.choices()
        except JuncoError:  # a set that was written anew meanwhile: the page says so
            choices = []
        chosen = dict(query.chosen)
        fields = [_select(choice.column, choice.values, chosen.get(choice.column, "")) for choice in choices]
        fields.append(
            '<label>where <input type="text" name="where" placeholder="a condition, as in: price &lt; 30" '
            f'value="{words(query.where)}" dir="auto"></label>'
        )
        if self.looked.has_pieces():
            checked = " checked" * query.by_input
            fields.append(f'<label><input type="checkbox" name="by_input" value="1"{checked}> one row an input</label>')
        kept = f'<input type="hidden" name="sent" value="{words(query.sent)}">' if query.sent and not box else ""
        is_open = " open" * bool(query.conditions or query.by_input)
        more = (
            f"<details{is_open}><summary>filters</summary><div>{''.join(fields)}<button>apply</button></div></details>"
        )
        return f'<form class="ask" role="search" action="{self.at()}">{box}{kept}{more}</form>'

    def pager(self, place: str, pairs: Sequence[tuple[str, str]], number: int, num_pages: int) -> str:
        """The way to further pages of a list.

        Args:
            place: of the list.
            pairs: what its address has else.
            number: of this page, from 1.
            num_pages: how many there are.
        """
        if num_pages < 2:
            return ""

        def link(other: int, text: str) -> str:
            if not 1 <= other <= num_pages or other == number:
                return f'<span class="faint">{text}</span>'
            others = [pair for pair in pairs if pair[0] != "page"]
            return f'<a href="{self.at(place, [*others, ("page", str(other))])}">{text}</a>'

        steps = [link(1, "first"), link(number - 1, "previous"), link(number + 1, "next"), link(num_pages, "last")]
        return (
            f'<nav class="pages" aria-label="pages">{" ".join(steps)} '
            f"<span>page {number:,} of {num_pages:,}</span></nav>"
        )


def num_pages(count: int, on_each: int = PAGE_ROWS) -> int:
    """Pages that so many take; one where there is nothing."""
    return max(1, -(-count // on_each))


def _select(column: str, values: Sequence[tuple[str, int]], chosen: str) -> str:
    options = [
        f'<option value="{words(value)}"{" selected" * (value == chosen)}>{words(value)} ({count:,})</option>'
        for value, count in values
    ]
    inner = f'<option value="">all</option>{"".join(options)}'
    return f'<label>{words(column)} <select name="is:{words(column)}">{inner}</select></label>'
