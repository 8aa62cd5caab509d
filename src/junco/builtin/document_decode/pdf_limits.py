"""What PDFium would do without end: unpack streams that swell, and draw forms within forms.

PDFium reads a page whole before it can be asked for anything, so a document is looked through before: as PDFium itself
writes it, which is without encryption and with each object by itself.
"""

from __future__ import annotations

import mmap
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from junco.errors import InputError

MOST_UNPACKED_BYTES = 256 * 2**20
"""Of what one page draws, or of any other stream but a picture."""
MOST_FORMS = 200_000
"""Forms that one page draws, those within others counted as often as they are drawn: about a second's work."""
_MOST_LEVELS = 40
"""Forms within forms that PDFium follows."""
_UNREAD_CALLS = 100
"""As often each form of another is taken to be drawn where what draws it is packed in a way that is not read here."""
_SWOLLEN_BYTES = 1 << 20
"""What can unpack to no more is not looked at."""
_SWELLS = 1100
"""Times that Flate unpacks to more, at most."""
_START = re.compile(rb"startxref\r?\n(\d+)\r?\n%%EOF\s*$")
_ENTRY = re.compile(rb"(\d{10}) \d{5} n")
_OBJECT = re.compile(rb"(\d+) \d+ obj\s*")
_ENDS = (b"\r\nendobj\r\n", b"\r\nendstream")
_STREAM = b">>stream\r\n"
_SKIPPED = re.compile(rb"\((?:\\.|[^\\)])*\)|/Kids ?\[[^\]]*\]", re.DOTALL)
"""Strings, in which PDFium escapes parentheses, and the list of what is below, which may be long."""
_FILTERS = re.compile(rb"/Filter ?(\[[^\]]*\]|/\w+)")
_CONTENTS = re.compile(rb"/Contents ?(\[[^\]]*\]|\d+ \d+ R)")
_RESOURCES = re.compile(rb"/(?:Resources|Parent) (\d+) \d+ R")
_XOBJECT = re.compile(rb"/XObject ?(?:<<([^>]*)>>|(\d+) \d+ R)")
_REFERENCE = re.compile(rb"(\d+) \d+ R")
_NAMED = re.compile(rb"/([^\s/\[\]<>(){}%]+) (\d+) \d+ R")
_DRAWN = re.compile(rb"/([^\s/\[\]<>(){}%]+)\s*(?:%[^\r\n]*\s*)*\bDo\b")
_SPELT = re.compile(rb"#([0-9A-Fa-f]{2})")
_PAGE = re.compile(rb"/Type ?/Page(?!\w)")
_FORM = re.compile(rb"/Subtype ?/Form(?!\w)")
_PICTURE = re.compile(rb"/Subtype ?/Image(?!\w)")

_Named = dict[bytes, set[int]]


def check_pdf(document: Any, name: str) -> None:
    """Refuse a document that unpacks to too much, or whose pages draw too many forms.

    Raises:
        InputError: with the document's name.
    """
    from pypdfium2.raw import FPDF_REMOVE_SECURITY

    with tempfile.TemporaryFile() as file:
        document.save(file, flags=FPDF_REMOVE_SECURITY)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            objects = _Objects(content)
            _check_unpacked(objects, name)
            _check_forms(objects, name)


