"""``document-decode.text``: plain text and Markdown, in whatever encoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from junco.builtin.document_decode.decode import DocumentDecode, Note, one_page
from junco.builtin.document_decode.kinds import check_text
from junco.operator.options import option
from junco.places.encodings import check_encoding, decoded
from junco.types import Page


class TextDecode(DocumentDecode, family="document-decode", name="text"):
    """Reads a text file as it is (Markdown too, for `text-split.markdown`): one page with all of it.

    Its encoding is that of its mark (BOM), else UTF-8 where it follows its rules, else the likeliest (GB18030, Big5,
    Shift-JIS, UTF-16, Windows-1252 …, by charset-normalizer), which is noted as assumed.

    Args:
        encoding: what the text is in, where that is known: then nothing is assumed.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, too large or no text, with its name.
    """

    encoding: str | None = option(None, check=check_encoding)

    packages = {"charset_normalizer": "documents"}

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        content = file.read()
        check_text(content[:64], name)
        found = decoded(content, name, self.encoding)
        if found.is_assumed:
            note("assumed")
        yield one_page(found.text, note)
