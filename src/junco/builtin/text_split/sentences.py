"""``text-split.sentences``: a text → its sentences, or so many of them together, by ICU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from junco.builtin.text_split.abbreviations import LOOKED_AT, goes_on
from junco.builtin.text_split.characters import CharacterSplit
from junco.builtin.text_split.neighbours import ITEM, with_neighbours
from junco.builtin.text_split.split import LIBRARY, LibrarySplit, Span, TextSplit, trimmed
from junco.operator.options import option

_ENDS, _OPENING = "。！？", "“‘"
_LOCALE = "en@ss=standard"
_LEAST_WIDTH = 40
"""Characters of the longest line: where all are shorter, no page was full."""
_FULL = 0.8
"""Of the longest line: letters differ in width."""
_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on stand the characters of East Asia, between any two of which a line may end."""


class SentenceSplit(TextSplit, family="text-split", name="sentences"):
    """Cuts a text into chunks of `size` sentences, as ICU finds their ends (Unicode Annex 29), Chinese 。！？ too.

    Abbreviations that something follows (``Mr.``, ``Dr.``, ``e.g.``, ``z. B.``, ``Nr. 5``), initials before a name and
    German dates end no sentence. One letter after a capital word (``George W. Bush``) is an initial, unless the word is
    known to take letters (``Hepatitis B.``) or the next one to begin sentences. What has no ends, as tables and code,
    is cut at `max_characters` as `text-split.characters` cuts, and counts as so many sentences. What says nothing alone
    is one sentence with its neighbour, up to `max_characters`: a heading (of Markdown, or a short line without an end
    above a sentence or a list) with the text below it, a scrap (a page number, a bullet, a ``No.``) with what it stands
    beside.

    Args:
        size: sentences in a chunk.
        overlap: the last sentences of a chunk that the next one repeats.
        trim: leave out white space at both ends of a chunk.
        wrapped: a line that is full, as in the text of a PDF, ends no sentence: the next line goes on. Headings, items
            of lists and whatever else ends before the page's edge still do. Otherwise each line is at least one
            sentence.
        max_characters: a longer sentence is cut.
        least_letters: a sentence with fewer is joined to a neighbour; a letter of East Asia counts as two.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
    """

    size: int = option(1, least=1)
    wrapped: bool = False
    max_characters: int = option(1000, least=1)
    least_letters: int = option(4, least=0)
    packages = {"icu4py": "documents", **LIBRARY}
    _breaker: Any = None
    _cutter: LibrarySplit

    def open(self) -> None:
        from icu4py.breakers import SentenceBreaker

        self._breaker = SentenceBreaker
        self._cutter = CharacterSplit(size=self.max_characters, overlap=0, trim=False)
        self._cutter.ensure_open()

    def spans(self, text: str) -> Iterator[Span]:
        sentences = with_neighbours(text, self._told(text), self.least_letters, self.max_characters)
        yield from _joined(sentences, self.size, self.overlap)

    def _sentences(self, text: str) -> Iterator[Span]:
        """Where each sentence starts and ends; together they are the text."""
        start = end = 0
        flowing = _unwrapped(text) if self.wrapped else text
        for sentence in self._breaker(flowing, _LOCALE):
            end += len(sentence)  # the offsets that ICU itself gives count UTF-16
            if text[end - 1] in _OPENING and text[max(start, end - 2) : end - 1] in tuple(_ENDS):
                stop = end - 1  # a mark that opens in Chinese closes in German, so ICU counts it to what stands before
            else:
                stop = end
            if goes_on(flowing[max(start, stop - LOOKED_AT) : stop], flowing[stop : stop + LOOKED_AT]):
                continue
            yield from self._pieces(text, start, stop)
            start = stop
        if start < end:
            yield from self._pieces(text, start, end)

    def _pieces(self, text: str, start: int, end: int) -> Iterator[Span]:
        """A sentence, cut where it is too long."""
        if end - start > self.max_characters:
            yield from ((start + first, start + last) for first, last in self._cutter.spans(text[start:end]))
        else:
            yield start, end

    def _told(self, text: str) -> Iterator[Span]:
        """Sentences; those of white space alone go with the one before, or the first one, or if trimmed nowhere."""
        held: Span | None = None
        for start, end in self._sentences(text):
            is_blank = text[start:end].isspace()
            if self.trim:
                if not is_blank:
                    yield trimmed(text, start, end)
            elif held is None:
                held = start, end
            elif (is_blank or text[held[0] : held[1]].isspace()) and end - held[0] <= self.max_characters:
                held = held[0], end
            else:
                yield held
                held = start, end
        if held is not None:
            yield held


def _unwrapped(text: str) -> str:
    """The text, as long as before, with spaces for the ends of lines that are full."""
    lines = text.splitlines(keepends=True)
    width = max((len(line.rstrip()) for line in lines), default=0)
    if width < _LEAST_WIDTH:
        return text
    return "".join(
        line.rstrip() + " " * (len(line) - len(line.rstrip())) if _goes_on(line.rstrip(), after, width) else line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    )


def _goes_on(line: str, after: str, width: int) -> bool:
    """Whether the first word of the next line had no more room in this one; an item of a list begins anew."""
    word = after.lstrip().split(maxsplit=1)[:1]
    if not line or not word or ITEM.match(after) is not None:
        return False
    num_characters = 1 if word[0][0] >= _FIRST_WITHOUT_SPACES else len(word[0])
    return len(line) + 1 + num_characters > _FULL * width


def _joined(sentences: Iterable[Span], size: int, overlap: int) -> Iterator[Span]:
    """So many sentences together, the last ones of a group repeated by the next."""
    held: list[Span] = []
    num_new = 0
    for sentence in sentences:
        held.append(sentence)
        num_new += 1
        if len(held) == size:
            yield held[0][0], held[-1][1]
            held, num_new = held[size - overlap :], 0
    if num_new:
        yield held[0][0], held[-1][1]
