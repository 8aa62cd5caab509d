"""``document-decode.auto``: text, Markdown, HTML, PDF or docx, by what is in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO, Literal

from junco.builtin.document_decode.decode import DocumentDecode, Note
from junco.builtin.document_decode.docx import DocxDecode
from junco.builtin.document_decode.html import HtmlDecode
from junco.builtin.document_decode.kinds import Kind, kind_of
from junco.builtin.document_decode.pdf import OCR_READS_SCANS, PdfDecode
from junco.builtin.document_decode.text import TextDecode
from junco.operator.options import option
from junco.places.encodings import check_encoding
from junco.types import Page


class AutoDecode(DocumentDecode, family="document-decode", name="auto"):
    """Reads a document of any kind that the family's other members read (scans are left to `document-decode.ocr`).

    The kind is that of the content, whatever the name says; the name only decides whether a file that begins with a
    fragment of HTML is Markdown (``.md``, ``.txt``). What is of no kind is read as text, if it is one.

    Args:
        content: of a web page the ``main`` text, or ``all``.
        encoding: what texts and web pages are in, where that is known.
        password: opens encrypted PDFs.
        max_pages: a PDF with more is refused before any is read.
        max_unpacked_bytes: a .docx whose parts with text are larger when unpacked is refused.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, encrypted, broken, too large or no document, with its name.
    """

    cures = OCR_READS_SCANS

    content: Literal["main", "all"] = "main"
    encoding: str | None = option(None, check=check_encoding)
    password: str | None = None
    max_pages: int = option(100_000, least=1)
    max_unpacked_bytes: int = option(64 * 2**20, least=1)

    packages = {**DocxDecode.packages, **HtmlDecode.packages, **PdfDecode.packages, **TextDecode.packages}
    _members: Mapping[Kind, DocumentDecode] = MappingProxyType({})

    def open(self) -> None:
        self._members = {
            "docx": DocxDecode(max_bytes=self.max_bytes, max_unpacked_bytes=self.max_unpacked_bytes),
            "html": HtmlDecode(content=self.content, encoding=self.encoding, max_bytes=self.max_bytes),
            "pdf": PdfDecode(password=self.password, max_pages=self.max_pages, max_bytes=self.max_bytes),
            "text": TextDecode(encoding=self.encoding, max_bytes=self.max_bytes),
        }
        for member in self._members.values():
            member.ensure_open()

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        yield from self._members[kind_of(file, name)].pages(file, name, note)
