"""document-decode.ocr: texts in pictures and scans, in Chinese and English, without any network."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from documents import pdf, scans, written
from junco import ops, pipe
from junco.errors import InputError

CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LINES = ("The quick brown fox jumps,", "over 12.5 % of the lazy dogs.")


@pytest.fixture(scope="module")
def read(loaded):
    ocr = loaded("document-decode.ocr")
    return lambda source: list(ocr(source))


def png(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_a_picture_of_a_text_is_read(read):
    for source in (png(written(*LINES)), np.asarray(written(*LINES))):
        (page,) = read(source)
        assert (page.text.split("\n"), page.number) == ([*LINES], 1)


def test_a_large_picture_is_read_up_to_the_limit_that_was_asked_for(read, tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(png(written(LINES[0])))
    os.truncate(path, 101 * 2**20)  # a hole after the picture
    assert [page.text for page in read(path)] == [LINES[0]]
    with pytest.raises(InputError, match="more than max_bytes=1,000"):
        list(ops.document_decode.ocr(max_bytes=1000).create()(path))


def test_a_scanned_pdf_is_read_page_by_page(read):
    found = read(scans([written(LINES[0]), written(LINES[1])]))
    assert [(page.text, page.number) for page in found] == [(LINES[0], 1), (LINES[1], 2)]


def test_a_pdf_with_text_is_rendered_and_read(read):
    lines = ["Hello there, reader.", "This is a second line of the page."]
    assert [page.text.split("\n") for page in read(pdf([lines]))] == [lines]


@pytest.mark.skipif(not CJK.exists(), reason="there is no Chinese font here to draw with")
def test_chinese_is_read_simplified_and_traditional(read):
    lines = ["人工智能把文字变成向量。", "繁體中文測試與資料庫"]
    assert read(png(written(*lines, font=str(CJK))))[0].text.split("\n") == lines


def test_lines_side_by_side_stand_from_left_to_right():
    from junco.builtin.document_decode.ocr_lines import text_of_lines

    def box(x, y):
        return [(x, y), (x + 50, y), (x + 50, y + 20), (x, y + 20)]

    corners = np.array([box(300, 3), box(0, 40), box(0, 0), box(300, 52)], float)
    assert text_of_lines(["right", "below", "left", "lower"], corners) == "left\tright\nbelow\nlower"


def test_a_photographed_page_has_the_lines_that_rapidocr_finds(read):
    from rapidocr import RapidOCR

    picture = np.stack([data.page()] * 3, axis=2)
    found = RapidOCR(params={"Global.log_level": "critical"})(np.ascontiguousarray(picture[:, :, ::-1]))
    (page,) = read(picture)
    assert sorted(page.text.replace("\t", "\n").split("\n")) == sorted(found.txts)
    assert page.text.startswith("Region-based segmentation\nLet us first determine markers of the coins and the\n")


def test_nothing_is_fetched(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    (page,) = ops.document_decode.ocr(threshold=0.4)(png(written(LINES[0])))
    assert page.text == LINES[0]


def test_a_picture_without_text_is_an_empty_page_and_noted():
    step = pipe.input("source").flat_map("source", "page", ops.document_decode.ocr(), name="decode").output("page.text")
    with step as texts:
        assert texts.batch([np.full((200, 300, 3), 255, np.uint8)]) == [[""]]
        assert texts.stats().stages[0].num_empty == 1


def test_what_is_neither_picture_nor_pdf_is_refused(read):
    for content in (b"a text", b"%PDF-1.4 broken"):
        with pytest.raises(InputError):
            read(content)


def test_too_many_pixels_are_refused_or_rendered_smaller(loaded):
    small = loaded("document-decode.ocr", max_pixels=10_000)
    with pytest.raises(InputError, match="more than max_pixels=10,000"):
        list(small(png(written("a"))))
    assert len(list(small(pdf([["Hello"]])))) == 1
