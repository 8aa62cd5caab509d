"""What each address answers with: rows, one row, groups, the map, rejects, small pictures and sounds."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from urllib.parse import quote

from junco.answers.brought import brought, names_a_file, why_not
from junco.answers.cards import cards, seen_of, short_name
from junco.answers.hits import Hit, Hits, said
from junco.errors import InputError, JuncoError
from junco.look.exchange import KEPT, Request, Response, sent_file
from junco.look.frame import Frame, num_pages
from junco.look.grouped import clusters, copies
from junco.look.looked import Looked
from junco.look.mapped import mapped
from junco.look.put_aside import put_aside
from junco.look.query import Query, number_of
from junco.look.thumbs import seen_at, sound, thumbnail
from junco.pages.letters import amount
from junco.pages.media import Media
from junco.pages.style import style, words

LARGE_SIDE = 720
NUM_LIKE = 24
_MOST_CELL = 600


class Views:
    """Answers to requests.

    Args:
        looked: the set.
        base: the beginning of all addresses, with the token.
    """

    def __init__(self, looked: Looked, base: str) -> None:
        self.looked, self.frame = looked, Frame(looked, base)
        self._see = seen_at(self.frame.at, sources=looked.sources)
        self._one: dict[str, Callable[[Request], Response]] = {
            "": self._rows,
            "copies": lambda request: self._page("copies", copies(self.looked, self.frame, request, self._see)),
            "clusters": lambda request: self._page("clusters", clusters(self.looked, self.frame, request, self._see)),
            "map": lambda request: self._page("map", mapped(self.looked, self.frame, request)),
            "rejects": lambda request: self._page("rejects", put_aside(self.looked, self.frame, request)),
            "style.css": lambda _: Response(style().encode(), "text/css; charset=utf-8", headers=KEPT),
            "look.css": lambda _: Response(_own("look.css"), "text/css; charset=utf-8", headers=KEPT),
            "look.js": lambda _: Response(_own("look.js"), "text/javascript; charset=utf-8", headers=KEPT),
        }
        self._of_a_row: dict[str, Callable[[Hit], Response]] = {
            "row": self._row,
            "thumb": self._thumb,
            "sound": self._sound,
        }

    def respond(self, request: Request) -> Response:
        """The answer to a request; what a user can mend is a page that says so."""
        try:
            return self._respond(request)
        except JuncoError as error:
            body = f'<p class="fail" role="alert" dir="auto">{words(str(error))}</p>'
            return Response(self.frame.page("", body), status=400)

    def _respond(self, request: Request) -> Response:
        place = request.place or ("",)
        if request.method == "POST":
            return self._sent(request) if place == ("ask",) else Response.missing()
        if len(place) == 1 and place[0] in self._one:
            return self._one[place[0]](request)
        if len(place) == 2 and place[0] in self._of_a_row:
            return self._of_number(self._of_a_row[place[0]], place[1])
        return Response.missing()

    def _of_number(self, view: Callable[[Hit], Response], text: str) -> Response:
        """Of a row by its number: whatever else stands in an address names nothing."""
        try:
            number = number_of(text, 0, len(self.looked.found) - 1)
        except InputError:
            return Response.missing()
        return view(self.looked.found.rows([number])[0])

    def _page(self, tab: str, body: str) -> Response:
        return Response(self.frame.page(tab, body))

    def _sent(self, request: Request) -> Response:
        return Response.to(self.frame.address("", [("sent", self.looked.ask(sent_file(request)))]))

    def _rows(self, request: Request) -> Response:
        """Rows in their order, or the nearest to a question."""
        query = Query.of(request.pairs)
        try:
            answer = self.looked.answer(query)
        except JuncoError as error:
            body = f'<p class="fail" role="alert" dir="auto">{words(str(error))}</p>'
            return Response(self.frame.page("", body, query), status=400)
        pager = self.frame.pager("", query.pairs(), query.page, num_pages(answer.num_rows))
        shown = self.listed(answer.hits)
        return Response(self.frame.page("", f"{self._heading(query, answer.num_rows)}{pager}{shown}{pager}", query))

    def _heading(self, query: Query, num_rows: int) -> str:
        count = amount(num_rows, "row") + (" that meet the conditions" if query.conditions else "")
        if query.sent:
            asked = self.looked.asked(query.sent)
            picture = f'<img class="asked-with" src="{self._inline(query.sent)}" alt="">' if asked.picture else ""
            return (
                f'{picture}<h2>like <bdi>{words(asked.name)}</bdi></h2><p class="faint">{count}, the nearest first</p>'
            )
        if query.text:
            return (
                f'<h2>nearest to “<bdi>{words(query.text)}</bdi>”</h2><p class="faint">{count}, the nearest first</p>'
            )
        return f'<p class="faint">{count} in the set\'s order; a click on one shows those like it</p>'

    def _inline(self, sent: str) -> str:
        """The picture that was sent, as data."""
        import base64

        picture = self.looked.asked(sent).picture
        assert picture is not None
        return f"data:{quote(picture.kind)};base64,{base64.b64encode(picture.data).decode('ascii')}"

    def listed(self, hits: Hits) -> str:
        """Cards, each of which leads to its row."""
        shown = cards(hits, self._see, lambda hit: self.frame.address(f"row/{hit.row}"))
        why = next(filter(None, (self._why_not(hit) for hit in hits)), "")
        note = f'<p class="cut" role="note">{words(why)}</p>' if why else ""
        return note + (shown or '<p class="faint">there is nothing to show</p>')

    def _why_not(self, hit: Hit) -> str:
        return why_not(hit, sources=self.looked.sources) if names_a_file(hit) else ""

    def _row(self, hit: Hit) -> Response:
        """A row in large, what the set holds of it, and those like it."""
        found = brought(hit, sources=self.looked.sources)
        cells = "".join(_cell(name, value) for name, value in {"input": hit.key, **hit.columns}.items())
        shown = f'<div class="large">{seen_of(found, Media(), side=LARGE_SIDE)}</div>'
        beside = [
            f'<a href="{self.frame.at(f"row/{number}")}">{name}</a>'
            for name, number in (("the row before", hit.row - 1), ("the row after", hit.row + 1))
            if 0 <= number < len(self.looked.found)
        ]
        head = f'<h2>row {hit.row:,} <bdi class="faint">{words(_name(hit))}</bdi></h2>'
        head += f'<nav class="pages" aria-label="rows beside it">{" ".join(beside)}</nav>'
        like = f"<h2>like this one</h2>{self.listed(self.looked.like(hit.row, NUM_LIKE))}"
        table = f'<div class="scroll"><table>{cells}</table></div>'
        return self._page("", f'{head}<div class="one">{shown}{table}</div>{like}')

    def _thumb(self, hit: Hit) -> Response:
        make = lambda: thumbnail(hit, sources=self.looked.sources)  # noqa: E731  one line of two
        return Response.of_file(self.looked.files(hit.row, make))

    def _sound(self, hit: Hit) -> Response:
        file = sound(hit, sources=self.looked.sources)
        return Response.missing() if file is None else Response.of_file(file)


def _name(hit: Hit) -> str:
    """Of the file that a row came from; a text is shown itself."""
    return short_name(hit.key) if names_a_file(hit) else ""


def _cell(name: str, value: object) -> str:
    text = said(value) or ("" if value is None else str(value))
    shown = text if len(text) <= _MOST_CELL else f"{text[:_MOST_CELL]}… ({len(text):,} letters)"
    return f'<tr><th scope="row">{words(name)}</th><td dir="auto">{words(shown)}</td></tr>'


def _own(name: str) -> bytes:
    return files("junco.look").joinpath(name).read_bytes()
