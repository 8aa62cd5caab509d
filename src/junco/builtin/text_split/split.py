"""`TextSplit`: what the members of text-split share: exact offsets, and windows, so that a long text takes no longer
by the character than a short one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from junco.errors import InputError, ParameterError
from junco.neural.texts import checked_texts
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Chunk
from junco.wording import picture

_AFTER_SPACE = re.compile(r"(?<=\s)(?=\S)")

Span = tuple[int, int]
"""Where a piece starts and ends in its text."""


class Splitter(Protocol):
    """A splitter of the library semantic-text-splitter."""

    def chunk_indices(self, text: str) -> list[tuple[int, str]]: ...


class TextSplit(Operator):
    """Base of operators that cut a text into chunks: ``text[chunk.start:chunk.end] == chunk.text`` for each of them.

    Where ``trim`` is on, a chunk begins and ends with no white space (as `str.strip` knows it), and a text without
    anything else gives none. Where it is off and ``overlap`` is 0, the chunks together are the text.

    Args:
        size: the most that a chunk holds.
        overlap: how much of a chunk's end the next one may repeat.
        trim: leave out white space at both ends of a chunk.
    """

    size: int = option(1000, least=1)
    overlap: int = option(0, least=0)
    trim: bool = True

    hints = Hints(max_batch=1, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        if self.overlap >= self.size:
            raise ParameterError(f"{self.name!r}: overlap={self.overlap} must be less than size={self.size}")

    def stream(self, text: str) -> Iterator[Chunk]:
        checked_texts([text], self.name)
        told = 0
        for start, end in self.spans(text):
            first, last = trimmed(text, start, end) if self.trim else (start, end)
            if last > told and first < last:  # else it repeats what the one before holds, or is white space
                yield Chunk(text[first:last], first, last)
                told = last

    def spans(self, text: str) -> Iterator[Span]:
        """Where the chunks of a text start and end."""
        raise NotImplementedError


def trimmed(text: str, start: int, end: int) -> Span:
    """A piece of a text without the white space at its ends; of white space alone nothing."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip())
    return first, max(first, start + len(piece.rstrip()))


class LibrarySplit(TextSplit):
    """A `TextSplit` by semantic-text-splitter: https://github.com/benbrandt/text-splitter."""

    counts_characters: ClassVar[bool] = True
    """Whether sizes and overlaps are in characters."""
    _splitter: Splitter | None = None
    _plain: Splitter | None = None

    def open(self) -> None:
        from semantic_text_splitter import TextSplitter

        how: dict[str, Any] = {"overlap": self.overlap, "trim": self.trim}
        self._splitter = self.splitter(how)
        self._plain = TextSplitter(self.size, **how)

    def splitter(self, how: dict[str, Any]) -> Splitter:
        """The library's splitter, made with these options."""
        raise NotImplementedError

    def window_characters(self) -> int:
        """How much of a text the library sees at once: its time grows with the square of a paragraph's length."""
        return max(4096, 8 * self.size)

    def spans(self, text: str) -> Iterator[Span]:
        """Window by window; the last chunk of one, which its end may have cut short, is where the next begins."""
        at, width, last = 0, self.window_characters(), 0
        while at < len(text):
            found = self._found(text[at : at + width])
            is_last = at + width >= len(text)
            if len(found) > 1 and not is_last:
                following = at + found.pop()[0]
            else:
                following = at + width
            for start, chunk in found:
                if (end := at + start + len(chunk)) > last:  # else a window begins with what was repeated already
                    yield self._begun(text, at + start, last), end
                    last = end
            at = following

    def _begun(self, text: str, start: int, last: int) -> int:
        """Where a chunk starts after one that ended at ``last``: the library may repeat more than it was asked for."""
        least = last - self.overlap
        if start >= least or not self.counts_characters:
            return start
        word = _AFTER_SPACE.search(text, least, last)
        return word.end() if word is not None else last

    def _found(self, window: str) -> list[tuple[int, str]]:
        """The library's chunks; by characters alone, noted as assumed, where it fails at the window's structure.

        Raises:
            InputError: it fails at that, too.
        """
        for splitter in (self._splitter, self._plain):
            assert splitter is not None, "open() comes before batch()"
            try:
                return splitter.chunk_indices(window)
            except BaseException as error:  # a panic of Rust is no Exception, and its class has no place to come from
                if type(error).__name__ != "PanicException":
                    raise
                self.note("assumed", (0,))
        raise InputError(f"{self.name!r}: the library fails at the text {picture(window)}")
