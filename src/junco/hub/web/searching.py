"""The search: words, facets, an order, page by page. The address says all of it, so that it can be kept and sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.repos import search
from junco.hub.server.visits import Visit, needs
from junco.hub.web.render import page
from junco.hub.web.rows import rows_of

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
FACETS = {"kind": "Kind", "family": "Family", "task": "Task", "licence": "Licence"}
MARKS = {"signed": "With a signature", "unsafe": "Unsafe files"}
CHOICES = (
    ("signed", "yes", "With a signature"),
    ("unsafe", "no", "Without unsafe files"),
    ("unsafe", "yes", "With unsafe files"),
)
"""What may be chosen of `MARKS`, in words."""
SORTS = {
    "trending": "Rising",
    "downloads": "Most downloads",
    "likes": "Most likes",
    "updated": "Last updated",
    "created": "Newest",
    "name": "Name",
}
_PAGE, _LONGEST = 30, 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, as the address has it.

    Attributes:
        words: in the field.
        chosen: values by the names of `FACETS`, and of `MARKS` (``yes`` or ``no``).
        sort: one of `SORTS`.
        after: the cursor of the page before.
    """

    words: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    sort: str = "trending"
    after: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What is chosen, by facet."""
        return dict(self.chosen)

    @property
    def address(self) -> str:
        """Of the page of this search."""
        given = {"q": self.words, **self.values, "sort": self.sort if self.sort != "trending" else ""}
        text = urlencode({name: value for name, value in {**given, "after": self.after or ""}.items() if value})
        return f"/search?{text}" if text else "/search"

    def with_(self, facet: str, value: str | None) -> Asked:
        """The same with another value of a facet; ``None`` leaves it open."""
        others = tuple(each for each in self.chosen if each[0] != facet)
        return replace(self, chosen=(*others, (facet, value)) if value is not None else others, after=None)

    def on_page(self, after: str | None) -> Asked:
        """The same, on another page."""
        return replace(self, after=after)

    def query(self) -> search.Query:
        """As the tables are asked."""
        values = self.values
        marks = {name: values[name] == "yes" if name in values else None for name in MARKS}
        return search.Query(
            words=self.words,
            facets=tuple((name, values[name]) for name in FACETS if name in values),
            signed=marks["signed"],
            unsafe=marks["unsafe"],
            sort=self.sort,
            limit=_PAGE,
            after=self.after,
        )


def asked_of(request: Request) -> Asked:
    """What an address asks for; what it does not know is passed over."""
    given = {name: value.strip()[:_LONGEST] for name, value in request.query_params.items()}
    chosen = [(name, given[name]) for name in FACETS if given.get(name)]
    chosen += [(name, given[name]) for name in MARKS if given.get(name) in {"yes", "no"}]
    after = request.query_params.get("after") or None
    return Asked(given.get("q", ""), tuple(chosen), given.get("sort") or "trending", after)


@routes.get("/search")
def find(visit: _Open, request: Request) -> Response:
    """What is found."""
    asked = asked_of(request)
    with visit.hub.database.reading() as session:
        found = search.search(session, visit.actor, asked.query(), facets=True)
        rows = rows_of(session, found.rows)
    return page(
        request,
        visit,
        "search.html",
        wanted=asked,
        rows=rows,
        total=found.total or 0,
        next=asked.on_page(found.next).address if found.next else None,
        counts=found.facets or {},
        facets=FACETS,
        choices=CHOICES,
        sorts=SORTS,
    )
