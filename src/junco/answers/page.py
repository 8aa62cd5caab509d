"""Answers as pages that stand alone: for each question, or each group, a card for each row.

A page holds no more rows than a phone shows quickly. What is more stands on further pages in a folder beside the first,
so that nothing is left out; where the many pictures end, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from junco.answers.brought import Brought, brought, kind_of
from junco.answers.cards import See, cards, in_words, read_again, seen_of, short_name
from junco.answers.groups import Group, Groups, read_together
from junco.answers.hits import Hit, Hits
from junco.errors import TargetError
from junco.pages.letters import amount
from junco.pages.media import Media
from junco.pages.style import page, words
from junco.pages.summary import titled

if TYPE_CHECKING:
    from junco.answers.vector_set import VectorSet

_NOTHING = '<p class="faint">nothing alike was found</p>'
MOST_ROWS = 200
"""On one page."""
MOST_PARTS = 100
"""Answers and groups on one page."""
SET_ROWS = 12
"""Of a set that are shown where nothing was asked of it."""
OPEN_ROWS = 12
"""Of a group that are shown; the others are folded up beneath them."""
MOST_BYTES = 20_000_000
"""Of pictures and sounds on a page; what comes after them has its words alone."""
SEEN_PAGES = 10
"""Pages with pictures: to read a hundred thousand again would take hours."""


class Part(NamedTuple):
    """Rows that stand together on a page.

    Attributes:
        hits: the rows; of a group they are read when its page is written.
        heading: the question, or empty for a group.
        number: of the group; 0 for an answer.
        first: how many rows of the same answer or group stand on pages before.
        num_rows: of the whole answer or group.
    """

    hits: Sequence[Hit]
    heading: str
    number: int
    first: int
    num_rows: int

    @property
    def anchor(self) -> str:
        """Where a link to it leads."""
        return f"group-{self.number}"


def write_answers(path: Path, title: str, answers: Iterable[Hits], *, sources: bool = False) -> list[Path]:
    """Write answers as a page, and further ones where there are many rows.

    Args:
        path: of the first page; further ones lie in a folder beside it.
        title: what was searched.
        answers: one for each question, at least one.
        sources: show also what lies neither beneath the working folder nor beneath the set's.

    Returns:
        All pages, the first one first.

    Raises:
        TargetError: a file cannot be written.
    """
    parts = list(_parts_of_answers(answers))
    return _write(path, title or parts[0].heading, [_title(title)], parts, sources=sources)


def write_groups(path: Path, title: str, groups: Groups, *, sources: bool = False) -> list[Path]:
    """Write groups as a page, a sheet of each; else as `write_answers`."""
    lead = [_title(title), f'<p class="faint">{words(groups.headline)}</p>'] if title else [_title(groups.headline)]
    return _write(path, title or groups.headline, lead, list(_parts_of_groups(groups)), sources=sources)


def answers_body(title: str, answers: Iterable[Hits], *, sources: bool = False) -> str:
    """The markup of the first page of answers, as a notebook shows it."""
    return _alone([_title(title)], list(_parts_of_answers(answers)), sources=sources)


def groups_body(title: str, groups: Groups, *, sources: bool = False) -> str:
    """The markup of the first page of groups, as a notebook shows it."""
    lead = [_title(title), f'<p class="faint">{words(groups.headline)}</p>']
    return _alone(lead, list(_parts_of_groups(groups)), sources=sources)


def set_body(found: VectorSet) -> str:
    """The markup of a set: what it is, and its first rows, with what there is to see of them beneath its folders."""
    hits = found.rows(range(min(len(found), SET_ROWS)))
    more = len(found) - len(hits)
    left = [f"… {amount(more, 'more row')}"] if more > 0 else []
    name, _, said = repr(found)[1:-1].partition(": ")
    return titled(name, said, left, cards(hits, read_again(Media(MOST_BYTES))))


def _alone(lead: list[str], parts: list[Part], *, sources: bool) -> str:
    first, *others = _pages(parts)
    left = sum(len(part.hits) for page in others for part in page)
    more = f'<p class="faint">… {amount(left, "more row")}: .save("page.html") writes all</p>' if left else ""
    return "\n".join([*lead, *_sections(first, sources=sources, is_read=True), more])


def _title(title: str) -> str:
    return f'<h1 dir="auto">{words(title)}</h1>' if title else ""


def _parts_of_answers(answers: Iterable[Hits]) -> Iterator[Part]:
    for hits in answers:
        yield from _cut(hits, hits.question, 0)


def _parts_of_groups(groups: Groups) -> Iterator[Part]:
    for number, group in enumerate(groups, 1):
        yield from _cut(group, "", number)


def _cut(hits: Sequence[Hit], heading: str, number: int) -> Iterator[Part]:
    """An answer or a group in parts that fit a page; one without rows is a part, too."""
    for first in range(0, max(1, len(hits)), MOST_ROWS):
        yield Part(hits[first : first + MOST_ROWS], heading, number, first, len(hits))


def _pages(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts in their order, as many on each page as there is room for."""
    pages: list[list[Part]] = [[]]
    room = MOST_ROWS
    for part in parts:
        if pages[-1] and (len(part.hits) > room or len(pages[-1]) >= MOST_PARTS):
            pages.append([])
            room = MOST_ROWS
        pages[-1].append(part)
        room -= len(part.hits)
    return pages


