"""document-decode: kinds, encodings, pages; what is refused; that it is what the libraries give."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from documents import NAMESPACE, docx, paragraph, pdf, scans, table, written
from junco import ops, pipe
from junco.errors import InputError, MissingExtraError, ParameterError
from junco.operator import registry
from junco.types import Page
from media import debian

ENGLISH = "It was a bright cold day in April, and the clocks were striking thirteen. "
CHINESE = "自由软件可以自由地分发。这本书是一个关于系统管理员的介绍。"
TRADITIONAL = "自由軟體可以自由地散佈。這本書是一個系統管理員的介紹。"
JAPANESE = "これは日本語の文章です。文字コードを調べます。"
FRENCH = "Été à la plage, où le garçon mangeait des pâtes. C'est déjà ça."


def pages(source, member="auto", **params):
    return list(getattr(ops.document_decode, member)(**params)(source))


def text(source, member="auto", **params):
    (page,) = pages(source, member, **params)
    assert page.number == 1
    return page.text


def notes(source, member="auto", **params):
    """What is counted of a document in a pipeline: cut, empty, assumed."""
    decode = getattr(ops.document_decode, member)(**params)
    with pipe.input("source").flat_map("source", "page", decode, name="decode").output("page.number") as numbers:
        numbers.batch([source])
        (stage,) = numbers.stats().stages
    return stage.num_cut, stage.num_empty, stage.num_assumed


def html(body, head=""):
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


@pytest.fixture(scope="session")
def manual():
    return debian("libtasn1-doc") / "libtasn1.pdf"


# What it is, whatever it is called


@pytest.mark.parametrize("name", ["a.pdf", "a.html", "a.docx", "a.txt", "a.png", "a"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pdf([["A cat sat."]]), "A cat sat."),
        (docx(paragraph("A cat sat.")), "A cat sat."),
        (html("<p>A cat sat.</p>").encode(), "A cat sat."),
        (b"A <b>cat</b> sat.", "A <b>cat</b> sat."),
    ],
    ids=["pdf", "docx", "html", "text"],
)
def test_a_document_is_known_by_its_content_whatever_its_name(name, content, expected, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    assert text(path) == text(str(path)) == text(content) == text(io.BytesIO(content)) == expected


def test_markdown_that_begins_with_html_is_a_text_by_its_name(tmp_path):
    content = '<p align="center">logo</p>\n\n# Title\n'
    for name, is_plain in (("a.md", True), ("a.html", False)):
        (tmp_path / name).write_text(content)
        assert (text(tmp_path / name) == content) is is_plain


# Texts


@pytest.mark.parametrize(
    ("written_in", "content"),
    [
        ("utf-8", CHINESE),
        ("utf-8-sig", CHINESE),
        ("utf-16", CHINESE),
        ("utf-32", CHINESE),
        ("gb18030", CHINESE),
        ("big5", TRADITIONAL),
        ("shift_jis", JAPANESE),
        ("euc_jp", JAPANESE),
        ("gb18030", "短文"),
        ("gb18030", "第一句话。第二句！\n\nA third sentence."),
        ("utf-16-le", ENGLISH),
        ("utf-16-be", CHINESE),
        ("latin-1", FRENCH),
        ("cp1251", "Свободные программы можно распространять свободно."),
        ("euc_kr", "한국어 문장 시험입니다"),
    ],
)
def test_the_encoding_of_a_text_is_found_and_said_where_it_was_assumed(written_in, content):
    is_said = written_in in {"utf-8", "utf-8-sig", "utf-16", "utf-32"}
    assert text(content.encode(written_in)) == content
    assert notes(content.encode(written_in)) == (0, 0, int(not is_said))
    assert text(content.encode(written_in), encoding=written_in) == content
    assert notes(content.encode(written_in), encoding=written_in) == (0, 0, 0)


def test_a_text_keeps_its_line_ends():
    assert text(b"a\r\nb\rc\n") == "a\r\nb\rc\n"


def test_an_encoding_that_is_wrong_or_unknown_is_refused():
    with pytest.raises(InputError, match="not in encoding='utf-8'"):
        pages(CHINESE.encode("gb18030"), encoding="utf-8")
    with pytest.raises(ParameterError, match="'utf-99' is no encoding"):
        pages(b"a", encoding="utf-99")


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\0" * 100, np.random.default_rng(0).bytes(5000)])
def test_binary_content_is_no_text(content):
    for member in ("auto", "text"):
        with pytest.raises(InputError, match="binary"):
            pages(content, member)


def test_ten_megabytes_of_text_are_one_page():
    content = (CHINESE + "\n") * 350_000
    assert text(content.encode("gb18030")) == content


# Web pages


def test_all_text_of_a_page_stands_as_a_browser_shows_it():
    body = (
        "<style>p {color: red}</style><h1>Title</h1><p>A <b>bold</b>\n  word<br>&eacute;&#x4e2d;"
        "<script>alert('no')</script><ul><li>x<li><p>y</p></ul><pre>def f():\n    return 1</pre>"
        "<table><tr><td>1<td><p>2</p><tr><th>3<th>4</table>"
    )
    expected = "Title\n\nA bold word\né中\n\nx\ny\n\ndef f():\n    return 1\n\n1\t2\n3\t4"
    assert text(html(body).encode(), content="all") == expected


def test_the_main_text_is_without_what_stands_around_it():
    story = "".join(f"<p>{ENGLISH * 3}Part {n}.</p>" for n in range(5))
    menu = "".join(f"<li><a href='/{n}'>Menu {n}</a></li>" for n in range(20))
    page = html(f"<nav><ul>{menu}</ul></nav><article><h1>Story</h1>{story}</article><footer>Cookies?</footer>").encode()
    assert "Menu 3" not in text(page)
    assert "Cookies" not in text(page)
    assert [f"Part {n}." in text(page) for n in range(5)] == [True] * 5
    assert "Menu 3" in text(page, content="all")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_web_pages_are_read_as_the_libraries_read_them(language):
    import trafilatura
    from selectolax.lexbor import LexborHTMLParser

    for path in sorted((debian("debian-handbook") / language).glob("sect.*.html"))[:10]:
        source = path.read_text("utf-8")
        assert text(path) == trafilatura.extract(source, include_comments=False, favor_recall=True)
        parser = LexborHTMLParser(source)
        for node in parser.css("script,style"):
            node.decompose()
        assert text(path, content="all").split() == parser.body.text(separator=" ").split() or (
            "".join(text(path, content="all").split()) == "".join(parser.body.text(separator="").split())
        )


def test_where_there_is_no_main_text_all_is_read_and_that_is_noted():
    page = html("<script>1</script>").encode()
    assert text(page) == ""
    assert notes(page) == (0, 1, 1)


@pytest.mark.parametrize(
    ("content", "num_assumed"),
    [
        (html(CHINESE, "<meta charset=gb2312>").encode("gb18030"), 0),
        (html(CHINESE, '<meta http-equiv="Content-Type" content="text/html; charset=GBK">').encode("gb18030"), 0),
        (f'<?xml version="1.0" encoding="utf-8"?>{html(CHINESE)}'.encode("gb18030"), 1),
        (html(CHINESE).encode(), 0),
        (html(CHINESE, "<meta charset=gb2312>").encode("utf-16"), 0),
        (html(CHINESE, "<meta charset=gb2312>").encode(), 1),
        (html(CHINESE).encode("gb18030"), 1),
        (html(CHINESE, "<meta charset=no-such-thing>").encode(), 1),
        (html(CHINESE, "<meta charset=unicode_escape>").encode(), 1),
        (html(CHINESE, "<meta charset=iso-2022-jp>").encode(), 1),
    ],
)
def test_the_encoding_of_a_page_is_what_it_declares_unless_that_is_wrong(content, num_assumed):
    assert text(content, content="all") == CHINESE
    assert notes(content, content="all")[2] == num_assumed


def test_bytes_that_fit_nowhere_are_replaced_and_that_is_noted():
    content = html(CHINESE + "X", "<meta charset=utf-8>").encode().replace(b"X", b"\xff\xe4\xfe end")
    assert text(content, content="all") == f"{CHINESE}��� end"
    assert notes(content, content="all") == (0, 0, 1)


def test_elements_that_are_nested_too_deep_are_refused_at_once():
    with pytest.raises(InputError, match="more than 1,000 elements nested"):
        pages(html("<div>" * 100_000 + "deep" + "</div>" * 100_000).encode())
    assert text(html("<b>" * 100_000 + "flat").encode(), content="all") == "flat"
    assert text(html("<p>a" * 5000).encode(), content="all").split() == ["a"] * 5000


def test_a_page_of_megabytes_is_read():
    page = html(f"<p>{ENGLISH}</p>\n" * 20_000).encode()
    assert text(page, content="all").count("thirteen") == 20_000


# PDF


def test_a_pdf_gives_a_page_for_each_of_its_pages():
    assert pages(pdf([["One", "two"], [], ["Three"]])) == [Page("One\ntwo", 1), Page("", 2), Page("Three", 3)]


def test_a_manual_has_the_text_that_pdfium_finds(manual):
    import pypdfium2

    found = pages(manual)
    document = pypdfium2.PdfDocument(manual)
    assert [page.number for page in found] == list(range(1, len(document) + 1))
    for page, reference in zip(found, document, strict=True):
        raw = reference.get_textpage().get_text_range()
        assert page.text.split("\n") == raw.replace("\ufffe", "").replace("\r\n", "\n").replace("\r", "").split("\n")
    assert "asn1_der_coding" in "".join(page.text for page in found)


def test_an_encrypted_pdf_says_so_and_opens_with_its_password():
    content = pdf([["A secret"]], password="sesame")
    with pytest.raises(InputError, match="an encrypted PDF: give its password as the option 'password'"):
        pages(content)
    with pytest.raises(InputError, match="an encrypted PDF: the password is wrong"):
        pages(content, password="open")
    assert text(content, password="sesame") == "A secret"


def test_a_pdf_of_scans_gives_empty_pages_and_is_noted_as_empty():
    content = scans([written("One"), written("Two")])
    assert pages(content) == [Page("", 1), Page("", 2)]
    assert notes(content) == (0, 1, 0)


def test_who_reads_scans_is_told_which_they_are_and_what_reads_them(tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(scans([written("One")]))
    step = pipe.input("source").flat_map("source", "page", ops.document_decode.auto(), name="decode")
    with step.output("page.number") as numbers:
        numbers(path)
        (told,) = numbers.stats().notes
    assert told.startswith("'decode': 1 input empty (")
    assert "scan.pdf" in told
    assert told.endswith("; if its pages are pictures of text, document-decode.ocr reads them)")


def test_a_pdf_without_anything_drawn_is_empty_and_one_with_a_blank_page_is_nothing_special():
    assert notes(pdf([[], []])) == (0, 1, 0)
    assert notes(pdf([["One"], []])) == (0, 0, 0)


@pytest.mark.parametrize("content", [b"%PDF-1.4\nbroken", pdf([]), pdf([["A"] * 40])[:300]])
def test_a_broken_pdf_or_one_without_pages_is_refused(content):
    pages_before = pdf([["Secret"]], password="a")
    with pytest.raises(InputError, match="encrypted"):
        pages(pages_before)  # PDFium remembers its last error
    with pytest.raises(InputError, match="truncated or broken PDF, one without pages"):
        pages(content)


def test_a_truncated_manual_is_refused_with_its_name(manual, tmp_path):
    path = tmp_path / "half.pdf"
    path.write_bytes(manual.read_bytes()[:100_000])
    with pytest.raises(InputError, match=r"half\.pdf'.*truncated or broken PDF"):
        pages(path)


def test_a_pdf_with_too_many_pages_is_refused():
    with pytest.raises(InputError, match=r"3 pages are more than max_pages=2"):
        pages(pdf([["a"]] * 3), max_pages=2)


def test_pages_of_several_pdfs_may_be_drawn_by_several_threads(manual):
    expected = pages(manual)
    decode = ops.document_decode.pdf()
    with ThreadPoolExecutor(4) as threads:
        assert all(found == expected for found in threads.map(lambda _: list(decode(manual)), range(8)))


def test_a_pdf_that_nobody_reads_to_its_end_is_let_go(manual):
    drawn = ops.document_decode.pdf()(manual)
    assert next(drawn).number == 1
    drawn.close()
    assert len(pages(manual)) == 36


def test_memory_stays_flat_over_a_long_pdf():
    content = pdf([[ENGLISH] * 40] * 2000)
    decode = ops.document_decode.pdf()
    tracemalloc.start()
    count = sum(1 for _ in decode(content))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2000
    assert peak_bytes < len(content) + 2**21


# Word documents


def test_a_docx_has_headings_paragraphs_and_tables():
    body = paragraph("Title", "Heading1") + paragraph("One é中 &amp; two.") + table(["a", "b"], ["c", "d"])
    assert text(docx(body)) == "Title\n\nOne é中 & two.\n\na\tb\nc\td"


def test_a_docx_has_footnotes_lists_and_what_tracked_changes_have_left():
    noted = '<w:p><w:r><w:t>Noted</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    changed = "<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"
    footnotes = (
        f'<w:footnotes xmlns:w="{NAMESPACE}"><w:footnote w:id="2">{paragraph("Below.")}</w:footnote></w:footnotes>'
    )
    found = text(docx(noted + changed, {"word/footnotes.xml": footnotes}))
    assert [line.strip() for line in found.split("\n") if line.strip()] == ["Noted[1]", "new", "Below. ↑"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = docx(paragraph("A"), {"word/styles.xml": b" " * (70 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(InputError, match="more than max_unpacked_bytes=67,108,864"):
        pages(bomb)


def test_external_entities_and_entity_bombs_are_refused(tmp_path):
    (tmp_path / "secret").write_text("secret")
    evil = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><w>&x;</w>'
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(InputError, match=r"word/styles\.xml declares a document type"):
            pages(docx(paragraph("A"), {"word/styles.xml": evil.encode(encoding)}))


def test_macros_and_pictures_in_a_docx_are_left_alone():
    assert text(docx(paragraph("A"), {"word/vbaProject.bin": b"\0evil", "word/media/a.png": b"x" * 2**20})) == "A"


def test_xml_that_is_nested_too_deep_is_a_broken_docx():
    deep = "<w:sdt><w:sdtContent>" * 20_000 + paragraph("A") + "</w:sdtContent></w:sdt>" * 20_000
    with pytest.raises(InputError, match=r"a broken \.docx"):
        pages(docx(deep))


def test_a_truncated_docx_is_refused():
    with pytest.raises(InputError, match="truncated or broken archive"):
        pages(docx(paragraph("A"))[:-30])
    with pytest.raises(InputError, match=r"a truncated, encrypted or broken \.docx"):
        pages(docx(paragraph("A"))[:-30], "docx")


# What is no document


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted document, or one of Office before 2007"),
        (b"{\\rtf1 hello}", "RTF: save it as .docx"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "a drawing"),
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
    ],
)
def test_what_is_no_document_is_refused_with_what_it_is(content, expected):
    with pytest.raises(InputError, match=expected):
        pages(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP"])
def test_a_picture_is_refused_with_who_reads_it(kind):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    for member in ("auto", "text"):
        with pytest.raises(InputError, match=r"a picture .*document-decode\.ocr"):
            pages(file.getvalue(), member)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("xl/workbook.xml", "Excel"),
        ("ppt/presentation.xml", "PowerPoint"),
        ("content.xml", "OpenDocument"),
        ("a", "zip"),
    ],
)
def test_other_archives_are_refused_with_what_they_are(inside, expected):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(inside, "x")
    with pytest.raises(InputError, match=expected):
        pages(file.getvalue())


def test_a_directory_a_missing_file_and_an_empty_one_are_refused(tmp_path):
    (tmp_path / "empty.txt").touch()
    for path, expected in (
        (tmp_path, "a directory"),
        (tmp_path / "no.txt", "no such file"),
        (tmp_path / "empty.txt", "empty"),
    ):
        with pytest.raises(InputError, match=expected):
            pages(path)


def test_an_empty_document_is_one_empty_page_and_noted():
    for content in (b" \r\n\t", html("").encode(), docx(""), b"\xef\xbb\xbf"):
        assert notes(content, content="all")[1] == 1


@pytest.mark.parametrize("member", ["auto", "text", "html", "pdf", "docx", "ocr"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(member):
    with pytest.raises(InputError, match="1,000 bytes are more than max_bytes=999"):
        pages(b" " * 1000, member, max_bytes=999)


@pytest.mark.parametrize("member", ["auto", "html", "text", "pdf", "docx"])
def test_addresses_are_fetched_only_where_that_is_allowed(member):
    with pytest.raises(InputError, match="fetching a document is off"):
        pages("http://127.0.0.1:9/a.pdf", member)


@pytest.mark.parametrize(
    ("member", "package", "extra"),
    [
        ("auto", "trafilatura", "documents"),
        ("text", "charset_normalizer", "documents"),
        ("pdf", "pypdfium2", "documents"),
        ("docx", "mammoth", "documents"),
        ("ocr", "rapidocr", "ocr"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(member, package, extra, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs the package '{package}': pip install 'junco\[{extra}\]'"):
        registry.load(f"document-decode.{member}")().ensure_open()
