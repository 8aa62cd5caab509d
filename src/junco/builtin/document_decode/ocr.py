"""``document-decode.ocr``: the text in pictures and in scanned PDFs, by PP-OCR models that come in a wheel.

Models: PP-OCRv6 small (detection and recognition, 18,710 characters) and PP-OCR's classifier of upside-down lines,
run by rapidocr in ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from junco.builtin.document_decode.decode import DocumentDecode, Note, one_page
from junco.builtin.document_decode.ocr_lines import text_of_lines
from junco.builtin.document_decode.pdfium import PDFIUM, opened_pdf, page_of
from junco.builtin.extras import importing
from junco.builtin.pil.decoder import MAX_PIXELS
from junco.errors import UnavailableError
from junco.operator import registry
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.places.package_file import PackageFile
from junco.types import Image, Page

_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
WEIGHTS = tuple(PackageFile("rapidocr", f"models/{name}", "ocr", license="Apache-2.0") for name in _MODELS.values())
_POINTS_PER_INCH = 72


class OcrDecode(DocumentDecode, family="document-decode", name="ocr"):
    """Recognises the text in a picture, or on each page of a PDF, which is rendered for that: a page for each.

    The models know Chinese (simplified and traditional), English, Japanese and other languages in Latin letters; not
    Korean, Arabic, Cyrillic, Thai or Indic scripts. Lines come from top to bottom, those side by side from left to
    right with a tab between: columns are not told apart. Of pictures with several frames the first is read. Models
    look at 2,000 pixels on the longer side at most. They lie in rapidocr's wheel; nothing is fetched.

    Args:
        threshold: lines that are recognised with less certainty, from 0 to 1, are left out.
        dpi: at which pages of a PDF are rendered, fewer where that would be more than `max_pixels`.
        max_pixels: a picture with more is refused by its header.
        password: opens an encrypted PDF.
        max_pages: a PDF with more is refused before any is read.
        allow_urls: fetch ``http(s)://`` addresses.
        max_bytes: a larger file is refused before it is read.

    Raises:
        InputError: for each source that is missing, empty, encrypted, broken, too large, or neither a picture nor a
            PDF, with its name.
    """

    threshold: float = option(0.5, least=0, most=1)
    dpi: int = option(150, least=36, most=1200)
    max_pixels: int = option(MAX_PIXELS, least=1)
    password: str | None = None
    max_pages: int = option(10_000, least=1)

    package_files = WEIGHTS
    hints = Hints(max_batch=1, releases_gil=True)
    _reader: Any = None
    _pictures: Any = None

    def files(self) -> Iterable[Path]:
        return (*super().files(), *self._models().values())

    def open(self) -> None:
        with importing("ocr", self.name):
            import pypdfium2  # noqa: F401
            from rapidocr import RapidOCR

        # With a path of its own, no model is looked for on a server.
        paths = {f"{part}.model_path": str(path) for part, path in self._models().items()}
        limits = {"max_pixels": self.max_pixels, "max_bytes": self.max_bytes}
        self._pictures = registry.load("image-decode.pil")(**limits, least_side=None)
        self._pictures.ensure_open()
        self._reader = RapidOCR(params={**paths, "Global.log_level": "critical", "Global.text_score": self.threshold})

    def close(self) -> None:
        self._reader = None

    def stream(self, source: Any) -> Iterator[Page]:
        if hasattr(source, "__array__") and not isinstance(source, (bytes, memoryview)):  # pixels, a frame of a video
            yield self._page(self._pictures(source), 1, lambda word: self.note(word, (0,)))
        else:
            yield from super().stream(source)

    def pages(self, file: IO[bytes], name: str, note: Note) -> Iterator[Page]:
        head = file.read(1024)
        file.seek(0)
        if b"%PDF-" not in head:
            yield self._page(self._pictures(file), 1, note)
            return
        has_text = False
        with opened_pdf(file, name, self.password, self.max_pages) as document:
            for number in range(1, len(document) + 1):
                with PDFIUM, page_of(document, number, name) as page:
                    picture = self._rendered(page)
                text = self._read(picture)
                has_text = has_text or bool(text)
                if number == len(document) and not has_text:
                    note("empty")
                yield Page(text, number)

    def _page(self, picture: Image, number: int, note: Note) -> Page:
        page = one_page(self._read(picture), note)
        return Page(page.text, number)

    def _rendered(self, page: Any) -> Image:
        """The page's pixels, without forms that somebody has filled in."""
        width, height = page.get_size()
        scale = min(self.dpi / _POINTS_PER_INCH, (self.max_pixels / max(1.0, width * height)) ** 0.5)
        bitmap = page.render(scale=scale, rev_byteorder=True)
        try:
            pixels = np.array(bitmap.to_numpy()[:, :, :3])
        finally:
            bitmap.close()
        return pixels

    def _read(self, picture: Image) -> str:
        found = self._reader(np.ascontiguousarray(picture[:, :, ::-1]))
        if found.txts is None:
            return ""
        return text_of_lines(found.txts, np.asarray(found.boxes, np.float64))

    def _models(self) -> dict[str, Path]:
        """The models' files in the wheel.

        Raises:
            UnavailableError: another version of rapidocr has others.
        """
        with importing("ocr", self.name):
            import rapidocr

        folder = Path(rapidocr.__file__).parent / "models"
        for name in _MODELS.values():
            if not (folder / name).is_file():
                raise UnavailableError(
                    f"{self.name!r}: this version of rapidocr has no {name}: pip install 'rapidocr>=3.10,<4'"
                )
        return {part: folder / name for part, name in _MODELS.items()}