def _write(path: Path, title: str, lead: list[str], parts: list[Part], *, sources: bool) -> list[Path]:
    pages = _pages(parts)
    folder = path.with_name(f"{path.stem}-pages")
    places = [path, *(folder / f"{number}.html" for number in range(2, len(pages) + 1))]
    try:
        if len(pages) > 1:
            folder.mkdir(exist_ok=True)
        for number, (place, shown) in enumerate(zip(places, pages, strict=True)):
            links, is_read = _links(places, number), number < SEEN_PAGES
            body = [*lead, links, _contents(shown), *_sections(shown, sources=sources, is_read=is_read), links]
            place.write_text(page(title, "\n".join(filter(None, body))), "utf-8")
        _forget(folder, len(pages))
    except OSError as error:
        raise TargetError(f"{error.filename or path} cannot be written: {error.strerror or error}") from None
    return places


def _forget(folder: Path, num_pages: int) -> None:
    """Remove the pages of a longer answer that was written there before."""
    number = max(2, num_pages + 1)
    while (old := folder / f"{number}.html").is_file():
        old.unlink()
        number += 1


def _links(places: Sequence[Path], number: int) -> str:
    """From a page to the others, and what is not on it."""
    if len(places) == 1:
        return ""

    def link(other: int, text: str) -> str:
        if not 0 <= other < len(places) or other == number:
            return f'<span class="faint">{text}</span>'
        name = places[other].name
        inside = name if (other == 0) == (number == 0) else f"{places[1].parent.name}/{name}" if other else f"../{name}"
        return f'<a href="{quote(inside)}">{text}</a>'

    last = len(places) - 1
    said = f"page {number + 1:,} of {len(places):,}"
    if last >= SEEN_PAGES:
        said += f"; pictures stand on the first {SEEN_PAGES}, junco look shows all"
    steps = [link(0, "first"), link(number - 1, "previous"), link(number + 1, "next"), link(last, "last")]
    return f'<nav class="pages" aria-label="pages">{" ".join(steps)} <span>{said}</span></nav>'


def _contents(parts: Sequence[Part]) -> str:
    """Links to the groups on a page."""
    links = [f'<a class="chip" href="#{p.anchor}">{p.number} · {p.num_rows:,}</a>' for p in parts if p.number]
    return f'<nav class="contents" aria-label="groups">{" ".join(links)}</nav>' if len(links) > 1 else ""


def _sections(parts: Sequence[Part], *, sources: bool, is_read: bool) -> Iterator[str]:
    media = Media(MOST_BYTES)
    see = read_again(media, sources=sources) if is_read else in_words
    for part in _read(parts):
        yield _group(part, see) if part.number else _answer(part, see, media)


def _read(parts: Sequence[Part]) -> list[Part]:
    """The parts of a page with their rows: those of its groups are read at once, and of other pages none."""
    read = iter(read_together([part.hits for part in parts if isinstance(part.hits, Group)]))
    return [part._replace(hits=next(read)) if isinstance(part.hits, Group) else part for part in parts]


def _answer(part: Part, see: See, media: Media) -> str:
    head = f'<h2 dir="auto" title="{words(part.heading)}">{words(short_name(part.heading))}</h2>{_count(part)}'
    asked = "" if part.first else _asked(part.heading, media)
    shown = cards(part.hits, see) or _NOTHING
    if asked:
        shown = f'<div class="asked"><div>{asked}</div><div>{shown}</div></div>'
    return f'<section class="card"><header>{head}</header>{shown}</section>'


def _group(part: Part, see: See) -> str:
    head = f'<span class="number">{part.number}</span><h2>{amount(part.num_rows, "row")}</h2>'
    head += _count(part) if len(part.hits) < part.num_rows else ""
    shown, folded = cards(part.hits[:OPEN_ROWS], see), part.hits[OPEN_ROWS:]
    if folded:
        shown += f"<details><summary>{amount(len(folded), 'more row')}</summary>{cards(folded, see)}</details>"
    anchor = f' id="{part.anchor}"' if not part.first else ""
    return f'<section class="card"{anchor}><header>{head}</header>{shown}</section>'


def _count(part: Part) -> str:
    """How many rows there are, and which of them these are."""
    what = amount(part.num_rows, "row")
    if len(part.hits) < part.num_rows:
        what = f"rows {part.first + 1:,}–{part.first + len(part.hits):,} of {part.num_rows:,}"
    return f'<span class="faint">{what}</span>'


def _asked(question: str, media: Media) -> str:
    """The picture or sound that was asked with, which the caller named; nothing of a phrase that ends like one."""
    found = brought(Hit(question, 1.0), sources=True) if kind_of(question) in ("picture", "sound") else Brought(None)
    return "" if found.whole is None else seen_of(found, media)
