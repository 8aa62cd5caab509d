"""PDFium, which is inside one thread at a time, whichever operators of a process use it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from junco.builtin.document_decode.pdf_limits import check_pdf
from junco.errors import InputError

PDFIUM = threading.RLock()
"""Held around each of its calls, never while rows are waited for; a generator may be ended within another call."""


@contextmanager
def opened_pdf(file: IO[bytes], name: str, password: str | None, max_pages: int) -> Iterator[Any]:
    """A PDF's document, of pypdfium2.

    Raises:
        InputError: it is encrypted, broken or no PDF, has no page or too many, or a page takes too much (`check_pdf`).
    """
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(file, password=password)
        except pypdfium2.PdfiumError as error:
            file.seek(0)
            # PDFium's last error may be that of another document.
            if error.err_code != FPDF_ERR_PASSWORD or b"/Encrypt" not in file.read():
                raise InputError(f"{name}: a truncated or broken PDF, one without pages, or none") from error
            cure = "the password is wrong" if password else "give its password as the option 'password'"
            raise InputError(f"{name}: an encrypted PDF: {cure}") from error
    try:
        if not (num_pages := len(document)):
            raise InputError(f"{name}: a PDF without pages")
        if num_pages > max_pages:
            raise InputError(f"{name}: {num_pages:,} pages are more than max_pages={max_pages:,}")
        with PDFIUM:
            check_pdf(document, name)
        yield document
    finally:
        with PDFIUM:
            document.close()


@contextmanager
def page_of(document: Any, number: int, name: str) -> Iterator[Any]:
    """A document's page, counted from 1, for whoever holds `PDFIUM`.

    Raises:
        InputError: it cannot be read.
    """
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        raise InputError(f"{name}: page {number} is broken: {error}") from error
    try:
        yield page
    except pypdfium2.PdfiumError as error:
        raise InputError(f"{name}: page {number} cannot be read: {error}") from error
    finally:
        page.close()
