"""``text-split.sentences``: a text → its sentences, or so many of them together, by ICU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from junco.builtin.extras import importing
from junco.builtin.text_split.characters import CharacterSplit
from junco.builtin.text_split.split import LibrarySplit, Span, TextSplit
from junco.operator.options import option

_ENDS, _OPENING = "。！？", "“‘"
_LOCALE = "en@ss=standard"


class SentenceSplit(TextSplit, family="text-split", name="sentences"):
    """Cuts a text into chunks of `size` sentences, as ICU finds their ends (Unicode Annex 29), Chinese 。！？ too.

    Abbreviations of English (``Mr.``, ``Dr.``) end no sentence. What has no ends, as tables and code, is cut at
    `max_characters` as `text-split.characters` cuts, and counts as so many sentences.

    Args:
        size: sentences in a chunk.
        overlap: the last sentences of a chunk that the next one repeats.
        trim: leave out white space at both ends of a chunk.
        wrapped: a line's end is only where the page was full, as in the text of a PDF: it ends no sentence, an empty
            line does. Otherwise each line is at least one sentence, as headings and items of lists are.
        max_characters: a longer sentence is cut.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
    """

    size: int = option(1, least=1)
    wrapped: bool = False
    max_characters: int = option(1000, least=1)
    _breaker: Any = None
    _cutter: LibrarySplit

    def open(self) -> None:
        with importing("documents", self.name):
            from icu4py.breakers import SentenceBreaker

        self._breaker = SentenceBreaker
        self._cutter = CharacterSplit(size=self.max_characters, overlap=0, trim=self.trim)
        self._cutter.ensure_open()

    def spans(self, text: str) -> Iterator[Span]:
        yield from _joined(self._sentences(text), self.size, self.overlap)

    def _sentences(self, text: str) -> Iterator[Span]:
        """Where each sentence starts and ends, those of white space alone left out."""
        start = end = 0
        for sentence in self._breaker(_unwrapped(text) if self.wrapped else text, _LOCALE):
            end += len(sentence)  # the offsets that ICU itself gives count UTF-16
            if text[end - 1] in _OPENING and text[max(start, end - 2) : end - 1] in tuple(_ENDS):
                stop = end - 1  # a mark that opens in Chinese closes in German, so ICU counts it to what stands before
            else:
                stop = end
            if stop - start > self.max_characters:
                yield from ((start + first, start + last) for first, last in self._cutter.spans(text[start:stop]))
            elif not text[start:stop].isspace():
                yield _trimmed(text, start, stop) if self.trim else (start, stop)
            start = stop


def _unwrapped(text: str) -> str:
    """The text, as long as before, with spaces for the ends of lines that no empty line follows."""
    import re

    return re.sub(r"(?<!\n)\r?\n(?![ \t]*\r?\n)", lambda found: " " * len(found[0]), text)


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


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
