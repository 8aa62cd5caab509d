"""Files that are one text each: what is told of one alone, and what is refused because it is something else."""

from __future__ import annotations

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reading import inputs, read


@pytest.mark.parametrize("name", ["x.data", "no_ending", "notes.md"])
def test_a_file_of_no_known_kind_is_one_text_and_that_is_told(tmp_path, name):
    (tmp_path / name).write_bytes("\ufeffone\ntwö".encode())
    told = [f"{name}: one file, its content is one text"]
    assert read(tmp_path / name) == (["one\ntwö"], told)
    assert read(f"file://{tmp_path / name}") == (["one\ntwö"], told)
    assert read(tmp_path) == (["one\ntwö"], [])
    assert read(tmp_path / name, "path") == ([str(tmp_path / name)], [])


def test_a_file_in_a_store_is_one_text_and_that_is_told():
    memory = pytest.importorskip("fsspec").filesystem("memory")
    memory.pipe({"/album/x.data": b"one", "/album/y.data": b"two"})
    try:
        assert read("memory://album/x.data") == (["one"], ["x.data: one file, its content is one text"])
        assert read("memory://album") == (["one", "two"], [])
    finally:
        memory.store.clear()


AS_DOCUMENT = "the pipeline 'document-embedding' reads it (pip install 'junco[documents]')"


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


def of_parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"text": ["ü" * 100], "n": [0.1]}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            "t.DOCX",
            zipped(),
            f"a Word document; {AS_DOCUMENT}",
        ),
        ("t", zipped(), "a zip archive; unpack it first"),
        (
            "t.pdf",
            b"%PDF-1.7 plain letters",
            f"a PDF; {AS_DOCUMENT}",
        ),
        ("t", of_parquet(), "a Parquet file; name it .parquet"),
        ("t.png", b"\x89PNG\r\n\x1a\n", "a picture; the pipeline takes texts"),
        ("t.md.gz", gzip.compress(b"text", mtime=0), "packed (gzip); unpack it first"),
        ("t.md", bytes(64) + b"\x00\xd8", "UTF-16 without a mark, or no text; save it as UTF-8"),
        ("t.md", b"caf\xe9", "not UTF-8 (byte 0xe9); save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_text_is_put_aside_with_what_it_is_and_what_to_do(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    for source in (tmp_path / name, tmp_path):
        assert inputs(source) == [f"! {tmp_path / name}: {name!r} is no UTF-8 text: {why}"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("t.xlsx", zipped(), "an Excel workbook; give it as the source, and its rows are inputs"),
        ("t.ods", b"PK\x03\x04abc", "a spreadsheet; give it as the source, and its rows are inputs"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document; save it as .txt; the rows of an .xls"),
    ],
)
def test_a_workbook_among_texts_is_put_aside_with_how_its_rows_are_read(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    (found,) = inputs(tmp_path)
    assert found.startswith(f"! {tmp_path / name}: {name!r} is no UTF-8 text: {why}")


@pytest.mark.parametrize("text", ["", "PAR1 was the first", "GIF89 is old", "BZh", "PK", "a\0b c d e"])
def test_a_text_that_begins_like_something_else_is_a_text(tmp_path, text):
    (tmp_path / "t.md").write_bytes(text.encode())
    assert inputs(tmp_path / "t.md") == [text]


@pytest.mark.parametrize("code", ["gb18030", "utf-16", "utf-16-le"])
def test_a_text_in_another_encoding_is_read_as_a_list_is_and_the_first_is_told(tmp_path, code):
    (tmp_path / "a.txt").write_text("plain", "ascii")
    for name in ("b.txt", "c.txt"):
        (tmp_path / name).write_bytes("忘记密码了怎么办\n客服态度很差\n".encode(code))
    found, told = read(tmp_path)
    assert found == ["plain", *["忘记密码了怎么办\n客服态度很差\n"] * 2]
    (line,) = [line.replace("_", "-") for line in told]
    assert line == f"b.txt: encoding {code} by its look; further files in {code} are read without a word"


def test_a_text_in_cp1252_is_read_and_one_of_utf_8_with_a_damaged_byte_is_none(tmp_path):
    (tmp_path / "a.txt").write_text("José und Müller aßen – “ja” – im Café.", "cp1252")
    (tmp_path / "b.txt").write_bytes("José und Müller".encode() + b" im Caf\xe9.")
    (text, damaged), (told,) = read(tmp_path)
    assert text == "José und Müller aßen – “ja” – im Café."
    assert damaged == f"! {tmp_path / 'b.txt'}: 'b.txt' is no UTF-8 text: not UTF-8 (byte 0xe9); save it as UTF-8"
    assert told.startswith("a.txt: encoding cp1252 by its look")