class _Objects:
    """A document's objects by number: what each says, without strings, and where the bytes of a stream are."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        self.said: dict[int, bytes] = {}
        self.streams: dict[int, tuple[int, int]] = {}
        start = _START.search(content, max(0, len(content) - 100))
        table = int(start[1]) if start is not None else len(content)
        starts = sorted(int(found[1]) for found in _ENTRY.finditer(content, table))
        for at, end in zip(starts, [*starts[1:], table], strict=True):
            self._take(at, end)

    def _take(self, at: int, end: int) -> None:
        if (found := _OBJECT.match(self.content, at)) is None:
            return
        stream = self.content.find(_STREAM, at, end)
        if stream >= 0:
            self.streams[int(found[1])] = stream + len(_STREAM), end - sum(map(len, _ENDS))
        self.said[int(found[1])] = _SKIPPED.sub(b"", self.content[found.end() : stream if stream >= 0 else end])

    def drawable(self, said: bytes) -> _Named:
        """What a page or form may mean by the name of something to be drawn."""
        texts = [said]
        for text in texts:  # a page's resources may be those of what is above it
            texts += [self.said.get(int(number), b"") for number in _RESOURCES.findall(text)][
                : _MOST_LEVELS - len(texts)
            ]
        named: _Named = {}
        for inline, number in (found for text in texts for found in _XOBJECT.findall(text)):
            for name, target in _NAMED.findall(self.said.get(int(number), b"") if number else inline):
                named.setdefault(_plain(name), set()).add(int(target))
        return named

    def contents(self, page: bytes) -> list[int]:
        """The streams that draw a page."""
        numbers = [int(number) for found in _CONTENTS.findall(page) for number in _REFERENCE.findall(found)]
        lists = [number for number in numbers if number not in self.streams]
        numbers += [int(each) for number in lists for each in _REFERENCE.findall(self.said.get(number, b""))]
        return [number for number in numbers if number in self.streams]

    def unpacked(self, number: int) -> bytes | None:
        """A stream's bytes, and at most one more than `MOST_UNPACKED_BYTES`; ``None`` where they are not read here."""
        content = self.content[slice(*self.streams[number])]
        said = self.said[number]
        filters = [each for found in _FILTERS.findall(said) for each in re.findall(rb"\w+", found)]
        if b"/Predictor" in said or set(filters) - {b"FlateDecode", b"Fl"}:
            return None
        for _ in filters:
            try:
                content = zlib.decompressobj().decompress(content, MOST_UNPACKED_BYTES + 1)
            except zlib.error:
                return None
        return content


def _plain(name: bytes) -> bytes:
    return _SPELT.sub(lambda found: bytes([int(found[1], 16)]), name)


def _check_unpacked(objects: _Objects, name: str) -> None:
    sizes = {number: _num_bytes(objects, number) for number in objects.streams}
    pages = (objects.contents(said) for said in objects.said.values() if _PAGE.search(said))
    if max([*sizes.values(), *(sum(sizes[each] for each in page) for page in pages)], default=0) > MOST_UNPACKED_BYTES:
        raise InputError(f"{name}: a PDF of which a page or font unpacks to more than {MOST_UNPACKED_BYTES:,} bytes")


def _num_bytes(objects: _Objects, number: int) -> int:
    """Of a stream when it is unpacked; a picture, whose size PDFium knows, counts where it is packed twice."""
    said = objects.said[number]
    num_packed = said.count(b"/Fl")
    start, stop = objects.streams[number]
    if (num_packed < 2 and _PICTURE.search(said)) or (stop - start) * _SWELLS**num_packed <= _SWOLLEN_BYTES:
        return stop - start
    unpacked = objects.unpacked(number)
    return len(unpacked) if unpacked is not None else stop - start


def _check_forms(objects: _Objects, name: str) -> None:
    forms = {number for number in objects.streams if _FORM.search(objects.said[number])}
    if not forms:
        return
    drawn = {number: _drawn(objects, [number], objects.drawable(objects.said[number]), forms) for number in forms}
    costs = dict.fromkeys(forms, 1)
    for _ in range(_MOST_LEVELS):
        former, costs = costs, {form: _cost(drawn[form], costs) for form in forms}
        if costs == former:
            break
    pages = (
        _cost(_drawn(objects, objects.contents(said), objects.drawable(said), forms), costs)
        for said in objects.said.values()
        if _PAGE.search(said)
    )
    if any(cost > MOST_FORMS for cost in (*costs.values(), *pages)):
        raise InputError(f"{name}: a PDF with a page that draws more than {MOST_FORMS:,} forms within forms")


def _cost(drawn: Counter[int], costs: Mapping[int, int]) -> int:
    """How many forms are drawn by what draws these."""
    return min(MOST_FORMS + 1, 1 + sum(times * costs[form] for form, times in drawn.items()))


def _drawn(objects: _Objects, streams: list[int], named: _Named, forms: set[int]) -> Counter[int]:
    """How often each form is drawn by streams that know it by name."""
    named = {name: found for name, numbers in named.items() if (found := numbers & forms)}
    drawn: Counter[int] = Counter()
    for number in streams if named else ():
        content = objects.unpacked(number)
        names = dict.fromkeys(named, _UNREAD_CALLS) if content is None else Counter(_DRAWN.findall(content))
        for name, times in names.items():
            for form in named.get(_plain(name), ()):
                drawn[form] += times
    return drawn
