"""``document-decode.docx``: the text of a Word document, by mammoth."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from junco.builtin.document_decode.decode import DocumentDecode, Note, one_page
from junco.builtin.document_decode.html_text import all_text
from junco.builtin.extras import importing
from junco.errors import InputError
from junco.operator.options import option
from junco.types import Page
from junco.wording import brief

_BUFFER_BYTES = 1 << 20
_PARTS = (".xml", ".rels")
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))


class DocxDecode(DocumentDecode, family="document-decode", name="docx"):
    """Reads the text of a Word document (.docx): one page with all of it, since only Word knows where pages end.

    Headings, paragraphs, lists, tables (cells separated by tabs), footnotes and endnotes; of changes that are
    tracked what is there after them. Pictures, macros, headers and footers are left out; nothing outside the file is
    read.

    Args:
        max_unpacked_bytes: a document whose parts with text are larger when unpacked is refused before they are.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, encrypted, broken, too large or no .docx, with its name.
    """

    max_unpacked_bytes: int = option(64 * 2**20, least=1)

    def open(self) -> None:
        with importing("documents", self.name):
            import mammoth  # noqa: F401
            import selectolax.lexbor  # noqa: F401

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        self._check(file, name)
        yield one_page(all_text(_html_of(file, name)), note)

    def _check(self, file: IO[bytes], name: str) -> None:
        """Refuse an archive that unpacks to too much, or with a document type, by which XML reaches out or swells.

        Raises:
            InputError: with the document's name.
        """
        try:
            with zipfile.ZipFile(file) as archive:
                if "word/document.xml" not in archive.namelist():
                    raise InputError(f"{name}: no Word document: it has no word/document.xml")
                parts = [part for part in archive.infolist() if part.filename.lower().endswith(_PARTS)]
                if (size_bytes := sum(part.file_size for part in parts)) > self.max_unpacked_bytes:
                    raise InputError(
                        f"{name}: it unpacks to {size_bytes:,} bytes, which are more than "
                        f"max_unpacked_bytes={self.max_unpacked_bytes:,}"
                    )
                for part in parts:
                    _check_part(archive, part, name)
        except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{name}: a truncated, encrypted or broken .docx, or none: {brief(error)}") from error
        file.seek(0)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    before = b""
    with archive.open(part) as source:
        while piece := source.read(_BUFFER_BYTES):
            if any(doctype in before + piece for doctype in _DOCTYPES):
                raise InputError(f"{name}: {part.filename} declares a document type, which no .docx does")
            before = piece[-32:]


def _html_of(file: IO[bytes], name: str) -> str:
    """The document as mammoth gives it, pictures left out.

    Raises:
        InputError: it cannot be read.
    """
    import mammoth

    try:
        converted: Any = mammoth.convert_to_html(file, convert_image=lambda image: [], external_file_access=False)
    except MemoryError:
        raise
    except Exception as error:  # what mammoth raises on a broken document is not limited to any kind
        raise InputError(f"{name}: a broken .docx: {brief(error)}") from error
    html: str = converted.value
    return f"<body>{html}</body>"
