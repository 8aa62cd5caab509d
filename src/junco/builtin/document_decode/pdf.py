"""``document-decode.pdf``: the text of a PDF, page by page, by PDFium."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO, Any

from junco.builtin.document_decode.decode import DocumentDecode, Note
from junco.builtin.document_decode.pdfium import PDFIUM, opened_pdf, page_of
from junco.operator.notes import Word
from junco.operator.options import option
from junco.types import Page

# A carriage return that no line feed follows, and other control characters, are glyphs that a font names wrongly.
_CONTROLS = dict.fromkeys(c for c in range(32) if chr(c) not in "\t\n")
OCR_READS_SCANS: Mapping[Word, str] = MappingProxyType(
    {
        "empty": "if its pages are pictures of text, document-decode.ocr reads them",
        "cut": "document-decode.ocr reads pages that are pictures",
    }
)
_HYPHEN = "\ufffe"  # PDFium's sign for a hyphen that is there only because the line is full


class PdfDecode(DocumentDecode, family="document-decode", name="pdf"):
    """Reads the text that stands in a PDF: a page for each of its pages, one by one, whatever their number.

    It is PDFium's text with a line feed at the end of each line, and words joined that are hyphenated there. A page
    without text, as a scan is, gives an empty page: where all are, the document is noted as empty, and where only some
    are and hold pictures, as cut; `document-decode.ocr` reads those. Scripts, forms' actions and attachments are left
    alone.

    Args:
        password: opens an encrypted document.
        max_pages: a document with more is refused before any is read.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, encrypted, broken, too large or no PDF, with its name.
    """

    cures = OCR_READS_SCANS

    password: str | None = None
    max_pages: int = option(100_000, least=1)

    packages = {"pypdfium2": "documents"}

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        num_silent = num_pictures = 0
        with opened_pdf(file, name, self.password, self.max_pages) as document:
            for number in range(1, len(document) + 1):
                with PDFIUM, page_of(document, number, name) as page:
                    text = _text_of(page)
                    if not text.strip():
                        num_silent += 1
                        num_pictures += _has_picture(page)
                if number == len(document):
                    _tell(note, num_silent, num_pictures, number)
                yield Page(text, number)


def _text_of(page: Any) -> str:
    lines = page.get_textpage()
    try:
        text: str = lines.get_text_range()
    finally:
        lines.close()
    return text.replace("\r\n", "\n").replace(_HYPHEN, "").translate(_CONTROLS)


def _has_picture(page: Any) -> bool:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    return any(True for _ in page.get_objects(filter=(FPDF_PAGEOBJ_IMAGE,), max_depth=3))


def _tell(note: Note, num_silent: int, num_pictures: int, num_pages: int) -> None:
    if num_silent == num_pages:
        note("empty")
    elif num_pictures:
        note("cut")
