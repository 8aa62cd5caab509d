"""``document-decode.docx``: the text of a Word document, by mammoth."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from junco.builtin.document_decode.decode import DocumentDecode, Note, one_page
from junco.builtin.document_decode.html_text import all_text
from junco.errors import InputError
from junco.operator.options import option
from junco.types import Page
from junco.wording import brief

_BUFFER_BYTES = 1 << 20
_PARTS = (".xml", ".rels")
_MOST_PARTS = 10_000
_MOST_ELEMENTS = 1_000_000
"""Tags of all parts: about half a minute's work; a thousand pages have some hundred thousand."""
_MOST_REFERENCES = 20_000
"""To footnotes and the like, each of which is shown where it is referred to."""
_HEAD_BYTES = 256
_DOCTYPE = b"<!DOCTYPE"
_REFERENCE = re.compile(rb"[<:](?:footnote|endnote|comment)Reference[\s/>]")
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_ENCODINGS = (b"utf-8", b"utf-16", b"us-ascii", b"iso-8859-1")


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

    packages = dict.fromkeys(("mammoth", "selectolax"), "documents")

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
                if len(archive.infolist()) > _MOST_PARTS:
                    raise InputError(f"{name}: {len(archive.infolist()):,} parts are more than any .docx has")
                parts = [part for part in archive.infolist() if _is_text(archive, part)]
                if (size_bytes := sum(part.file_size for part in parts)) > self.max_unpacked_bytes:
                    raise InputError(
                        f"{name}: it unpacks to {size_bytes:,} bytes, which are more than "
                        f"max_unpacked_bytes={self.max_unpacked_bytes:,}"
                    )
                counts = [_counted(archive, part, name) for part in parts]
            if (num_elements := sum(elements for elements, _ in counts)) > _MOST_ELEMENTS:
                raise InputError(
                    f"{name}: {num_elements:,} tags are more than {_MOST_ELEMENTS:,}: no readable document"
                )
            if (num_references := sum(references for _, references in counts)) > _MOST_REFERENCES:
                raise InputError(f"{name}: {num_references:,} notes are more than {_MOST_REFERENCES:,}")
        except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{name}: a truncated, encrypted or broken .docx, or none: {brief(error)}") from error
        file.seek(0)


def _is_text(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part is XML, whatever it is called: only what refers to it says what it is for."""
    if part.filename.lower().endswith(_PARTS):
        return True
    with archive.open(part) as source:
        return source.read(_HEAD_BYTES).lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n")[:1] in (b"<", b"")


def _counted(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> tuple[int, int]:
    """How many tags a part has, and how many references to notes.

    Raises:
        InputError: it has a document type, or is in an encoding by which one could be hidden.
    """
    num_tags = num_references = 0
    before = b""
    with archive.open(part) as source:
        while piece := source.read(_BUFFER_BYTES).replace(b"\0", b""):  # UTF-16 reads as ASCII then
            if not before and (said := _ENCODING.search(piece[:_HEAD_BYTES])) and said[1].lower() not in _ENCODINGS:
                raise InputError(f"{name}: {part.filename} is in {said[1][:40]!r}, which no .docx is")
            if _DOCTYPE in before + piece:
                raise InputError(f"{name}: {part.filename} declares a document type, which no .docx does")
            num_tags += piece.count(b"<")
            num_references += len(_REFERENCE.findall(before + piece)) - len(_REFERENCE.findall(before))
            before = piece[-32:]
    return num_tags, num_references


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
    except RecursionError as error:
        raise InputError(f"{name}: a broken .docx: its elements are nested too deep") from error
    except Exception as error:  # what mammoth raises on a broken document is not limited to any kind
        raise InputError(f"{name}: a broken .docx: {brief(error)}") from error
    html: str = converted.value
    return f"<body>{html}</body>"
