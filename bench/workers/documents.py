"""Contestants of ``documents.py``: each reads the text of a list of PDFs, page by page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from serving import Work, serve, timed


def pypdfium2() -> Work:
    """The library, each page's text as it comes."""
    from pypdfium2 import PdfDocument

    def texts(paths: list[str]) -> Iterator[str]:
        for path in paths:
            document = PdfDocument(path)
            for page in document:
                lines = page.get_textpage()
                yield lines.get_text_range()
                lines.close()
                page.close()
            document.close()

    return _work(texts)


def junco() -> Work:
    """A pipeline whose only step is the family's default member."""
    from junco import ops, pipe

    pages = pipe.input("path").flat_map("path", "page", ops.document_decode()).output("page.text")
    return _work(lambda paths: (text for _, text in pages.rows(paths)))


def operator() -> Work:
    """That member, without an engine."""
    from junco import ops

    decode = ops.document_decode.pdf().create()
    decode.ensure_open()
    return _work(lambda paths: (page.text for path in paths for page in decode.stream(path)))


def _work(texts: Callable[[list[str]], Iterable[str]]) -> Work:
    def work(listing: str) -> dict[str, Any]:
        paths = json.loads(Path(listing).read_text())
        seconds, found = timed(lambda: list(texts(paths)))
        joined = "\f".join(found).replace("\r\n", "\n").encode()
        return {"seconds": seconds, "sha256": hashlib.sha256(joined).hexdigest()}

    return work


if __name__ == "__main__":
    serve(
        {"pypdfium2": pypdfium2, "junco": junco, "junco's operator alone": operator},
        {"pypdfium2": ["pypdfium2"], "junco": ["junco", "pypdfium2"]},
    )
