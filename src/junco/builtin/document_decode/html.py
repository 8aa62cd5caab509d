"""``document-decode.html``: the text of a web page: its main text, or all that a browser would show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Literal

from junco.builtin.document_decode.decode import DocumentDecode, Note, one_page
from junco.builtin.document_decode.html_text import all_text, check_attributes, check_depth
from junco.errors import InputError
from junco.operator.options import option
from junco.places.encodings import Decoded, check_encoding, declarable, decoded
from junco.types import Page

_DECLARED_WITHIN = 4096
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)


class HtmlDecode(DocumentDecode, family="document-decode", name="html"):
    """Reads the text of a web page that has been saved: one page with all of it. Nothing is fetched.

    Its encoding is that of its mark (BOM), else what it declares, else UTF-8 where it follows its rules, else the
    likeliest. Where the declaration is wrong or missing, or bytes fit nothing and become ``�``, that is noted as
    assumed.

    Args:
        content: ``main`` is the text without navigation, advertisements and footers, as trafilatura finds it (where it
            finds none, all text, noted as assumed); ``all`` is what a browser would show, scripts and styles left out.
        encoding: what the page is in, where that is known.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, too large, binary, nested too deep, or has
            a tag with too many attributes, with its name.
    """

    content: Literal["main", "all"] = "main"
    encoding: str | None = option(None, check=check_encoding)

    packages = dict.fromkeys(("charset_normalizer", "selectolax", "trafilatura"), "documents")

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        found = html_of(file.read(), name, self.encoding)
        check_depth(found.text, name)
        check_attributes(found.text, name)
        text = main_text(found.text) if self.content == "main" else None
        if found.is_assumed or (text is None and self.content == "main"):
            note("assumed")
        yield one_page(all_text(found.text) if text is None else text, note)


def html_of(content: bytes, name: str, encoding: str | None) -> Decoded:
    """The page's source; bytes that fit its encoding nowhere become ``�``, as in a browser.

    Raises:
        InputError: it is binary.
    """
    match = _DECLARED.search(content[:_DECLARED_WITHIN])
    declared = (match[1] or match[2]).decode("ascii", "replace") if match is not None else None
    try:
        return decoded(content, name, encoding, declared)
    except InputError:
        text = content.decode(encoding or declarable(declared) or "utf-8", "replace")
        if text.count("\0") or text.count("�") * 10 > len(text):
            raise
        return Decoded(text, is_assumed=True)


def main_text(html: str) -> str | None:
    """What the page is about, as trafilatura finds it; ``None`` where it finds nothing."""
    import trafilatura

    return trafilatura.extract(html, include_comments=False, include_tables=True, favor_recall=True) or None
