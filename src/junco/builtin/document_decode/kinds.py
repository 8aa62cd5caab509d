"""What kind of document bytes are: by their content, by the name only where that leaves a choice."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import PurePosixPath
from typing import IO, Literal

from junco.errors import InputError

Kind = Literal["pdf", "docx", "html", "text"]

_HEAD_BYTES = 4096
_PICTURES = (
    (b"\x89PNG\r\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an encrypted document, or one of Office before 2007: save it as .docx without a password"),
    (b"{\\rtf", "RTF: save it as .docx"),
    (b"%!PS", "PostScript: save it as PDF"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"Rar!", "an archive (rar): unpack it"),
    (b"7z\xbc\xaf", "an archive (7z): unpack it"),
)
_IN_ZIP = (
    ("xl/workbook.xml", "a workbook of Excel: save it as .csv or PDF"),
    ("ppt/presentation.xml", "slides of PowerPoint: save them as PDF"),
    ("META-INF/container.xml", "an EPUB: unpack it, its chapters are HTML"),
    ("content.xml", "OpenDocument: save it as .docx or PDF"),
)
# The tags by which browsers know HTML; those of the second kind stand at the head of many a Markdown file, too.
_HTML = re.compile(r"<(!doctype\s+html|html|head|body|title|meta|script|style)[\s/>]", re.IGNORECASE)
_FRAGMENT = re.compile(r"<(div|p|h[1-6]|table|article|section|main|a|b|br|font|iframe|ul|ol)[\s/>]", re.IGNORECASE)
_PROLOG = re.compile(r"(\s+|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL)
# With a mark, or without one a tag after white space.
_UTF_16 = (
    (codecs.BOM_UTF16_LE, re.compile(rb"(?:[\t\n\r ]\0)*<\0[!-~]\0"), "utf-16-le"),
    (codecs.BOM_UTF16_BE, re.compile(rb"(?:\0[\t\n\r ])*\0<\0[!-~]"), "utf-16-be"),
)
_SVG = re.compile(r"(<!doctype\s+svg[^>]*>\s*)?<(\w+:)?svg[\s>]", re.IGNORECASE)
_PLAIN = {".md", ".markdown", ".txt", ".text", ".rst"}


def kind_of(file: IO[bytes], name: str) -> Kind:
    """What the file holds; it stands at its start again afterwards.

    Raises:
        InputError: something that is no document, or one that is not read; it says what.
    """
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(file, name)
    check_text(head, name)
    text = _as_text(head)
    start = _PROLOG.match(text)
    rest = text[start.end() if start is not None else 0 :]
    if _SVG.match(rest):
        raise InputError(f"{name}: a drawing (SVG), no document")
    if _HTML.match(rest):
        return "html"
    is_plain = PurePosixPath(name.strip("'\"").lower()).suffix in _PLAIN
    return "html" if _FRAGMENT.match(rest) and not is_plain else "text"


def check_text(head: bytes, name: str) -> None:
    """Refuse the beginning of a picture, an archive and the like.

    Raises:
        InputError: with what it is, and what to do.
    """
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if (picture := next((kind for magic, kind in _PICTURES if head.startswith(magic)), None)) or is_webp:
        raise InputError(
            f"{name}: a picture ({picture or 'WebP'}), no document; document-decode.ocr reads the text in pictures"
        )
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise InputError(f"{name}: {what}")


def _in_zip(file: IO[bytes], name: str) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{name}: a truncated or broken archive (docx?): {error}") from error
    finally:
        file.seek(0)
    if "word/document.xml" in members:
        return "docx"
    what = next((what for member, what in _IN_ZIP if member in members), "an archive (zip): unpack it")
    raise InputError(f"{name}: {what}")


def _as_text(head: bytes) -> str:
    """The beginning as far as tags can be found in it."""
    for mark, unmarked, encoding in _UTF_16:
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace")
        if unmarked.match(head):
            return head.decode(encoding, "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
