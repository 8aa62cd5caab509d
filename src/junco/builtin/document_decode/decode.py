"""`DocumentDecode`: what the members of document-decode share: a source is opened, and pages come one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from junco.builtin.decoder import Decoder
from junco.errors import InputError
from junco.operator.hints import Hints
from junco.operator.notes import Word
from junco.operator.options import option
from junco.types import Page

Note = Callable[[Word], None]
"""Says something of the document, at most once each word."""


class DocumentDecode(Decoder):
    """Base of operators that read the text of a document's pages.

    Args:
        max_bytes: a larger file is refused before it is read.
    """

    what = "document"
    max_bytes: int = option(256 * 2**20, least=1)

    hints = Hints(max_batch=1, thread_safe=True, releases_gil=True)
    keeps_space = True

    def stream(self, source: Any) -> Iterator[Page]:
        with self.opened(source) as (file, name):
            size_bytes = file.seek(0, 2)
            file.seek(0)
            if size_bytes > self.max_bytes:
                raise InputError(f"{name}: {size_bytes:,} bytes are more than max_bytes={self.max_bytes:,}")
            yield from self.pages(file, name, lambda word: self.note(word, (0,)))

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        """The pages of a document.

        Args:
            file: at its start.
            name: the document's, for messages.
            note: called with what is to be said of the document.
        """
        raise NotImplementedError


def one_page(text: str, note: Note) -> Page:
    """All of a document that has no pages; whether there is anything in it is noted."""
    if not text.strip():
        note("empty")
    return Page(text, 1)
